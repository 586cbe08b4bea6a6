//! Which operation a method and a path mean, and what it needs.

use axum::http::Method;
use sp_api::rates::Operation;

use super::call::{Answer, Call};
use crate::lwa::{NOTIFICATIONS_SCOPE, ROTATION_SCOPE};
use crate::notifications::{destinations, subscriptions};
use crate::reports::{listing, operations};
use crate::{documents, restricted, rotation, schedules};

/// How an operation is carried out.
pub(crate) type Handler = fn(&Call<'_>) -> Answer;

/// Finds the operation, and what stands in the variable parts of the path.
pub(crate) fn find(method: &Method, path: &str) -> Option<(Operation, Handler, Vec<String>)> {
    let segments = path.strip_prefix('/')?.split('/').collect::<Vec<_>>();
    let (operation, handler, parameters) = match (segments.first()?, segments.get(1)?, &segments[2..]) {
        (&"reports", &"2021-06-30", rest) => reports(method, rest)?,
        (&"notifications", &"v1", rest) => notifications(method, rest)?,
        (&"tokens", &"2021-03-01", ["restrictedDataToken"]) if method == Method::POST => (
            Operation::CreateRestrictedDataToken,
            restricted::create as Handler,
            &[][..],
        ),
        (&"applications", &"2023-11-30", ["clientSecret"]) if method == Method::POST => (
            Operation::RotateApplicationClientSecret,
            rotation::rotate as Handler,
            &[][..],
        ),
        _ => return None,
    };
    let parameters = parameters
        .iter()
        .map(|text| percent_decode(text))
        .collect::<Option<Vec<_>>>()?;
    Some((operation, handler, parameters))
}

type Found<'a> = Option<(Operation, Handler, &'a [&'a str])>;

fn reports<'a>(method: &Method, segments: &'a [&'a str]) -> Found<'a> {
    let parameters = segments.get(1..).unwrap_or_default();
    Some(match (method.as_str(), segments) {
        ("POST", ["reports"]) => (Operation::CreateReport, operations::create_report, parameters),
        ("GET", ["reports"]) => (Operation::GetReports, listing::get_reports, parameters),
        ("GET", ["reports", _]) => (Operation::GetReport, operations::get_report, parameters),
        ("DELETE", ["reports", _]) => (Operation::CancelReport, operations::cancel_report, parameters),
        ("POST", ["schedules"]) => (Operation::CreateReportSchedule, schedules::create, parameters),
        ("GET", ["schedules"]) => (Operation::GetReportSchedules, schedules::list, parameters),
        ("GET", ["schedules", _]) => (Operation::GetReportSchedule, schedules::get, parameters),
        ("DELETE", ["schedules", _]) => (Operation::CancelReportSchedule, schedules::cancel, parameters),
        ("GET", ["documents", _]) => (
            Operation::GetReportDocument,
            documents::get_report_document,
            parameters,
        ),
        _ => return None,
    })
}

fn notifications<'a>(method: &Method, segments: &'a [&'a str]) -> Found<'a> {
    let parameters = segments.get(1..).unwrap_or_default();
    Some(match (method.as_str(), segments) {
        ("POST", ["destinations"]) => (Operation::CreateDestination, destinations::create, parameters),
        ("GET", ["destinations"]) => (Operation::GetDestinations, destinations::list, parameters),
        ("GET", ["destinations", _]) => (Operation::GetDestination, destinations::get, parameters),
        ("DELETE", ["destinations", _]) => (Operation::DeleteDestination, destinations::delete, parameters),
        ("GET", ["subscriptions"]) => (Operation::GetSubscriptions, subscriptions::list, parameters),
        ("POST", ["subscriptions", _]) => (Operation::CreateSubscription, subscriptions::create, parameters),
        ("GET", ["subscriptions", _]) => (Operation::GetSubscription, subscriptions::get, parameters),
        ("GET", ["subscriptions", _, _]) => (
            Operation::GetSubscriptionById,
            subscriptions::get_by_id,
            parameters,
        ),
        ("DELETE", ["subscriptions", _, _]) => (
            Operation::DeleteSubscriptionById,
            subscriptions::delete_by_id,
            parameters,
        ),
        _ => return None,
    })
}

/// The scope that the application's own token must have for an operation; `None` if that takes a seller's.
pub(crate) fn grantless_scope(operation: Operation) -> Option<&'static str> {
    match operation {
        Operation::CreateDestination
        | Operation::GetDestination
        | Operation::GetDestinations
        | Operation::DeleteDestination
        | Operation::GetSubscriptionById
        | Operation::DeleteSubscriptionById => Some(NOTIFICATIONS_SCOPE),
        Operation::RotateApplicationClientSecret => Some(ROTATION_SCOPE),
        _ => None,
    }
}

/// Decodes `%2E` and the like; `None` where that gives no text.
pub(crate) fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_operations() {
        let operation = |method: Method, path: &str| {
            find(&method, path).map(|(operation, _, parameters)| (operation.name(), parameters))
        };
        let found = operation(Method::GET, "/reports/2021-06-30/documents/a%2Eb");
        assert_eq!(found, Some(("getReportDocument", vec!["a.b".to_owned()])));
        let found = operation(Method::DELETE, "/notifications/v1/subscriptions/T/1");
        assert_eq!(
            found,
            Some(("deleteSubscriptionById", vec!["T".to_owned(), "1".to_owned()]))
        );
        let found = operation(Method::POST, "/applications/2023-11-30/clientSecret");
        assert_eq!(found, Some(("rotateApplicationClientSecret", Vec::new())));
        assert_eq!(operation(Method::PUT, "/reports/2021-06-30/reports"), None);
        assert_eq!(operation(Method::GET, "/"), None);
    }

    #[test]
    fn broken_escapes_are_no_text() {
        assert_eq!(percent_decode("%zz"), None);
        assert_eq!(percent_decode("%2"), None);
        assert_eq!(percent_decode("%ff"), None);
    }
}
