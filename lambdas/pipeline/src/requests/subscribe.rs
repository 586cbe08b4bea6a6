use serde_json::Value;
use sp_api::RegionCode;
use sp_api::ids::{NotificationType, SellerId};

use super::InvalidRequest;
use super::body::Body;

/// `POST /notifications`: have Amazon send a selling partner's notifications to our queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribe {
    /// Whose notifications.
    pub seller_id: SellerId,
    /// Where the selling partner sells.
    pub region: RegionCode,
    /// Which notifications; the pipeline acts on `REPORT_PROCESSING_FINISHED`.
    pub notification_type: NotificationType,
    /// Whether a subscription that sends elsewhere may be replaced. Otherwise it is reported.
    pub replace_existing: bool,
}

impl Subscribe {
    /// Parses `{SellerId, RegionCode, NotificationType, ReplaceExisting?}`.
    ///
    /// # Errors
    /// Names the first field that is missing, empty, ill-formed or unknown.
    pub fn parse(body: &[u8]) -> Result<Self, InvalidRequest> {
        let mut body = Body::parse(body)?;
        let seller_id = body.seller_id()?;
        let region = body.region_code()?;
        let notification_type = body.parsed("NotificationType", NotificationType::parse)?;
        let replace_existing = match body.take("ReplaceExisting") {
            None => false,
            Some(Value::Bool(replace)) => replace,
            Some(_) => return Err(InvalidRequest::field("ReplaceExisting", "must be true or false")),
        };
        body.finish()?;
        Ok(Self {
            seller_id,
            region,
            notification_type,
            replace_existing,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_starts_body_is_taken() {
        let request = Subscribe::parse(
            br#"{"SellerId":"A3TH9S8BH6GOGM","RegionCode":"EU","NotificationType":"REPORT_PROCESSING_FINISHED"}"#,
        )
        .expect("valid");
        assert_eq!(request.region, RegionCode::Eu);
        assert!(!request.replace_existing);
    }

    #[test]
    fn the_field_at_fault_is_named() {
        for (body, field) in [
            (r#"{"SellerId":"A3","NotificationType":"X"}"#, "RegionCode"),
            (
                r#"{"SellerId":"A3","RegionCode":"US","NotificationType":"X"}"#,
                "RegionCode",
            ),
            (
                r#"{"SellerId":"A3","RegionCode":"eu","NotificationType":"X"}"#,
                "RegionCode",
            ),
            (
                r#"{"SellerId":"A3","RegionCode":"EU","NotificationType":"a b"}"#,
                "NotificationType",
            ),
            (
                r#"{"SellerId":"A3","RegionCode":"EU","NotificationType":"X","ReplaceExisting":"yes"}"#,
                "ReplaceExisting",
            ),
        ] {
            let error = Subscribe::parse(body.as_bytes()).expect_err("invalid");
            assert_eq!(error.field.as_deref(), Some(field), "{body}");
        }
    }
}
