use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::InvalidRequest;
use super::body::Body;
use crate::adapters::Invitation;
use crate::domain::{AccountType, Country, EmailAddress};

/// How many days an invitation works of which nobody has said anything else.
const USUAL_DAYS: u32 = 7;

/// How many days it works at most.
const MOST_DAYS: u32 = 30;

/// `POST /onboardings`: invite a selling partner to authorize the application in a browser.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "PascalCase", deny_unknown_fields)]
pub struct InviteSeller {
    /// Who is invited, and for what.
    #[schemars(flatten, with = "Invited")]
    pub invitation: Invitation,
    /// For how many days the invitation works, 7 without it.
    #[schemars(with = "Option<u32>", range(min = 1, max = MOST_DAYS))]
    pub days: u32,
}

/// The schema of an invitation.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase")]
#[expect(dead_code, reason = "it is a schema, and nothing else")]
struct Invited {
    /// Whom the invitation is for alone; without it, for whoever has it.
    seller_id: Option<sp_api::ids::SellerId>,
    /// Where the selling partner sells.
    region_code: sp_api::RegionCode,
    /// Whether Seller Central asks, which it does without this, or Vendor Central.
    account_type: Option<AccountType>,
    /// The country whose pages ask, one of the region; without it, the region's first.
    country: Option<CountryCode>,
    /// Who gets the seller's news from then on.
    notification_email: Option<EmailAddress>,
}

/// A country in JSON, of which only the schema is to be had.
enum CountryCode {}

impl JsonSchema for CountryCode {
    fn schema_name() -> Cow<'static, str> {
        "Country".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "ISO 3166's two letters for a country, such as `DE`.",
            "type": "string",
            "pattern": "^[A-Za-z]{2}$",
        })
    }
}

impl InviteSeller {
    /// Parses `{SellerId?, RegionCode, AccountType?, Country?, Days?, NotificationEmail?}`.
    ///
    /// # Errors
    /// Names the first field that is missing, empty, ill-formed or unknown; also a country of another region.
    pub fn parse(body: &[u8]) -> Result<Self, InvalidRequest> {
        let mut body = Body::parse(body)?;
        let seller = body.optional_parsed("SellerId", sp_api::ids::SellerId::parse)?;
        let region = body.region_code()?;
        let account_type = body.optional_parsed("AccountType", str::parse)?;
        let country = body.optional_parsed("Country", |code| {
            Country::parse(code)
                .filter(|country| country.region() == region)
                .ok_or_else(|| format!("must be a country of {region} with a marketplace, such as DE of EU"))
        })?;
        let days = body.take("Days").map(|value| {
            let days = value.as_u64().and_then(|days| u32::try_from(days).ok());
            let days = days.filter(|days| (1..=MOST_DAYS).contains(days));
            days.ok_or_else(|| {
                InvalidRequest::field("Days", format!("must be a whole number from 1 to {MOST_DAYS}"))
            })
        });
        let days = days.transpose()?.unwrap_or(USUAL_DAYS);
        let mail = body.optional_parsed("NotificationEmail", EmailAddress::parse)?;
        body.finish()?;
        Ok(Self {
            invitation: Invitation {
                seller,
                region,
                account_type: account_type.unwrap_or_default(),
                country,
                mail,
            },
            days,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_needs_a_region_and_no_more() {
        let request = InviteSeller::parse(br#"{"RegionCode": "EU"}"#).expect("valid");
        assert_eq!((request.days, request.invitation.seller), (7, None));
        assert_eq!(request.invitation.account_type, AccountType::Seller);
    }

    #[test]
    fn the_field_at_fault_is_named() {
        let field = |body: &str| InviteSeller::parse(body.as_bytes()).expect_err("invalid").field;
        for (body, name) in [
            ("{}", "RegionCode"),
            (r#"{"RegionCode": "EU", "SellerId": ""}"#, "SellerId"),
            (r#"{"RegionCode": "EU", "AccountType": "vendor"}"#, "AccountType"),
            (r#"{"RegionCode": "EU", "Country": "US"}"#, "Country"),
            (r#"{"RegionCode": "EU", "Country": "CH"}"#, "Country"),
            (r#"{"RegionCode": "EU", "Days": 0}"#, "Days"),
            (r#"{"RegionCode": "EU", "Days": 31}"#, "Days"),
            (r#"{"RegionCode": "EU", "Days": "7"}"#, "Days"),
            (
                r#"{"RegionCode": "EU", "NotificationEmail": "ann"}"#,
                "NotificationEmail",
            ),
            (r#"{"RegionCode": "EU", "Email": "ann@example.com"}"#, "Email"),
        ] {
            assert_eq!(field(body).as_deref(), Some(name), "{body}");
        }
    }
}
