use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::Timestamp;
use sp_api::RegionCode;

use super::reports::document;
use super::row::{LedgerRow, number, text, time};
use super::{Ledger, RowKey, Written, send};
use crate::PipelineError;
use crate::domain::FinishedReport;
use crate::domain::ledger::Stage;
use crate::domain::stages::StoredDocument;

/// Clocks differ by less.
const CLOCKS: Duration = Duration::from_secs(1);

/// What there is to tell about a report or an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnouncementKind {
    /// How the report ended.
    End,
    /// That it can't be delivered, or the order not be placed.
    Failure,
    /// That Amazon takes long to make it.
    Slowness,
}

/// Somebody who is about to tell the news.
#[derive(Clone, Copy, Debug)]
pub struct Teller<'a> {
    /// The invocation's request id; no other invocation has it.
    pub name: &'a str,
    /// When it has ended, in any case.
    pub until: Timestamp,
}

impl<'a> Teller<'a> {
    /// An invocation called `name` that ends at `deadline`.
    ///
    /// # Errors
    /// That is no time.
    pub fn of_invocation(name: &'a str, deadline: SystemTime) -> Result<Self, PipelineError> {
        let until = Timestamp::try_from(deadline + CLOCKS)
            .map_err(|error| PipelineError::InvalidInput(error.to_string()))?;
        Ok(Self { name, until })
    }
}

/// Whose turn it is to tell the news.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// The teller's, until its time is up: nobody else tells them meanwhile. The row as it is now.
    Ours(LedgerRow),
    /// Somebody else's, whose time is not up yet.
    Others,
    /// Nobody's: they have been told.
    Past,
}

