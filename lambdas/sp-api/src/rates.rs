//! Amazon's published usage plans: one table, which the client, the pipeline's limiter and the
//! simulator share.
//!
//! Rates are per application *and* selling partner (grantless operations: per application).

use std::fmt;

/// An SP-API operation, under the name that Amazon's models give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are Amazon's own")]
pub enum Operation {
    CreateReport,
    GetReport,
    GetReports,
    CancelReport,
    GetReportDocument,
    CreateReportSchedule,
    GetReportSchedule,
    GetReportSchedules,
    CancelReportSchedule,
    CreateDestination,
    GetDestination,
    GetDestinations,
    DeleteDestination,
    CreateSubscription,
    GetSubscription,
    GetSubscriptions,
    GetSubscriptionById,
    DeleteSubscriptionById,
    CreateRestrictedDataToken,
    RotateApplicationClientSecret,
}

/// A token bucket: `per_second` calls come back each second, `burst` may be saved up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Calls per second.
    pub per_second: f64,
    /// Calls that may be made at once after a rest.
    pub burst: u32,
}

const fn rate(per_second: f64, burst: u32) -> Rate {
    Rate { per_second, burst }
}

/// The table itself, in the order of Amazon's documentation.
pub const RATES: [(Operation, &str, Rate); 20] = [
    (Operation::CreateReport, "createReport", rate(0.0167, 15)),
    (Operation::GetReport, "getReport", rate(2.0, 15)),
    (Operation::GetReports, "getReports", rate(0.0222, 10)),
    (Operation::CancelReport, "cancelReport", rate(0.0222, 10)),
    (
        Operation::GetReportDocument,
        "getReportDocument",
        rate(0.0167, 15),
    ),
    (
        Operation::CreateReportSchedule,
        "createReportSchedule",
        rate(0.0222, 10),
    ),
    (
        Operation::GetReportSchedule,
        "getReportSchedule",
        rate(0.0222, 10),
    ),
    (
        Operation::GetReportSchedules,
        "getReportSchedules",
        rate(0.0222, 10),
    ),
    (
        Operation::CancelReportSchedule,
        "cancelReportSchedule",
        rate(0.0222, 10),
    ),
    (Operation::CreateDestination, "createDestination", rate(1.0, 5)),
    (Operation::GetDestination, "getDestination", rate(1.0, 5)),
    (Operation::GetDestinations, "getDestinations", rate(1.0, 5)),
    (Operation::DeleteDestination, "deleteDestination", rate(1.0, 5)),
    (Operation::CreateSubscription, "createSubscription", rate(1.0, 5)),
    (Operation::GetSubscription, "getSubscription", rate(1.0, 5)),
    (Operation::GetSubscriptions, "getSubscriptions", rate(1.0, 5)),
    (
        Operation::GetSubscriptionById,
        "getSubscriptionById",
        rate(1.0, 5),
    ),
    (
        Operation::DeleteSubscriptionById,
        "deleteSubscriptionById",
        rate(1.0, 5),
    ),
    (
        Operation::CreateRestrictedDataToken,
        "createRestrictedDataToken",
        rate(1.0, 10),
    ),
    (
        Operation::RotateApplicationClientSecret,
        "rotateApplicationClientSecret",
        rate(0.0167, 1),
    ),
];

impl Operation {
    fn row(self) -> &'static (Self, &'static str, Rate) {
        RATES
            .iter()
            .find(|(operation, _, _)| *operation == self)
            .expect("every operation has its row; a test says so")
    }

    /// The `operationId` in Amazon's models: `createReport`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The published rate.
    #[must_use]
    pub fn rate(self) -> Rate {
        self.row().2
    }

    /// The operation with that `operationId`.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        RATES
            .iter()
            .find(|(_, known, _)| *known == name)
            .map(|(operation, _, _)| *operation)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_one_row_for_each_operation() {
        for (operation, name, _) in RATES {
            assert_eq!(operation.name(), name);
            assert_eq!(Operation::by_name(name), Some(operation));
        }
        // A new variant that has no row makes this match fail to compile.
        let rows = |operation: Operation| match operation {
            Operation::CreateReport
            | Operation::GetReport
            | Operation::GetReports
            | Operation::CancelReport
            | Operation::GetReportDocument
            | Operation::CreateReportSchedule
            | Operation::GetReportSchedule
            | Operation::GetReportSchedules
            | Operation::CancelReportSchedule
            | Operation::CreateDestination
            | Operation::GetDestination
            | Operation::GetDestinations
            | Operation::DeleteDestination
            | Operation::CreateSubscription
            | Operation::GetSubscription
            | Operation::GetSubscriptions
            | Operation::GetSubscriptionById
            | Operation::DeleteSubscriptionById
            | Operation::CreateRestrictedDataToken
            | Operation::RotateApplicationClientSecret => {
                RATES.iter().filter(|(known, _, _)| *known == operation).count()
            }
        };
        assert!(RATES.iter().all(|(operation, _, _)| rows(*operation) == 1));
    }
}
