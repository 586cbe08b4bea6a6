use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde_json::Value;
use sp_api::RegionCode;
use sp_api::ids::{NotificationType, ReportType, SellerId, SubscriptionId};

use super::body::Body;
use super::report_fields::DayOrTime;
use super::{InvalidRequest, Parameters};
use crate::adapters::KeptSubscription;
use crate::domain::backfill::REACH;

/// As many report types as Amazon's list of reports takes in one question.
const MOST_DISCOVERED: usize = 10;

/// More than Amazon has.
const MOST_DELIVERED: usize = 200;

/// What Amazon keeps one subscription of an application for.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "PascalCase")]
pub struct SubscriptionKey {
    /// Whose notifications.
    pub seller_id: SellerId,
    /// Where the selling partner sells.
    #[schemars(rename = "RegionCode")]
    pub region: RegionCode,
    /// Which notifications; the pipeline acts on `REPORT_PROCESSING_FINISHED`.
    pub notification_type: NotificationType,
}

/// `POST /notifications`: have Amazon send a selling partner's notifications to our queue.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Subscribe {
    /// Which notifications of whom.
    #[schemars(flatten)]
    pub key: SubscriptionKey,
    /// Whether a subscription that sends elsewhere may be replaced. Otherwise it is reported.
    #[schemars(with = "Option<bool>")]
    pub replace_existing: bool,
    /// Of which types to look for reports that were never announced; none switches that off, and
    /// without it that stays as it is.
    #[schemars(
        rename = "DiscoverReportTypes",
        with = "Option<Vec<ReportType>>",
        length(max = MOST_DISCOVERED)
    )]
    pub discover: Option<BTreeSet<ReportType>>,
    /// Since when to deliver what Amazon has of these types already.
    #[schemars(with = "Option<DayOrTime>")]
    pub discover_since: Option<Timestamp>,
    /// Of which types to deliver reports whoever ordered them; none leaves those that are ordered here,
    /// and without it that stays as it is.
    #[schemars(
        rename = "DeliverReportTypes",
        with = "Option<Vec<ReportType>>",
        length(max = MOST_DELIVERED)
    )]
    pub deliver: Option<BTreeSet<ReportType>>,
}

/// `DELETE /notifications`: have Amazon send them no more.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Unsubscribe {
    /// Which notifications of whom.
    #[schemars(flatten)]
    pub key: SubscriptionKey,
}

impl SubscriptionKey {
    /// The subscription `id`, as it is kept.
    #[must_use]
    pub fn kept(&self, id: SubscriptionId) -> KeptSubscription {
        KeptSubscription {
            region: self.region,
            notification_type: self.notification_type.clone(),
            id,
        }
    }

    fn take(fields: &mut Body) -> Result<Self, InvalidRequest> {
        Ok(Self {
            seller_id: fields.seller_id()?,
            region: fields.region_code()?,
            notification_type: fields.parsed("NotificationType", NotificationType::parse)?,
        })
    }
}

impl Subscribe {
    /// Parses `{SellerId, RegionCode, NotificationType, ReplaceExisting?, DiscoverReportTypes?,
    /// DiscoverSince?, DeliverReportTypes?}` at the time `now`.
    ///
    /// # Errors
    /// Names the first field that is missing, empty, ill-formed or unknown.
    pub fn parse(body: &[u8], now: Timestamp) -> Result<Self, InvalidRequest> {
        let mut body = Body::parse(body)?;
        let key = SubscriptionKey::take(&mut body)?;
        let replace_existing = match body.take("ReplaceExisting") {
            None => false,
            Some(Value::Bool(replace)) => replace,
            Some(_) => return Err(InvalidRequest::field("ReplaceExisting", "must be true or false")),
        };
        let discover = report_types(&mut body, "DiscoverReportTypes", MOST_DISCOVERED)?;
        let discover_since = discover_since(&mut body, discover.as_ref(), now)?;
        let deliver = report_types(&mut body, "DeliverReportTypes", MOST_DELIVERED)?;
        body.finish()?;
        Ok(Self {
            key,
            replace_existing,
            discover,
            discover_since,
            deliver,
        })
    }
}

