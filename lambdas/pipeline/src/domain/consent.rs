//! Amazon's pages on which a selling partner lets an application at its data.

use std::str::FromStr;

use schemars::JsonSchema;
use sp_api::{RegionCode, marketplaces};

/// What kind of account somebody has at Amazon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema)]
pub enum AccountType {
    /// Seller Central's.
    #[default]
    Seller,
    /// Vendor Central's.
    Vendor,
}

impl AccountType {
    /// `Seller` or `Vendor`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seller => "Seller",
            Self::Vendor => "Vendor",
        }
    }
}

impl FromStr for AccountType {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "Seller" => Ok(Self::Seller),
            "Vendor" => Ok(Self::Vendor),
            _ => Err("must be Seller or Vendor"),
        }
    }
}

/// Seller Central and Vendor Central of each country, as Amazon documents them. Of each region that country comes
/// first whose pages are meant if nobody says a country.
const HOSTS: [(&str, &str, &str); 23] = [
    ("US", "sellercentral.amazon.com", "vendorcentral.amazon.com"),
    ("CA", "sellercentral.amazon.ca", "vendorcentral.amazon.ca"),
    ("MX", "sellercentral.amazon.com.mx", "vendorcentral.amazon.com.mx"),
    ("BR", "sellercentral.amazon.com.br", "vendorcentral.amazon.com.br"),
    ("GB", EUROPE, "vendorcentral.amazon.co.uk"),
    ("DE", EUROPE, "vendorcentral.amazon.de"),
    ("FR", EUROPE, "vendorcentral.amazon.fr"),
    ("IT", EUROPE, "vendorcentral.amazon.it"),
    ("ES", EUROPE, "vendorcentral.amazon.es"),
    ("IE", "sellercentral.amazon.ie", "vendorcentral.amazon.co.uk"),
    ("NL", "sellercentral.amazon.nl", "vendorcentral.amazon.nl"),
    ("BE", "sellercentral.amazon.com.be", "vendorcentral.amazon.com.be"),
    ("SE", "sellercentral.amazon.se", "vendorcentral.amazon.se"),
    ("PL", "sellercentral.amazon.pl", "vendorcentral.amazon.pl"),
    ("TR", "sellercentral.amazon.com.tr", "vendorcentral.amazon.com.tr"),
    ("AE", "sellercentral.amazon.ae", "vendorcentral.amazon.me"),
    ("SA", "sellercentral.amazon.sa", "vendorcentral.amazon.me"),
    ("EG", "sellercentral.amazon.eg", "vendorcentral.amazon.me"),
    ("ZA", "sellercentral.amazon.co.za", "vendorcentral.amazon.co.za"),
    ("IN", "sellercentral.amazon.in", "www.vendorcentral.in"),
    ("JP", "sellercentral.amazon.co.jp", "vendorcentral.amazon.co.jp"),
    ("AU", "sellercentral.amazon.com.au", "vendorcentral.amazon.com.au"),
    ("SG", "sellercentral.amazon.sg", "vendorcentral.amazon.com.sg"),
];

/// Of the five countries that Amazon began with in Europe.
const EUROPE: &str = "sellercentral-europe.amazon.com";

/// Seller Central's older names, which still lead to it.
const OLDER: [(&str, &str); 5] = [
    ("GB", "sellercentral.amazon.co.uk"),
    ("DE", "sellercentral.amazon.de"),
    ("FR", "sellercentral.amazon.fr"),
    ("IT", "sellercentral.amazon.it"),
    ("ES", "sellercentral.amazon.es"),
];

const CONSENT: &str = "/apps/authorize/consent";

/// Where the Appstore has a seller come back to.
const CONFIRM: &str = "/apps/authorize/confirm/";

/// Stands for the region in the address of a stand-in for Amazon.
const REGION: &str = "{region}";

/// Longer than any application's id.
const LONGEST_ID: usize = 128;

/// A country with pages of its own, by ISO 3166's two letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country(&'static str);

