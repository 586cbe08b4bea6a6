use jiff::Timestamp;
use schemars::JsonSchema;
use secrecy::SecretString;
use sp_api::RegionCode;
use sp_api::ids::SellerId;

use super::body::Body;
use super::report_fields::DayOrTime;
use super::{InvalidRequest, refresh_token};
use crate::domain::EmailAddress;

/// `POST /tokens`: keep a selling partner's refresh token.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(rename_all = "PascalCase", deny_unknown_fields)]
pub struct StoreToken {
    /// Whose token it is.
    pub seller_id: SellerId,
    /// Where it is good; without it, in the seller's only region, or the one that turns out.
    #[schemars(rename = "RegionCode")]
    pub region: Option<RegionCode>,
    /// The token, `Atzr|…`.
    #[schemars(with = "refresh_token::Written")]
    pub refresh_token: SecretString,
    /// Who gets the seller's news; without it, whoever got them before.
    pub notification_email: Option<EmailAddress>,
    /// When the seller authorized the application, if it was not now.
    #[schemars(with = "Option<DayOrTime>")]
    pub authorized_at: Option<Timestamp>,
}

impl StoreToken {
    /// Parses `{SellerId, RefreshToken, RegionCode?, NotificationEmail?, AuthorizedAt?}` at the time `now`.
    ///
    /// # Errors
    /// Names the first field that is missing, empty, ill-formed or unknown.
    pub fn parse(body: &[u8], now: Timestamp) -> Result<Self, InvalidRequest> {
        let mut body = Body::parse(body)?;
        let seller_id = body.seller_id()?;
        let refresh_token = body.parsed("RefreshToken", refresh_token::parse)?;
        let region = body.optional_region_code()?;
        let notification_email = body.optional_parsed("NotificationEmail", EmailAddress::parse)?;
        let authorized_at = body.optional_day_or_time("AuthorizedAt")?;
        if authorized_at.is_some_and(|at| at > now) {
            return Err(InvalidRequest::field("AuthorizedAt", "is in the future"));
        }
        body.finish()?;
        Ok(Self {
            seller_id,
            region,
            refresh_token,
            notification_email,
            authorized_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<StoreToken, InvalidRequest> {
        StoreToken::parse(body.as_bytes(), "2026-11-28T12:00:00Z".parse().expect("a time"))
    }

    fn field(body: &str) -> Option<String> {
        parse(body).expect_err("invalid").field
    }

    #[test]
    fn a_good_body_is_taken_and_the_token_is_not_printed() {
        let request = parse(r#"{"SellerId":"A3TH9S8BH6GOGM","RefreshToken":"Atzr|IwEBI"}"#);
        let request = request.expect("valid");
        assert_eq!(request.seller_id.as_str(), "A3TH9S8BH6GOGM");
        assert!(!format!("{request:?}").contains("Atzr"));
        assert_eq!((request.region, request.authorized_at), (None, None));
        let request = r#"{"SellerId":"A3TH9S8BH6GOGM","RefreshToken":"Atzr|IwEBI","RegionCode":"EU"}"#;
        let request = parse(request).expect("valid");
        assert_eq!(
            (request.region, request.notification_email),
            (Some(RegionCode::Eu), None)
        );
        let request =
            r#"{"SellerId":"A3","RefreshToken":"Atzr|IwEBI","NotificationEmail":"ann@example.com"}"#;
        let request = parse(request).expect("valid");
        assert_eq!(
            request.notification_email,
            EmailAddress::parse("ann@example.com").ok()
        );
    }

    #[test]
    fn an_authorization_may_be_older_than_the_call_and_not_younger() {
        let at = |time: &str| {
            let body = format!(r#"{{"SellerId":"A3","RefreshToken":"Atzr|x","AuthorizedAt":"{time}"}}"#);
            parse(&body).map(|request| request.authorized_at.expect("one").to_string())
        };
        assert_eq!(at("2026-01-22").as_deref(), Ok("2026-01-22T00:00:00Z"));
        assert_eq!(
            at("2026-01-22T05:00:00+01:00").as_deref(),
            Ok("2026-01-22T04:00:00Z")
        );
        assert_eq!(at("2026-11-28").as_deref(), Ok("2026-11-28T00:00:00Z"));
        for time in [
            "2026-11-29",
            "2026-11-28T12:00:01Z",
            "2026-01-22T05:00:00",
            "22.1.2026",
            "yesterday",
            "",
        ] {
            let error = at(time).expect_err(time);
            assert_eq!(error.field.as_deref(), Some("AuthorizedAt"), "{time}");
        }
    }

    #[test]
    fn the_field_at_fault_is_named() {
        let seller = || Some("SellerId".to_owned());
        let token = || Some("RefreshToken".to_owned());
        assert_eq!(field("not json"), None);
        assert_eq!(field("[]"), None);
        assert_eq!(field(r#"{"RefreshToken":"Atzr|x"}"#), seller());
        assert_eq!(field(r#"{"SellerId":17,"RefreshToken":"Atzr|x"}"#), seller());
        assert_eq!(field(r#"{"SellerId":"A B","RefreshToken":"Atzr|x"}"#), seller());
        assert_eq!(field(r#"{"SellerId":"A3","RefreshToken":""}"#), token());
        assert_eq!(field(r#"{"SellerId":"A3","RefreshToken":null}"#), token());
        assert_eq!(field(r#"{"SellerId":"A3","RefreshToken":"Atzr| x"}"#), token());
        assert_eq!(
            field(r#"{"SellerId":"A3","RefreshToken":"Atzr|x","RegionCode":"eu"}"#),
            Some("RegionCode".to_owned())
        );
        for address in ["", "ann", "ann@example.com, bob@example.com"] {
            let body =
                format!(r#"{{"SellerId":"A3","RefreshToken":"Atzr|x","NotificationEmail":"{address}"}}"#);
            assert_eq!(field(&body), Some("NotificationEmail".to_owned()), "{address}");
        }
        assert_eq!(
            field(r#"{"SellerId":"A3","RefreshToken":"Atzr|x","Region":"EU"}"#),
            Some("Region".to_owned())
        );
    }
}
