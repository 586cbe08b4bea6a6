use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde_json::{Map, Value};
use sp_api::RegionCode;
use sp_api::ids::MarketplaceId;

use crate::domain::order::RequestId;
use crate::domain::{Account, Particulars, Reference};

/// A row's attributes, as DynamoDB has them.
pub(super) type Attributes = HashMap<String, AttributeValue>;

/// What the ledger shows of a row to its callers, in this order.
const SHOWN: [&str; 46] = [
    "reportId",
    "requestId",
    "reference",
    "sellerId",
    "regionCode",
    "reportType",
    "marketplaceIds",
    "dataStartTime",
    "dataEndTime",
    "reportOptions",
    "reportScheduleId",
    "status",
    "processingStatus",
    "queuedAt",
    "notBefore",
    "placedAs",
    "waitingFor",
    "waitingSince",
    "orderedAt",
    "slowSince",
    "execution",
    "cancelRequestedAt",
    "notifiedAt",
    "announcedWithout",
    "retrievedAt",
    "storedAt",
    "linkedAt",
    "announcedAt",
    "mailError",
    "failedAt",
    "failureAnnouncedAt",
    "attempts",
    "lastError",
    "lastErrorAt",
    "error",
    "errorCause",
    "reportDocumentId",
    "objectKey",
    "bytes",
    "crc64nvme",
    "charset",
    "charsetFrom",
    "invalidSequences",
    "notes",
    "reason",
    "dueAt",
];

/// A row of the ledger: a report, or an order that is none yet.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerRow(pub(super) Attributes);

impl LedgerRow {
    /// A row of such texts.
    #[cfg(test)]
    pub(crate) fn of_texts(texts: &[(&str, &str)]) -> Self {
        let attributes = texts
            .iter()
            .map(|(name, value)| ((*name).to_owned(), text(*value)));
        Self(attributes.collect())
    }

    /// A text; `None` where the row has none.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_s().ok().map(String::as_str)
    }

    /// A point in time.
    #[must_use]
    pub fn time(&self, name: &str) -> Option<Timestamp> {
        self.text(name)?.parse().ok()
    }

    /// A whole number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_n().ok()?.parse().ok()
    }

    /// How far the report is; 0 where nothing is known but that it exists.
    #[must_use]
    pub fn progress(&self) -> u8 {
        self.number("progress")
            .and_then(|it| u8::try_from(it).ok())
            .unwrap_or(0)
    }

    /// Its status; empty for a row that has none.
    #[must_use]
    pub fn status(&self) -> &str {
        self.text("status").unwrap_or_default()
    }

    /// How often another execution had to take the place of one that was gone.
    #[must_use]
    pub fn revivals(&self) -> u64 {
        self.number("revivals").unwrap_or(0)
    }

    /// How often it has gone on anew, after it had waited or failed.
    #[must_use]
    pub fn releases(&self) -> u64 {
        self.number("releases").unwrap_or(0)
    }

    /// Where the report is made, if the row knows.
    #[must_use]
    pub fn region(&self) -> Option<RegionCode> {
        RegionCode::parse(self.text("regionCode")?)
    }

    /// The marketplaces that the report was ordered for, as far as the row knows.
    #[must_use]
    pub fn marketplaces(&self) -> Vec<MarketplaceId> {
        let list = self.0.get("marketplaceIds").and_then(|list| list.as_l().ok());
        let ids = list.into_iter().flatten().filter_map(|id| id.as_s().ok());
        ids.filter_map(|id| MarketplaceId::parse(id).ok()).collect()
    }

    /// What the row knows of the report that was ordered.
    #[must_use]
    pub fn particulars(&self) -> Particulars {
        let options = self.0.get("reportOptions").and_then(|map| map.as_m().ok());
        let options = options.into_iter().flatten();
        Particulars {
            data_start_time: self.time("dataStartTime"),
            data_end_time: self.time("dataEndTime"),
            marketplace_ids: self.marketplaces(),
            report_options: options
                .filter_map(|(name, value)| Some((name.clone(), value.as_s().ok()?.clone())))
                .collect(),
            request_id: self.text("requestId").and_then(|id| RequestId::parse(id).ok()),
            reference: self.text("reference").and_then(|it| Reference::parse(it).ok()),
        }
    }

    /// Whether it may be of `region`: it is, or does not say where it is. Of no region in particular, always.
    #[must_use]
    pub fn may_be_in(&self, region: Option<RegionCode>) -> bool {
        region.is_none() || self.region().is_none_or(|it| Some(it) == region)
    }

    /// The row as callers see it. What is only the pipeline's own business is left out.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut shown = self.shown(&SHOWN);
        // The account's region is an attribute of its own.
        if let Some(Ok(account)) = self.text("sellerId").map(Account::parse) {
            shown.insert("sellerId".to_owned(), account.seller().as_str().into());
        }
        Value::Object(shown)
    }

    /// Those attributes that the row has of `names`, in their order.
    pub(super) fn shown(&self, names: &[&str]) -> Map<String, Value> {
        let value = |name: &&str| Some(((*name).to_owned(), self.0.get(*name).and_then(json)?));
        names.iter().filter_map(value).collect()
    }
}