impl Country {
    /// The country with that code, in capitals or not, or Amazon's `UK`; `None` if Amazon has no pages there.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let code = if code.eq_ignore_ascii_case("UK") {
            "GB"
        } else {
            code
        };
        let known = HOSTS
            .iter()
            .find(|(country, ..)| country.eq_ignore_ascii_case(code))?;
        Some(Self(known.0))
    }

    /// The two letters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// Where it is.
    ///
    /// # Panics
    /// Never: each has a marketplace.
    #[must_use]
    pub fn region(self) -> RegionCode {
        let marketplace = marketplaces::of_country(self.0);
        marketplace.expect("each country here has a marketplace").region
    }

    /// Whose pages are meant in a region if nobody says a country.
    fn first_in(region: RegionCode) -> Self {
        let mut countries = HOSTS.iter().map(|(country, ..)| Self(country));
        countries
            .find(|country| country.region() == region)
            .expect("each region has a country")
    }
}

/// Where the Appstore wants a seller back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppstoreCallback {
    /// The address, which is Amazon's, without a query.
    pub url: String,
    /// Where the seller sells.
    pub region: RegionCode,
}

/// Amazon's pages, or those of a stand-in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsentPages {
    /// `https://host[/path]`, in which `{region}` stands for the region in small letters.
    elsewhere: Option<String>,
}

impl ConsentPages {
    /// Those at `elsewhere`, if that is not empty, or Amazon's.
    #[must_use]
    pub fn at(elsewhere: &str) -> Self {
        let elsewhere = elsewhere.trim_end_matches('/');
        Self {
            elsewhere: (!elsewhere.is_empty()).then(|| elsewhere.to_owned()),
        }
    }

    /// The consent page for such an account, without a query.
    #[must_use]
    pub fn consent(&self, account_type: AccountType, region: RegionCode, country: Option<Country>) -> String {
        self.place(region).map_or_else(
            || {
                let country = country.unwrap_or_else(|| Country::first_in(region));
                let (_, seller, vendor) = HOSTS
                    .iter()
                    .find(|(code, ..)| *code == country.0)
                    .expect("a country is one of these");
                let host = match account_type {
                    AccountType::Seller => seller,
                    AccountType::Vendor => vendor,
                };
                format!("https://{host}{CONSENT}")
            },
            |place| format!("{place}{CONSENT}"),
        )
    }

    /// Reads `amazon_callback_uri`, to which a browser is sent with a secret. So it is taken only if it is one of
    /// Amazon's own pages to the letter.
    #[must_use]
    pub fn callback(&self, uri: &str) -> Option<AppstoreCallback> {
        let (place, application) = uri.split_once(CONFIRM)?;
        let is_id = (1..=LONGEST_ID).contains(&application.len())
            && application
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        let region = if self.elsewhere.is_some() {
            let mut regions = RegionCode::ALL.into_iter();
            regions.find(|region| self.place(*region).as_deref() == Some(place))
        } else {
            place.strip_prefix("https://").and_then(region_of)
        };
        let region = region.filter(|_| is_id)?;
        Some(AppstoreCallback {
            url: uri.to_owned(),
            region,
        })
    }

    /// What a stand-in's addresses begin with.
    fn place(&self, region: RegionCode) -> Option<String> {
        let elsewhere = self.elsewhere.as_deref()?;
        Some(elsewhere.replace(REGION, &region.as_str().to_lowercase()))
    }
}