impl Unsubscribe {
    /// Parses `SellerId`, `RegionCode` and `NotificationType`.
    ///
    /// # Errors
    /// Names the first parameter that is missing, empty, ill-formed or unknown.
    pub fn parse(Parameters(mut fields): Parameters) -> Result<Self, InvalidRequest> {
        let key = SubscriptionKey::take(&mut fields)?;
        fields.finish()?;
        Ok(Self { key })
    }
}

/// A day or a time within the reach of Amazon's list, together with types.
fn discover_since(
    body: &mut Body,
    discover: Option<&BTreeSet<ReportType>>,
    now: Timestamp,
) -> Result<Option<Timestamp>, InvalidRequest> {
    const FIELD: &str = "DiscoverSince";
    let invalid = |problem: &str| InvalidRequest::field(FIELD, problem);
    let Some(since) = body.optional_day_or_time(FIELD)? else {
        return Ok(None);
    };
    if discover.is_none_or(BTreeSet::is_empty) {
        return Err(invalid(
            "says since when DiscoverReportTypes are looked for, which names none",
        ));
    }
    if since > now {
        return Err(invalid("is in the future"));
    }
    if since < now - REACH {
        return Err(invalid(&format!(
            "is too long ago: Amazon lists the reports of 90 days, back to {:.0}",
            now - REACH
        )));
    }
    Ok(Some(since))
}

