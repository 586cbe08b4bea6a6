//! How long a stored report stays, by what it is: Amazon's data protection policy of 2025-11-25 lets data
//! of buyers stay for thirty days, and everything else for eighteen months.

use std::time::Duration;

use sp_api::ids::ReportType;
use sp_api::report_types;

use super::FinalStatus;

/// The name of the tag by which the bucket's lifecycle rules choose.
const TAG: &str = "retention";

/// As long as data of buyers may stay.
const PERSONAL_DATA_DAYS: u32 = 30;

/// Who a stored document is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// Buyers, or perhaps buyers: nobody knows the type, or the document says what went wrong.
    PersonalData,
    /// The seller's business.
    Standard,
}

impl Retention {
    /// Of the document of a report that ended so.
    ///
    /// Orders hold names and addresses, whether or not Amazon asks for a restricted data token.
    #[must_use]
    pub fn of(report_type: &ReportType, ended: FinalStatus) -> Self {
        let is_of_orders = report_type.as_str().contains("_ORDER");
        match report_types::find(report_type) {
            Some(info) if ended == FinalStatus::Done && !info.restricted && !is_of_orders => Self::Standard,
            _ => Self::PersonalData,
        }
    }

    /// How long it stays where `days` is what the stack has for most reports.
    #[must_use]
    pub fn kept(self, days: u32) -> Duration {
        let days = match self {
            Self::PersonalData => days.min(PERSONAL_DATA_DAYS),
            Self::Standard => days,
        };
        Duration::from_secs(u64::from(days) * 86_400)
    }

    /// The object's tag: `retention=…`. The stack's lifecycle rules have the same words.
    #[must_use]
    pub fn tag(self) -> String {
        let value = match self {
            Self::PersonalData => "personal-data",
            Self::Standard => "standard",
        };
        format!("{TAG}={value}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(report_type: &str, ended: FinalStatus) -> Retention {
        Retention::of(&ReportType::parse(report_type).expect("valid"), ended)
    }

    #[test]
    fn settlements_stay_and_addresses_go() {
        for report_type in [
            "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2",
            "GET_MERCHANT_LISTINGS_ALL_DATA",
        ] {
            assert_eq!(
                of(report_type, FinalStatus::Done),
                Retention::Standard,
                "{report_type}"
            );
        }
        for report_type in [
            "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_INVOICING",
            "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL",
            "GET_A_TYPE_OF_NEXT_YEAR",
        ] {
            assert_eq!(
                of(report_type, FinalStatus::Done),
                Retention::PersonalData,
                "{report_type}"
            );
        }
        assert_eq!(
            of("GET_MERCHANT_LISTINGS_ALL_DATA", FinalStatus::Fatal),
            Retention::PersonalData
        );
        assert_eq!(Retention::PersonalData.tag(), "retention=personal-data");
    }

    /// The bucket's lifecycle rules are the stack's.
    #[test]
    fn the_stack_has_the_same_words_and_days() {
        let storage = include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../cdk/lib/constructs/storage.ts"
        ));
        let (name, value) = (TAG, "personal-data");
        assert_eq!(Retention::PersonalData.tag(), format!("{name}={value}"));
        assert!(storage.contains(&format!("tagFilters: {{ {name}: \"{value}\" }}")));
        assert!(storage.contains(&format!("PERSONAL_DATA_DAYS = {PERSONAL_DATA_DAYS};")));
    }

    #[test]
    fn nothing_stays_longer_than_the_stack_says() {
        let days = |retention: Retention, most| retention.kept(most).as_secs() / 86_400;
        assert_eq!(days(Retention::Standard, 540), 540);
        assert_eq!(days(Retention::PersonalData, 540), 30);
        assert_eq!(days(Retention::PersonalData, 7), 7);
    }
}
