//! Which reports are ordered, how they end, and how they are announced.

use std::time::Duration;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sp_api::ids::ReportType;

use super::{Letter, PlannedAccount, moment};
use crate::plan::weather::REVOKED_AT;

/// Flat files, XML and JSON; two in seven hold personal data and need a restricted data token.
const TYPES: [&str; 7] = [
    "GET_MERCHANT_LISTINGS_ALL_DATA",
    "GET_FBA_INVENTORY_PLANNING_DATA",
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL",
    "GET_XML_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL",
    "GET_BRAND_ANALYTICS_REPEAT_PURCHASE_REPORT",
    "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_TAX",
    "GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING",
];

/// How many reports the seller has who withdraws the authorization.
const REVOKED_REPORTS: u32 = 3;

/// When the first order's period begins: 2024-03-01.
const FIRST_PERIOD: Timestamp = Timestamp::constant(1_709_251_200, 0);

/// The option by which this program finds an order's report among Amazon's.
pub const NUMBER: &str = "stormOrder";

/// How Amazon ends a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With a document; of so many bytes, if not as usual.
    Done { bytes: Option<u64> },
    /// Without one.
    Cancelled,
    /// With a document that says why, or without.
    Fatal { explained: bool },
}

/// An order for a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedOrder {
    /// Its number.
    pub number: usize,
    /// Whose.
    pub account: usize,
    /// What.
    pub report_type: &'static str,
    /// How Amazon ends it.
    pub ending: Ending,
    /// Whether the document is compressed.
    pub gzip: bool,
    /// How long Amazon takes.
    pub takes: Duration,
    /// How many times Amazon announces it.
    pub copies: u64,
}

impl PlannedOrder {
    /// The outcome to script, for the seller with that id.
    pub fn outcome(&self, seller: &str) -> Value {
        let (status, document, bytes) = match self.ending {
            Ending::Done { bytes } => ("DONE", true, bytes),
            Ending::Cancelled => ("CANCELLED", false, None),
            Ending::Fatal { explained } => ("FATAL", explained, None),
        };
        let mut outcome = json!({
            "sellerId": seller, "reportOptions": {NUMBER: self.number.to_string()}, "status": status,
            "document": document, "gzip": self.gzip, "delayMilliseconds": self.takes.as_millis(),
            "notify": self.copies > 0, "copies": self.copies.max(1),
        });
        if let Some(bytes) = bytes {
            outcome["sizeBytes"] = bytes.into();
        }
        outcome
    }

    /// The order as the API takes it. Every order has a period of its own: Amazon's lists of reports show
    /// the period and not the options, so whoever has to find a report again can tell it by that.
    pub fn body(&self, seller: &str, account: &PlannedAccount) -> Value {
        let start = FIRST_PERIOD + SignedDuration::from_mins(i64::try_from(self.number).unwrap_or(0));
        json!({
            "SellerId": seller, "RegionCode": account.region, "ReportType": self.report_type,
            "MarketplaceIds": account.marketplace, "ReportDataStartTime": format!("{start:.3}"),
            "ReportOptions": {NUMBER: self.number.to_string()},
        })
    }
}

/// Whether documents of that type need a restricted data token.
pub fn is_restricted(report_type: &str) -> bool {
    ReportType::parse(report_type)
        .ok()
        .and_then(|report_type| sp_api::report_types::find(&report_type))
        .is_some_and(|info| info.restricted)
}

/// One request to the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// The numbers of the orders in it.
    pub orders: Vec<usize>,
    /// Whether they are sent as a list.
    pub is_batch: bool,
    /// Only a request with a key is sent again when it fails: without, nobody knows what became of it.
    pub key: Option<String>,
    /// Whether it is sent once more after it has succeeded.
    pub is_repeated: bool,
}

/// Draws the orders, those to warm up first.
pub fn draw(rng: &mut Rng, reports: u32, accounts: &[PlannedAccount]) -> Vec<PlannedOrder> {
    let warm_up = |(account, number)| PlannedOrder {
        number,
        account,
        report_type: TYPES[0],
        ending: Ending::Done { bytes: None },
        gzip: false,
        takes: Duration::from_millis(500),
        copies: 1,
    };
    let mut orders: Vec<_> = (0..accounts.len()).zip(0..).map(warm_up).collect();
    let revoked = accounts.iter().position(|account| account.is_revoked);
    let others = accounts.len() - usize::from(revoked.is_some());
    let of_revoked = REVOKED_REPORTS.min(reports / 10);
    for index in 0..reports {
        let number = orders.len();
        let account = match revoked {
            Some(account) if index < of_revoked => account,
            _ => number % others,
        };
        let mut order = order(rng, number, account, index);
        if Some(account) == revoked {
            order.ending = Ending::Done { bytes: None };
            // Finished when the authorization is gone.
            order.takes = REVOKED_AT + Duration::from_secs(rng.u64(4..=7));
        }
        orders.push(order);
    }
    orders
}