impl Ledger {
    /// Takes the turn to tell the seller: two executions of one delivery may come here at the same time.
    /// Whoever dies in its turn lets it end by itself. It can be taken again by who has it: what DynamoDB
    /// answered the first time may have been lost.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn take_turn(
        &self,
        row: impl Into<RowKey<'_>>,
        kind: AnnouncementKind,
        teller: Teller<'_>,
    ) -> Result<Turn, PipelineError> {
        let untold = match kind {
            AnnouncementKind::End => "attribute_not_exists(announcedAt)",
            // A failure that comes after the good news is none to tell of.
            AnnouncementKind::Failure => {
                "attribute_not_exists(announcedAt) AND attribute_not_exists(failureAnnouncedAt)"
            }
            // Nor is that it took long, once Amazon is done.
            AnnouncementKind::Slowness => {
                "attribute_not_exists(announcedAt) AND attribute_not_exists(notifiedAt) AND attribute_not_exists(slowSince)"
            }
        };
        let update = self
            .update_row(row.into())
            .update_expression("SET announcingUntil = :until, announcingBy = :by")
            .condition_expression(format!(
                "{untold} AND (attribute_not_exists(announcingUntil) OR announcingUntil < :now \
                 OR announcingBy = :by)"
            ))
            .expression_attribute_values(":until", time(teller.until))
            .expression_attribute_values(":by", text(teller.name))
            .expression_attribute_values(":now", time(Timestamp::now()))
            .return_values(ReturnValue::AllNew);
        Ok(match send(update).await? {
            Written::Yes(row) => Turn::Ours(row),
            Written::No(row) if is_told(&row, kind) => Turn::Past,
            Written::No(_) => Turn::Others,
        })
    }

    /// Ends a turn in which nothing could be told, so that the next may come at once.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn end_turn(
        &self,
        row: impl Into<RowKey<'_>>,
        teller: Teller<'_>,
    ) -> Result<(), PipelineError> {
        let update = self
            .update_row(row.into())
            .update_expression("REMOVE announcingUntil, announcingBy")
            .condition_expression("announcingBy = :by")
            .expression_attribute_values(":by", text(teller.name));
        send(update).await.map(drop)
    }

    /// Completes the row of a report whose seller has been told. It stays as long as the document, `kept`.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_announcement(
        &self,
        report: &FinishedReport,
        region: Option<RegionCode>,
        stored: Option<&StoredDocument>,
        kept: Duration,
    ) -> Result<(), PipelineError> {
        send(self.announced(report, region, stored, kept, &[]))
            .await
            .map(drop)
    }

    /// The update that completes a row, with `more` in it.
    pub(super) fn announced(
        &self,
        report: &FinishedReport,
        region: Option<RegionCode>,
        stored: Option<&StoredDocument>,
        kept: Duration,
        more: &[(&'static str, AttributeValue)],
    ) -> UpdateItemFluentBuilder {
        let now = Timestamp::now();
        let mut more = more.to_vec();
        more.extend([
            ("expiresAt", number((now + kept).as_second())),
            ("processingStatus", text(report.processing_status.as_str())),
            ("reportType", text(report.report_type.as_str())),
        ]);
        if let Some(region) = region {
            more.push(("regionCode", text(region.as_str())));
        }
        more.extend(stored.map(document).into_iter().flatten());
        self.stage(
            report,
            Stage::Ended(report.processing_status),
            now,
            &more,
            // A delivery that succeeds after all leaves nothing of its earlier failure.
            "REMOVE #error, errorCause, failedAt, failureAnnouncedAt, announcingUntil, announcingBy, due, dueAt",
            "<=",
        )
        .expression_attribute_names("#error", "error")
    }

    /// Writes that the seller has been told of a delivery that failed.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_failure_announcement(&self, row: impl Into<RowKey<'_>>) -> Result<(), PipelineError> {
        let update = self
            .update_row(row.into())
            .update_expression("SET failureAnnouncedAt = :now REMOVE announcingUntil, announcingBy")
            .expression_attribute_values(":now", time(Timestamp::now()));
        send(update).await.map(drop)
    }

    /// Writes why an e-mail about a row was refused for good, if the row is there still. The turn goes on.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_mail_refusal(
        &self,
        row: impl Into<RowKey<'_>>,
        refusal: &str,
    ) -> Result<(), PipelineError> {
        let update = self
            .update_row(row.into())
            .update_expression("SET mailError = :refusal")
            .condition_expression("attribute_exists(sellerId)")
            .expression_attribute_values(":refusal", text(refusal));
        send(update).await.map(drop)
    }

    /// Writes that the seller has been told of a report that Amazon takes long to make, and ends the turn.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_slowness(
        &self,
        row: impl Into<RowKey<'_>>,
        teller: Teller<'_>,
    ) -> Result<(), PipelineError> {
        let update = self
            .update_row(row.into())
            .update_expression("SET slowSince = :now REMOVE announcingUntil, announcingBy")
            .condition_expression("announcingBy = :by")
            .expression_attribute_values(":by", text(teller.name))
            .expression_attribute_values(":now", time(Timestamp::now()));
        send(update).await.map(drop)
    }
}

