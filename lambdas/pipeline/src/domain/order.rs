//! Orders that wait for their quota, or that may come twice.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sp_api::ids::{ReportId, ReportType};
use sp_api::{CreateReport, RegionCode};

use super::quota::Slot;
use super::{Account, Failure, Reference, hexadecimal};

/// What a request id begins with; no report id of Amazon's does.
const PREFIX: &str = "order-";

/// The name of an order before Amazon has given it a report id: `order-` and 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(String);

/// Why a text is no request id.
#[derive(Debug, thiserror::Error)]
#[error("must be a request id: order- and 32 hexadecimal digits")]
pub struct InvalidRequestId;

impl RequestId {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        Self(format!("{PREFIX}{:032x}", fastrand::u128(..)))
    }

    /// The one and only request id of an idempotency key: always the same for `seller`, the key and
    /// the order's place in its request.
    #[must_use]
    pub fn of_key(seller: &Account, key: &str, index: usize) -> Self {
        let digest = Sha256::digest(format!("{seller}\n{index}\n{key}"));
        Self(format!("{PREFIX}{}", hexadecimal(&digest[..16])))
    }

    /// Parses what a caller calls a request id.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, InvalidRequestId> {
        let digits = text.strip_prefix(PREFIX).ok_or(InvalidRequestId)?;
        let is_hexadecimal = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        if digits.len() == 32 && digits.bytes().all(is_hexadecimal) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidRequestId)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl JsonSchema for RequestId {
    fn schema_name() -> Cow<'static, str> {
        "RequestId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The name of an order before Amazon has given it a report id.",
            "type": "string",
            "pattern": format!("^{PREFIX}[0-9a-f]{{32}}$"),
        })
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for RequestId {
    type Error = InvalidRequestId;
    fn try_from(text: String) -> Result<Self, InvalidRequestId> {
        Self::parse(&text)
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.0
    }
}

/// An order under its request id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its name here.
    pub request_id: RequestId,
    /// Whose report.
    pub seller_id: Account,
    /// Where.
    pub region: RegionCode,
    /// What is ordered.
    pub report: CreateReport,
    /// What the caller calls it.
    pub reference: Option<Reference>,
}

impl Order {
    /// What tells this order from another under the same idempotency key: a hash of everything that
    /// was asked for.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let report = serde_json::to_string(&self.report).expect("an order is a struct of texts");
        let mut asked = format!("{}\n{}\n{report}", self.seller_id, self.region);
        // Without one it is as before there were any, and so are the orders that are remembered.
        if let Some(reference) = &self.reference {
            asked.push_str(&format!("\n{reference}"));
        }
        hexadecimal(&Sha256::digest(asked))
    }
}

/// The state of the workflow that carries an order out: `statemachine/report-order.asl.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OrderToPlace {
    /// Whose report.
    pub seller_id: Account,
    /// The order.
    pub request_id: RequestId,
    /// Where.
    pub region_code: RegionCode,
    /// What it reports; for the e-mail, should the order fail.
    pub report_type: ReportType,
    /// How far it is.
    pub placement: Placement,
}

/// How far an order is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Placement {
    /// Whether it waits, or how it ended.
    pub status: PlacementStatus,
    /// When to go on, while it waits.
    pub slot: Option<Slot>,
    /// Amazon's id for the report, once placed.
    pub report_id: Option<ReportId>,
}

impl Placement {
    /// It has to wait for `slot`.
    #[must_use]
    pub fn waiting(slot: Slot) -> Self {
        Self {
            status: PlacementStatus::Waiting,
            slot: Some(slot),
            report_id: None,
        }
    }

    /// Amazon makes the report.
    #[must_use]
    pub fn placed(report_id: ReportId) -> Self {
        Self {
            status: PlacementStatus::Placed,
            slot: None,
            report_id: Some(report_id),
        }
    }

    /// It waits until what stands in its way is gone; no execution waits with it.
    #[must_use]
    pub fn parked() -> Self {
        Self {
            status: PlacementStatus::Parked,
            slot: None,
            report_id: None,
        }
    }

    /// Nobody wants it any more.
    #[must_use]
    pub fn cancelled() -> Self {
        Self {
            status: PlacementStatus::Cancelled,
            slot: None,
            report_id: None,
        }
    }
}

/// Whether an order waits, or how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PlacementStatus {
    /// For its slot.
    Waiting,
    /// Until somebody mends what is no fault of its own.
    Parked,
    /// At Amazon.
    Placed,
    /// By the caller, or it had failed before.
    Cancelled,
}

/// What *ReportNotifier* is told of an order that failed.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FailedOrder {
    /// Whose report.
    pub seller_id: Account,
    /// The order.
    pub request_id: RequestId,
    /// Where.
    pub region_code: RegionCode,
    /// What it reports.
    pub report_type: ReportType,
    /// What ended it.
    pub failure: Failure,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seller() -> Account {
        Account::parse("A3TH9S8BH6GOGM").expect("valid")
    }

    #[test]
    fn a_key_always_gives_the_same_request_and_no_two_give_one() {
        let of = |key, index| RequestId::of_key(&seller(), key, index);
        assert_eq!(of("k", 0), of("k", 0));
        assert_ne!(of("k", 0), of("k", 1));
        assert_ne!(of("k", 0), of("l", 0));
        assert_ne!(
            of("k", 0),
            RequestId::of_key(&Account::parse("A3").expect("valid"), "k", 0)
        );
    }

    #[test]
    fn a_request_id_is_no_report_id_and_back() {
        let id = RequestId::random();
        assert_eq!(RequestId::parse(id.as_str()).expect("valid"), id);
        for text in ["", "54517018502", "order-1", &format!("order-{:032X}", u128::MAX)] {
            assert!(RequestId::parse(text).is_err(), "{text}");
        }
    }
}