fn order(rng: &mut Rng, number: usize, account: usize, index: u32) -> PlannedOrder {
    let bytes = match rng.u32(..100) {
        0..3 => Some(rng.u64(1_000_000..3_000_000)),
        3..25 => Some(rng.u64(20_000..500_000)),
        _ => None,
    };
    // The first few make sure that even a small storm has something of each.
    let ending = match (index, rng.u32(..100)) {
        (5, _) | (12.., 0..4) => Ending::Cancelled,
        (6, _) | (12.., 4..6) => Ending::Fatal { explained: true },
        (7, _) | (12.., 6..8) => Ending::Fatal { explained: false },
        // Longer than a part of a multipart upload.
        (8, _) | (12.., 8) => Ending::Done {
            bytes: Some(rng.u64(9_000_000..20_000_000)),
        },
        _ => Ending::Done { bytes },
    };
    PlannedOrder {
        number,
        account,
        report_type: TYPES[rng.usize(..TYPES.len())],
        ending,
        gzip: rng.bool(),
        takes: moment(rng, Duration::from_millis(200), Duration::from_secs(4)),
        copies: 1,
    }
}

/// Lets notifications get lost, come late and come many times.
pub fn disturb_mail(rng: &mut Rng, orders: &mut [PlannedOrder], accounts: usize) -> Vec<Letter> {
    let mut letters = Vec::new();
    let seconds = |rng: &mut Rng, from, to| moment(rng, Duration::from_secs(from), Duration::from_secs(to));
    for (index, order) in orders.iter_mut().skip(accounts).enumerate() {
        match (index, rng.u32(..100)) {
            (8, _) | (12.., 0..7) => order.copies = 0,
            // Reports that were finished later are announced earlier: the order is lost as well.
            (9, _) | (12.., 7..15) => {
                order.copies = 0;
                letters.push(Letter {
                    order: order.number,
                    after: seconds(rng, 2, 25),
                    copies: 1,
                    is_late: true,
                });
            }
            (10, _) | (12.., 15..21) => order.copies = 10,
            (11, _) | (12.., 21..27) => letters.push(Letter {
                order: order.number,
                after: seconds(rng, 5, 40),
                copies: rng.u64(1..=3),
                is_late: false,
            }),
            _ => {}
        }
    }
    letters
}

/// Draws how and when the orders are sent: account by account, each faster than its quota.
pub fn posts(
    rng: &mut Rng,
    orders: &[PlannedOrder],
    accounts: &[PlannedAccount],
    reports: u32,
) -> Vec<(Duration, Post)> {
    let window = Duration::from_secs(10) + Duration::from_millis(100) * reports;
    let mut posts = Vec::new();
    for (account, described) in accounts.iter().enumerate() {
        let mut left: Vec<_> = orders
            .iter()
            .skip(accounts.len())
            .filter(|order| order.account == account)
            .map(|order| order.number)
            .collect();
        rng.shuffle(&mut left);
        let mut at =
            window * u32::try_from(account).unwrap_or(0) / u32::try_from(accounts.len()).unwrap_or(1);
        if described.is_revoked {
            at = Duration::ZERO;
        }
        while !left.is_empty() {
            // Orders that must be there before the authorization is gone are sent until they are.
            let is_batch = !described.is_revoked && rng.u32(..100) < 25;
            let count = if is_batch { rng.usize(2..=12) } else { 1 };
            let orders = left.split_off(left.len().saturating_sub(count));
            let has_key = described.is_revoked || rng.u32(..100) < if is_batch { 80 } else { 60 };
            posts.push((
                at,
                Post {
                    key: has_key.then(|| format!("storm-{:016x}", rng.u64(..))),
                    is_repeated: has_key && rng.u32(..100) < 35,
                    is_batch,
                    orders,
                },
            ));
            at += moment(rng, Duration::ZERO, Duration::from_millis(200));
        }
    }
    posts.sort_by_key(|(at, _)| *at);
    posts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_orders_are_alike_to_amazon() {
        let account = PlannedAccount {
            region: "EU",
            marketplace: "A1PA6795UKMFR9",
            is_vendor: false,
            is_merged: false,
            is_revoked: false,
        };
        let mut orders = draw(&mut Rng::with_seed(1), 2, &[account]);
        orders[1].report_type = orders[0].report_type;
        let bodies = [0, 1].map(|number| orders[number].body("A1", &account));
        assert_eq!(bodies[0]["ReportDataStartTime"], "2024-03-01T00:00:00.000Z");
        assert_eq!(bodies[1]["ReportDataStartTime"], "2024-03-01T00:01:00.000Z");
        assert_eq!(bodies[1]["ReportOptions"][NUMBER], "1");
        assert_eq!(
            orders[1].outcome("A1")["reportOptions"],
            bodies[1]["ReportOptions"]
        );
    }
}