/// An array of at most so many report types; `None` where there is none.
fn report_types(
    body: &mut Body,
    field: &str,
    most: usize,
) -> Result<Option<BTreeSet<ReportType>>, InvalidRequest> {
    let invalid = |problem: &str| InvalidRequest::field(field, problem);
    let names = match body.take(field) {
        None => return Ok(None),
        Some(Value::Array(names)) => names,
        Some(_) => return Err(invalid("must be an array of report types")),
    };
    if names.len() > most {
        return Err(invalid(&format!("must name at most {most} report types")));
    }
    let types = names
        .iter()
        .map(|name| {
            let name = name.as_str().ok_or_else(|| invalid("must be a list of texts"))?;
            ReportType::parse(name).map_err(|problem| invalid(&format!("{problem}; {name:?} is none")))
        })
        .collect::<Result<BTreeSet<_>, _>>()?;
    Ok(Some(types))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: &str = "2026-11-27T12:00:00Z";

    fn parse(more: &Value) -> Result<Subscribe, InvalidRequest> {
        let mut body = json!({
            "SellerId": "A3TH9S8BH6GOGM", "RegionCode": "EU", "NotificationType": "REPORT_PROCESSING_FINISHED",
        });
        let more = more.as_object().expect("an object").clone();
        body.as_object_mut().expect("an object").extend(more);
        Subscribe::parse(body.to_string().as_bytes(), NOW.parse().expect("a time"))
    }

    #[test]
    fn the_quick_starts_body_is_taken() {
        let request = parse(&json!({})).expect("valid");
        assert_eq!(request.key.region, RegionCode::Eu);
        assert!(!request.replace_existing);
        assert_eq!((request.discover, request.deliver), (None, None));
    }

    #[test]
    fn no_types_are_not_the_same_as_nothing_said() {
        let discover = |types: Value| {
            let request = parse(&json!({"DiscoverReportTypes": types})).expect("valid");
            request.discover.map(|types| types.len())
        };
        assert_eq!(discover(json!([])), Some(0));
        assert_eq!(discover(json!(null)), None);
        assert_eq!(discover(json!(["GET_A", "GET_B", "GET_A"])), Some(2));
        let deliver = |types: Value| {
            let request = parse(&json!({"DeliverReportTypes": types})).expect("valid");
            request.deliver.map(|types| types.len())
        };
        assert_eq!(deliver(json!([])), Some(0));
        assert_eq!(deliver(json!(null)), None);
        let many: Vec<String> = (0..11).map(|number| format!("GET_{number}")).collect();
        assert_eq!(deliver(json!(many)), Some(11));
    }

    #[test]
    fn history_begins_with_a_day_or_a_time_of_the_last_ninety_days() {
        let since = |since: &str| {
            let more = json!({"DiscoverReportTypes": ["GET_A"], "DiscoverSince": since});
            parse(&more).map(|request| request.discover_since.expect("given").to_string())
        };
        for (text, time) in [
            ("2026-11-01", "2026-11-01T00:00:00Z"),
            ("2026-08-30", "2026-08-30T00:00:00Z"),
            ("2026-08-29T12:00:00Z", "2026-08-29T12:00:00Z"),
            ("2026-11-01T02:00:00+02:00", "2026-11-01T00:00:00Z"),
        ] {
            assert_eq!(since(text).expect(text), time);
        }
        for (text, problem) in [
            ("2026-08-29T11:59:59Z", "too long ago"),
            ("2026-08-29", "back to 2026-08-29T12:00:00Z"),
            ("2026-11-27T12:00:01Z", "future"),
            ("2026-11-01T05:00:00", "must be a day"),
            ("yesterday", "must be a day"),
            ("20261101", "must be a day"),
        ] {
            let refused = since(text).expect_err(text);
            assert_eq!(refused.field.as_deref(), Some("DiscoverSince"));
            assert!(refused.message.contains(problem), "{text}: {}", refused.message);
        }
        for more in [
            json!({"DiscoverSince": "2026-11-01"}),
            json!({"DiscoverSince": "2026-11-01", "DiscoverReportTypes": []}),
        ] {
            let refused = parse(&more).expect_err("without types");
            assert_eq!(refused.field.as_deref(), Some("DiscoverSince"));
        }
    }

    #[test]
    fn the_field_at_fault_is_named() {
        let many: Vec<String> = (0..11).map(|number| format!("GET_{number}")).collect();
        for (more, field) in [
            (json!({"RegionCode": null}), "RegionCode"),
            (json!({"RegionCode": "US"}), "RegionCode"),
            (json!({"RegionCode": "eu"}), "RegionCode"),
            (json!({"NotificationType": "a b"}), "NotificationType"),
            (json!({"ReplaceExisting": "yes"}), "ReplaceExisting"),
            (json!({"DiscoverReportTypes": "GET_A"}), "DiscoverReportTypes"),
            (json!({"DiscoverReportTypes": ["a b"]}), "DiscoverReportTypes"),
            (json!({"DiscoverReportTypes": [1]}), "DiscoverReportTypes"),
            (json!({"DiscoverReportTypes": many}), "DiscoverReportTypes"),
            (json!({"DeliverReportTypes": "all"}), "DeliverReportTypes"),
            (json!({"DeliverReportTypes": ["a b"]}), "DeliverReportTypes"),
        ] {
            let error = parse(&more).expect_err("invalid");
            assert_eq!(error.field.as_deref(), Some(field), "{more}");
        }
    }

    #[test]
    fn what_is_subscribed_to_can_be_named_to_unsubscribe() {
        let pairs = [
            ("SellerId", "A3TH9S8BH6GOGM"),
            ("RegionCode", "EU"),
            ("NotificationType", "REPORT_PROCESSING_FINISHED"),
        ];
        let unsubscribe = |pairs: &[(&str, &str)]| {
            Unsubscribe::parse(Parameters::new(pairs.iter().copied()).expect("pairs"))
        };
        let subscribed = parse(&json!({})).expect("valid");
        assert_eq!(unsubscribe(&pairs).expect("valid").key, subscribed.key);
        let error = unsubscribe(&pairs[..2]).expect_err("incomplete");
        assert_eq!(error.field.as_deref(), Some("NotificationType"));
    }
}
