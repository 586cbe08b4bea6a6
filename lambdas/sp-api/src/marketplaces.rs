//! Amazon's marketplaces: `marketplaces.csv` beside this crate's manifest.

use crate::RegionCode;
use crate::ids::MarketplaceId;

const CATALOGUE: &str = include_str!("../marketplaces.csv");

/// A marketplace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marketplace {
    /// Amazon's id for it, for example `A1PA6795UKMFR9`.
    pub id: &'static str,
    /// ISO 3166's two letters for its country.
    pub country: &'static str,
    /// The region that serves it.
    pub region: RegionCode,
    /// The charset of those of its flat files that are not in UTF-8, by its WHATWG name. Amazon
    /// documents none; it is what the authors of client libraries found.
    pub charset: &'static str,
    /// What people call it: `Amazon.de`.
    pub name: &'static str,
}

impl Marketplace {
    fn parse(line: &'static str) -> Option<Self> {
        let mut fields = line.split(',');
        Some(Self {
            id: fields.next()?,
            country: fields.next()?,
            region: RegionCode::parse(fields.next()?)?,
            charset: fields.next()?,
            name: fields.next()?,
        })
    }
}

/// Every known marketplace; in each region, those with a charset of their own come first.
pub fn all() -> impl Iterator<Item = Marketplace> {
    CATALOGUE.lines().skip(1).filter_map(Marketplace::parse)
}

/// The marketplace with that id; `None` for one that the catalogue does not know.
#[must_use]
pub fn find(id: &MarketplaceId) -> Option<Marketplace> {
    all().find(|marketplace| marketplace.id == id.as_str())
}

/// The marketplace of a country, by ISO 3166's two letters for it or Amazon's `UK`, in capitals or not.
#[must_use]
pub fn of_country(code: &str) -> Option<Marketplace> {
    let code = if code.eq_ignore_ascii_case("UK") {
        "GB"
    } else {
        code
    };
    all().find(|marketplace| marketplace.country.eq_ignore_ascii_case(code))
}

/// The charsets that a region's flat files come in besides UTF-8, each once, the one that says most
/// about a text first: `Shift_JIS` before `windows-1252`, in which any bytes are a text.
#[must_use]
pub fn charsets(region: RegionCode) -> Vec<&'static str> {
    let mut charsets = Vec::new();
    for marketplace in all().filter(|marketplace| marketplace.region == region) {
        if !charsets.contains(&marketplace.charset) {
            charsets.push(marketplace.charset);
        }
    }
    charsets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_catalogue_is_read() {
        assert_eq!(all().count(), CATALOGUE.lines().count() - 1);
        for marketplace in all() {
            assert!(MarketplaceId::parse(marketplace.id).is_ok(), "{marketplace:?}");
            assert_eq!(marketplace.country.len(), 2, "{marketplace:?}");
            assert!(marketplace.name.starts_with("Amazon."), "{marketplace:?}");
            assert_eq!(all().filter(|it| it.id == marketplace.id).count(), 1);
        }
    }

    #[test]
    fn a_country_has_a_marketplace() {
        let of = |code| of_country(code).map(|it| it.id);
        assert_eq!(of("DE"), Some("A1PA6795UKMFR9"));
        assert_eq!(of("uk"), Some("A1F83G8C2ARO7P"));
        assert_eq!(of("CH"), None);
    }

    #[test]
    fn japan_has_a_charset_of_its_own() {
        let japan = MarketplaceId::parse("A1VC38T7YXB528").expect("valid");
        assert_eq!(find(&japan).map(|it| it.charset), Some("Shift_JIS"));
        assert_eq!(find(&MarketplaceId::parse("A0").expect("valid")), None);
        assert_eq!(charsets(RegionCode::Fe), ["Shift_JIS", "windows-1252"]);
        assert_eq!(charsets(RegionCode::Eu), ["windows-1252"]);
        assert_eq!(charsets(RegionCode::Na), ["windows-1252"]);
    }
}