fn json(value: &AttributeValue) -> Option<Value> {
    match value {
        AttributeValue::S(text) => Some(Value::String(text.clone())),
        AttributeValue::N(number) => serde_json::from_str(number).ok(),
        AttributeValue::L(list) => Some(Value::Array(list.iter().filter_map(json).collect())),
        AttributeValue::M(map) => {
            let values = map
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), json(value)?)));
            Some(Value::Object(values.collect()))
        }
        _ => None,
    }
}

/// What a row says of the report that was ordered.
pub(super) fn particulars(of: &Particulars) -> Vec<(&'static str, AttributeValue)> {
    let mut attributes = Vec::new();
    if !of.marketplace_ids.is_empty() {
        let ids = of.marketplace_ids.iter().map(|id| text(id.as_str())).collect();
        attributes.push(("marketplaceIds", AttributeValue::L(ids)));
    }
    let times = [
        ("dataStartTime", of.data_start_time),
        ("dataEndTime", of.data_end_time),
    ];
    attributes.extend(times.into_iter().filter_map(|(name, at)| Some((name, time(at?)))));
    if !of.report_options.is_empty() {
        let options = of.report_options.iter();
        let options = options.map(|(name, value)| (name.clone(), text(value))).collect();
        attributes.push(("reportOptions", AttributeValue::M(options)));
    }
    if let Some(reference) = &of.reference {
        attributes.push(("reference", text(reference.as_str())));
    }
    attributes
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: impl Into<i128>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

pub(super) fn time(value: Timestamp) -> AttributeValue {
    // Always with as many digits, so that times sort as texts.
    text(format!("{value:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::{ReportRow, property_names};

    #[test]
    fn what_is_shown_is_the_reports_and_not_the_pipelines() {
        let row = LedgerRow(HashMap::from([
            ("reportId".to_owned(), text("54517018502")),
            ("status".to_owned(), text("STORED")),
            ("bytes".to_owned(), number(5)),
            (
                "marketplaceIds".to_owned(),
                AttributeValue::L(vec![text("A1PA6795UKMFR9")]),
            ),
            ("fingerprint".to_owned(), text("0f")),
            ("progress".to_owned(), number(40)),
        ]));
        assert_eq!(
            row.to_json(),
            serde_json::json!({
                "reportId": "54517018502", "status": "STORED", "bytes": 5, "marketplaceIds": ["A1PA6795UKMFR9"],
            })
        );
        assert_eq!(row.progress(), 40);
    }

    #[test]
    fn the_schema_of_a_row_has_what_is_shown() {
        // The function that shows it adds where documents are.
        let mut shown = [&SHOWN[..], &["bucket"]].concat();
        shown.sort_unstable();
        assert_eq!(property_names::<ReportRow>(), shown);
    }

    #[test]
    fn what_was_ordered_is_read_as_it_is_written() {
        let ordered = Particulars {
            data_start_time: "2024-03-10T20:11:24Z".parse().ok(),
            data_end_time: None,
            marketplace_ids: vec![MarketplaceId::parse("A1PA6795UKMFR9").expect("valid")],
            report_options: [("reportPeriod".to_owned(), "WEEK".to_owned())].into(),
            request_id: None,
            reference: Reference::parse("Monday's").ok(),
        };
        let written = particulars(&ordered).into_iter();
        let row = LedgerRow(written.map(|(name, value)| (name.to_owned(), value)).collect());
        assert_eq!(row.particulars(), ordered);
        assert_eq!(
            row.to_json(),
            serde_json::json!({
                "reference": "Monday's", "marketplaceIds": ["A1PA6795UKMFR9"],
                "dataStartTime": "2024-03-10T20:11:24.000Z", "reportOptions": {"reportPeriod": "WEEK"},
            })
        );
    }

    #[test]
    fn times_sort_as_texts() {
        let at = |text: &str| time(text.parse().expect("a time"));
        let (early, late) = (at("2026-11-22T05:00:00Z"), at("2026-11-22T05:00:00.5Z"));
        assert!(early.as_s().expect("a text") < late.as_s().expect("a text"));
    }
}
