//! When sellers gave their authorizations, and who has been reminded that one ends.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use sp_api::RegionCode;

use super::{Row, SellingPartners, if_there, region_in};
use crate::PipelineError;
use crate::domain::{Account, AuthorizationTerm, EndingAuthorization};

/// The last reminder that has been sent of the authorization's end: how many days before it.
pub(super) const REMINDER: &str = "authorizationReminder";

/// What is read of an authorization, besides whose it is.
pub(super) const READ: &str = "authorizedAt, updatedAt, authorizationReminder";

/// Which authorizations were given between two times. Rows that are older than this was kept know when their
/// token was stored.
pub(super) const IS_GIVEN_BETWEEN: &str = "authorizedAt BETWEEN :from AND :until \
     OR (attribute_not_exists(authorizedAt) AND updatedAt BETWEEN :from AND :until)";

/// An authorization that a seller has given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Whose.
    pub account: Account,
    /// Where, if that is known.
    pub region: Option<RegionCode>,
    /// When.
    pub at: Timestamp,
    /// The last reminder of its end: how many days before it.
    pub reminder: Option<u16>,
}

impl Given {
    pub(super) fn read(row: &Row) -> Option<Self> {
        let account = Account::parse(row.get("sellerId")?.as_s().ok()?).ok()?;
        Some(Self {
            region: account.further_region().or_else(|| region_in(row)),
            account,
            at: given_at(row)?,
            reminder: row.get(REMINDER).and_then(|days| days.as_n().ok()?.parse().ok()),
        })
    }

    /// The reminder that is due at `now`, and has not been sent.
    #[must_use]
    pub fn ending(&self, term: AuthorizationTerm, now: Timestamp) -> Option<EndingAuthorization> {
        let reminder = term.reminder(self.at, now)?;
        if self.reminder.is_some_and(|last| last <= reminder) {
            return None;
        }
        Some(EndingAuthorization {
            account: self.account.clone(),
            region: self.region,
            authorized_at: self.at,
            ends_at: term.end(self.at)?,
            reminder,
        })
    }
}

/// When the authorization of a row was given.
pub(super) fn given_at(row: &Row) -> Option<Timestamp> {
    let at = row.get("authorizedAt").or_else(|| row.get("updatedAt"))?;
    at.as_s().ok()?.parse().ok()
}

impl SellingPartners {
    /// Notes that a reminder of an authorization's end has been sent, unless there is another authorization now.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_reminder(&self, ending: &EndingAuthorization) -> Result<(), PipelineError> {
        let result = self
            .update(&ending.account)
            .update_expression(format!("SET {REMINDER} = :days"))
            .condition_expression(
                "authorizedAt = :at OR (attribute_not_exists(authorizedAt) AND updatedAt = :at)",
            )
            .expression_attribute_values(":days", AttributeValue::N(ending.reminder.to_string()))
            .expression_attribute_values(":at", AttributeValue::S(ending.authorized_at.to_string()))
            .send()
            .await;
        if_there(result, UpdateItemError::is_conditional_check_failed_exception).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::scan::ScanOutput;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
    use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
    use aws_smithy_mocks::mock;

    use super::super::tests::{partners, seller};
    use super::*;

    const GIVEN: &str = "2026-01-01T00:00:00Z";

    fn text(value: &str) -> AttributeValue {
        AttributeValue::S(value.to_owned())
    }

    fn row(more: &[(&str, AttributeValue)]) -> Row {
        let id = [("sellerId", text("A3TH9S8BH6GOGM"))];
        let all = id.iter().chain(more);
        all.map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    }

    fn at(time: &str) -> Timestamp {
        time.parse().expect("a time")
    }

    fn term() -> AuthorizationTerm {
        "365".parse().expect("valid")
    }

    /// The reminder that is due then, of a row with these attributes.
    fn due(more: &[(&str, AttributeValue)], now: &str) -> Option<u16> {
        let ending = Given::read(&row(more))?.ending(term(), at(now))?;
        Some(ending.reminder)
    }