fn is_told(row: &LedgerRow, kind: AnnouncementKind) -> bool {
    let told = |at: &str| row.time(at).is_some();
    told("announcedAt")
        || match kind {
            AnnouncementKind::End => false,
            AnnouncementKind::Failure => told("failureAnnouncedAt"),
            AnnouncementKind::Slowness => told("notifiedAt") || told("slowSince"),
        }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
    use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;
    use crate::domain::Crc64Nvme;

    const UNTIL: &str = "2026-11-22T05:00:30.000Z";

    fn ledger(rule: &Rule) -> Ledger {
        Ledger::new(
            mock_client!(aws_sdk_dynamodb, RuleMode::Sequential, &[rule]),
            "reports".into(),
        )
    }

    fn report() -> FinishedReport {
        serde_json::from_value(serde_json::json!({
            "SellerId": "A3TH9S8BH6GOGM", "ReportId": "54517018502", "ReportType": "GET_X",
            "ProcessingStatus": "DONE", "ReportDocumentId": "d",
        }))
        .expect("a report")
    }

    async fn take_turn(rule: &Rule, kind: AnnouncementKind) -> Turn {
        let teller = Teller {
            name: "request-1",
            until: UNTIL.parse().expect("a time"),
        };
        let taken = ledger(rule)
            .take_turn((&report().seller_id, "1"), kind, teller)
            .await;
        taken.expect("asked")
    }

    /// The row that is in the way has these times.
    fn refused(times: &'static [&'static str]) -> Rule {
        mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
            let row: HashMap<_, _> = times
                .iter()
                .map(|name| ((*name).to_owned(), text(UNTIL)))
                .collect();
            let error = ConditionalCheckFailedException::builder()
                .set_item(Some(row))
                .build();
            UpdateItemError::ConditionalCheckFailedException(error)
        })
    }

    #[tokio::test]
    async fn one_takes_the_turn_and_sees_the_row() {
        let free = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| {
                let values = request.expression_attribute_values().expect("values");
                let may_ask_again = request
                    .condition_expression()
                    .is_some_and(|it| it.ends_with("OR announcingBy = :by)"));
                values[":until"] == text(UNTIL)
                    && values[":by"] == text("request-1")
                    && may_ask_again
                    && request.return_values() == Some(&ReturnValue::AllNew)
            })
            .then_output(|| {
                UpdateItemOutput::builder()
                    .attributes("regionCode", text("EU"))
                    .build()
            });
        match take_turn(&free, AnnouncementKind::End).await {
            Turn::Ours(row) => assert_eq!(row.region(), Some(RegionCode::Eu)),
            turn => panic!("{turn:?}"),
        }
    }

    #[tokio::test]
    async fn the_others_wait_until_it_is_over_and_tell_nothing_that_is_told() {
        assert_eq!(
            take_turn(&refused(&["announcingUntil"]), AnnouncementKind::End).await,
            Turn::Others
        );
        assert_eq!(
            take_turn(&refused(&["announcedAt"]), AnnouncementKind::End).await,
            Turn::Past
        );
        assert_eq!(
            take_turn(&refused(&["announcedAt"]), AnnouncementKind::Failure).await,
            Turn::Past
        );
        let failed = refused(&["failureAnnouncedAt"]);
        assert_eq!(take_turn(&failed, AnnouncementKind::Failure).await, Turn::Past);
        for past in [refused(&["slowSince"]), refused(&["notifiedAt"])] {
            assert_eq!(take_turn(&past, AnnouncementKind::Slowness).await, Turn::Past);
        }
        // Good news after bad ones are news, so this one is in somebody's turn.
        let failed = refused(&["failureAnnouncedAt", "announcingUntil"]);
        assert_eq!(take_turn(&failed, AnnouncementKind::End).await, Turn::Others);
    }

    #[tokio::test]
    async fn an_announcement_completes_the_row() {
        let update = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| {
                let values = request.expression_attribute_values().expect("values");
                values[":status"] == text("ANNOUNCED")
                    && request.update_expression().is_some_and(|it| {
                        it.ends_with("failureAnnouncedAt, announcingUntil, announcingBy, due, dueAt")
                    })
                    && values[":bytes"] == number(5)
                    && values[":expiresAt"].as_n().is_ok()
                    && values[":notes"] == AttributeValue::L(vec![text("odd")])
                    && !values.contains_key(":charset")
                    && values[":objectKey"] == text("key")
            })
            .then_output(|| UpdateItemOutput::builder().build());
        let stored = StoredDocument {
            notes: vec!["odd".into()],
            ..StoredDocument::new("key".into(), 5, Crc64Nvme::EMPTY)
        };
        ledger(&update)
            .record_announcement(&report(), None, Some(&stored), Duration::from_secs(86_400))
            .await
            .expect("recorded");
        assert_eq!(update.num_calls(), 1);
    }
}