/// The region of one of Amazon's hosts.
fn region_of(host: &str) -> Option<RegionCode> {
    let known = HOSTS
        .iter()
        .find(|(_, seller, vendor)| [*seller, *vendor].contains(&host));
    let older = OLDER.iter().find(|(_, seller)| *seller == host);
    let country = known
        .map(|(country, ..)| country)
        .or(older.map(|(country, _)| country))?;
    Some(Country(country).region())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_consent_page_is_that_of_the_account_its_region_and_its_country() {
        let pages = ConsentPages::default();
        let page = |account, region, country| pages.consent(account, region, Country::parse(country));
        for (account, region, country, host) in [
            (
                AccountType::Seller,
                RegionCode::Na,
                "",
                "sellercentral.amazon.com",
            ),
            (
                AccountType::Seller,
                RegionCode::Eu,
                "",
                "sellercentral-europe.amazon.com",
            ),
            (
                AccountType::Seller,
                RegionCode::Fe,
                "",
                "sellercentral.amazon.co.jp",
            ),
            (
                AccountType::Seller,
                RegionCode::Fe,
                "au",
                "sellercentral.amazon.com.au",
            ),
            (
                AccountType::Vendor,
                RegionCode::Na,
                "",
                "vendorcentral.amazon.com",
            ),
            (
                AccountType::Vendor,
                RegionCode::Eu,
                "DE",
                "vendorcentral.amazon.de",
            ),
            (
                AccountType::Vendor,
                RegionCode::Eu,
                "UK",
                "vendorcentral.amazon.co.uk",
            ),
        ] {
            let expected = format!("https://{host}/apps/authorize/consent");
            assert_eq!(page(account, region, country), expected);
        }
    }

    #[test]
    fn a_stand_in_has_its_own_pages() {
        let pages = ConsentPages::at("http://127.0.0.1:4580/{region}");
        assert_eq!(
            pages.consent(AccountType::Vendor, RegionCode::Fe, None),
            "http://127.0.0.1:4580/fe/apps/authorize/consent"
        );
        let uri = "http://127.0.0.1:4580/na/apps/authorize/confirm/amzn1.sp.solution.1";
        let callback = pages.callback(uri).expect("a callback");
        assert_eq!((callback.url.as_str(), callback.region), (uri, RegionCode::Na));
        let amazons = "https://sellercentral.amazon.com/apps/authorize/confirm/amzn1.sp.solution.1";
        assert_eq!(pages.callback(amazons), None);
        assert_eq!(ConsentPages::at(""), ConsentPages::default());
    }

    #[test]
    fn a_country_is_in_its_region() {
        let region = |code| Country::parse(code).map(Country::region);
        assert_eq!(region("ie"), Some(RegionCode::Eu));
        assert_eq!(region("JP"), Some(RegionCode::Fe));
        assert_eq!(region("CH"), None);
        for (country, ..) in HOSTS {
            assert!(marketplaces::of_country(country).is_some(), "{country}");
        }
    }

    #[test]
    fn only_amazons_own_pages_are_callbacks() {
        let pages = ConsentPages::default();
        for (uri, region) in [
            (
                "https://sellercentral.amazon.com/apps/authorize/confirm/amzn1.sp.solution.1",
                RegionCode::Na,
            ),
            (
                "https://sellercentral-europe.amazon.com/apps/authorize/confirm/amzn1.sp.solution.1",
                RegionCode::Eu,
            ),
            (
                "https://sellercentral.amazon.de/apps/authorize/confirm/a",
                RegionCode::Eu,
            ),
            (
                "https://sellercentral.amazon.co.jp/apps/authorize/confirm/a",
                RegionCode::Fe,
            ),
        ] {
            assert_eq!(pages.callback(uri).map(|it| it.region), Some(region), "{uri}");
        }
        for uri in [
            "",
            "http://sellercentral.amazon.com/apps/authorize/confirm/a",
            "https://sellercentral.amazon.com.evil.example/apps/authorize/confirm/a",
            "https://evil.example/apps/authorize/confirm/a",
            "https://evil.example/https://sellercentral.amazon.com/apps/authorize/confirm/a",
            "https://sellercentral.amazon.com@evil.example/apps/authorize/confirm/a",
            "https://evil.example#@sellercentral.amazon.com/apps/authorize/confirm/a",
            "https://sellercentral.amazon.com:8443/apps/authorize/confirm/a",
            "https://SELLERCENTRAL.amazon.com/apps/authorize/confirm/a",
            "https://sellercentral.amazon.com/apps/authorize/confirm/",
            "https://sellercentral.amazon.com/apps/authorize/confirm/a/../../../gp",
            "https://sellercentral.amazon.com/apps/authorize/confirm/a?b=c",
            "https://sellercentral.amazon.com/apps/authorize/confirm/a#b",
            "https://sellercentral.amazon.com/gp/redirect/apps/authorize/confirm/a",
            "https://sellercentral.amazon.com\\apps/authorize/confirm/a",
            "javascript:alert(1)//apps/authorize/confirm/a",
        ] {
            assert_eq!(pages.callback(uri), None, "{uri}");
        }
    }
}