    #[test]
    fn each_reminder_is_due_once() {
        let given = ("authorizedAt", text(GIVEN));
        let reminded = |days: &str| [given.clone(), (REMINDER, AttributeValue::N(days.to_owned()))];
        assert_eq!(
            due(std::slice::from_ref(&given), "2026-12-03T00:00:00Z"),
            Some(30)
        );
        assert_eq!(due(&reminded("30"), "2026-12-03T00:00:00Z"), None);
        assert_eq!(due(&reminded("30"), "2026-12-26T00:00:00Z"), Some(7));
        assert_eq!(due(&reminded("7"), "2026-12-26T00:00:00Z"), None);
        assert_eq!(due(&reminded("1"), "2026-12-31T12:00:00Z"), None);
        // Where nobody looked in time, only the last one is still worth sending.
        assert_eq!(due(&[given], "2026-12-31T12:00:00Z"), Some(1));
    }

    #[test]
    fn of_an_old_row_it_counts_when_its_token_was_stored() {
        let old = ("updatedAt", text(GIVEN));
        assert_eq!(due(std::slice::from_ref(&old), "2026-12-03T00:00:00Z"), Some(30));
        let both = [old, ("authorizedAt", text("2026-06-01T00:00:00Z"))];
        assert_eq!(due(&both, "2026-12-03T00:00:00Z"), None);
        assert_eq!(due(&[], "2026-12-03T00:00:00Z"), None);
    }

    #[tokio::test]
    async fn a_walk_asks_for_both_and_takes_each_row_for_what_it_is() {
        let scan = mock!(aws_sdk_dynamodb::Client::scan)
            .match_requests(|request| {
                let values = request.expression_attribute_values().expect("values");
                request.filter_expression().is_some_and(|it| {
                    it.starts_with("attribute_exists(discoverReportTypes) OR authorizedAt BETWEEN")
                }) && values[":from"] == text("2025-12-03T00:00:00Z")
                    && values[":until"] == text("2026-01-02T00:00:00Z")
                    && !request
                        .projection_expression()
                        .is_some_and(|it| it.contains("Token"))
            })
            .then_output(|| {
                let discovering = [
                    ("regionCode", text("EU")),
                    ("discoverReportTypes", AttributeValue::Ss(vec!["GET_A".into()])),
                    ("discoverSince", text("2026-11-22T05:00:00Z")),
                ];
                ScanOutput::builder()
                    .items(row(&[("authorizedAt", text(GIVEN)), ("regionCode", text("EU"))]))
                    .items(row(&discovering))
                    .build()
            });
        let walked = partners(&[&scan], &[])
            .walk(term().ending(at("2026-12-03T00:00:00Z")))
            .await
            .expect("read");
        let expected = Given {
            account: seller(),
            region: Some(RegionCode::Eu),
            at: at(GIVEN),
            reminder: None,
        };
        assert_eq!(walked.given, [expected]);
        assert_eq!(walked.discovering.len(), 1);
    }

    #[tokio::test]
    async fn whoever_has_authorized_again_meanwhile_has_not_been_reminded() {
        let given = Given::read(&row(&[("authorizedAt", text(GIVEN))])).expect("one");
        let ending = given.ending(term(), at("2026-12-03T00:00:00Z")).expect("due");
        let noted = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| {
                let values = request.expression_attribute_values().expect("values");
                request.update_expression() == Some("SET authorizationReminder = :days")
                    && request
                        .condition_expression()
                        .is_some_and(|it| it.starts_with("authorizedAt = :at"))
                    && values[":at"] == text(GIVEN)
                    && values[":days"] == AttributeValue::N("30".into())
            })
            .then_output(|| UpdateItemOutput::builder().build());
        partners(&[&noted], &[])
            .record_reminder(&ending)
            .await
            .expect("noted");
        let renewed = mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
            let error = ConditionalCheckFailedException::builder().build();
            UpdateItemError::ConditionalCheckFailedException(error)
        });
        partners(&[&renewed], &[])
            .record_reminder(&ending)
            .await
            .expect("nothing to note");
    }
}
