//! Reports that Amazon takes long to make: told of once, and waited for.

use std::time::Duration;

use jiff::Timestamp;
use pipeline::adapters::{AnnouncementKind, Teller};
use pipeline::domain::ledger::look_again;
use pipeline::domain::news::{Circumstances, News};
use pipeline::domain::{Announcement, SlowReport};
use pipeline::logging::About;
use pipeline::telling::Publisher;
use pipeline::{PipelineError, persistently};

/// How long a turn to tell something lasts. Other news of the same row wait for that.
const TURN: Duration = Duration::from_secs(30);

/// Who tells of slow reports.
pub struct SlowReports {
    pub publisher: Publisher,
    /// How long after the order a report is slow.
    pub after: Duration,
}

impl SlowReports {
    /// When to look again at `report`. Its owner is told when it is slow, unless that has been done.
    pub async fn wait_for(&self, report: &SlowReport, is_told: bool, overdue: Duration) -> Timestamp {
        let now = Timestamp::now();
        let mut is_told = is_told;
        if !is_told && report.ordered_at + self.after <= now {
            match self.tell(report).await {
                Ok(()) => is_told = true,
                Err(error) => {
                    let about = About::report(&report.seller_id, &report.report_id);
                    tracing::warn!("{about} is slow, and its owner is not told yet: {error}");
                }
            }
        }
        self.look_again(report.ordered_at, now, is_told, overdue)
    }

    /// When to look again at a report that was ordered at `since`: ever more rarely, but not so rarely
    /// that nobody notices in time that it is slow.
    pub fn look_again(
        &self,
        since: Timestamp,
        now: Timestamp,
        is_told: bool,
        overdue: Duration,
    ) -> Timestamp {
        let later = look_again(since, now, overdue);
        if is_told {
            return later;
        }
        let slow_from = since + self.after;
        later.min(if slow_from > now { slow_from } else { now + overdue })
    }

    async fn tell(&self, report: &SlowReport) -> Result<(), PipelineError> {
        let (row, name) = ((&report.seller_id, report.report_id.as_str()), teller_name());
        let teller = teller(&name);
        let kind = AnnouncementKind::Slowness;
        let Some(turn) = self.publisher.take_turn(row, kind, teller).await? else {
            return Ok(());
        };
        let told = Circumstances {
            region: Some(report.region),
            particulars: &report.particulars,
            releases: turn.row.releases(),
            now: Timestamp::now(),
        };
        let news = News::of_slow(report, &told);
        turn.publish(&news, &Announcement::of_slow(report, &told)).await?;
        let about = About::report(&report.seller_id, &report.report_id);
        tracing::info!("{about} is slow, and its owner is told");
        persistently(|| self.publisher.ledger().record_slowness(row, teller)).await
    }
}

/// A run tells many things: each teller has a name of its own.
pub fn teller_name() -> String {
    format!("reconciler-{:032x}", fastrand::u128(..))
}

/// Who tells, and has told before the run ends.
pub fn teller(name: &str) -> Teller<'_> {
    Teller {
        name,
        until: Timestamp::now() + TURN,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
    use aws_sdk_sns::operation::publish::{PublishError, PublishOutput};
    use aws_sdk_sns::types::error::InvalidParameterException;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use pipeline::adapters::Ledger;
    use pipeline::domain::{Account, Particulars};
    use sp_api::ids::{ReportId, ReportType};
    use sp_api::{ProcessingStatus, RegionCode};

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const OVERDUE: Duration = Duration::from_secs(1800);

    /// In how many minutes to look again at a report that was ordered so many hours ago.
    async fn wait_for(hours: u32, is_told: bool, publish: &Rule, updates: &[&Rule]) -> u64 {
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::Sequential, updates);
        let slow = SlowReports {
            publisher: test_doubles::publisher(publish, Ledger::new(dynamodb, "reports".into())),
            after: 24 * HOUR,
        };
        let report = SlowReport {
            seller_id: Account::parse("A3").expect("valid"),
            report_id: ReportId::parse("1").expect("valid"),
            report_type: ReportType::parse("GET_X").expect("valid"),
            region: RegionCode::Eu,
            processing_status: ProcessingStatus::InQueue,
            ordered_at: Timestamp::now() - hours * HOUR,
            particulars: Particulars::default(),
        };
        let at = slow.wait_for(&report, is_told, OVERDUE).await;
        let pause = Duration::try_from(at - Timestamp::now()).expect("later");
        (pause.as_secs_f64() / 60.0).round() as u64
    }

    fn published() -> Rule {
        mock!(aws_sdk_sns::Client::publish)
            .match_requests(|request| {
                let attributes = request.message_attributes().expect("attributes");
                request
                    .subject()
                    .is_some_and(|it| it.starts_with("Amazon report slow: GET_X, "))
                    && attributes["Outcome"].string_value() == Some("ReportSlow")
                    && !attributes.contains_key("ProcessingStatus")
            })
            .then_output(|| PublishOutput::builder().build())
    }

    fn update(expression: &'static str) -> Rule {
        mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(move |request| {
                request
                    .update_expression()
                    .is_some_and(|it| it.starts_with(expression))
            })
            .then_output(|| UpdateItemOutput::builder().build())
    }

    #[tokio::test]
    async fn the_owner_of_a_slow_report_is_told_and_its_row_says_so() {
        let (mail, turn, told) = (
            published(),
            update("SET announcingUntil"),
            update("SET slowSince"),
        );
        let slot = update("SET slot1");
        assert_eq!(wait_for(25, false, &mail, &[&turn, &slot, &told]).await, 360);
        assert_eq!((mail.num_calls(), turn.num_calls(), told.num_calls()), (1, 1, 1));
    }

    #[tokio::test]
    async fn nobody_is_told_too_soon_or_twice() {
        let mail = published();
        assert_eq!(wait_for(2, false, &mail, &[]).await, 60);
        assert_eq!(
            wait_for(20, false, &mail, &[]).await,
            240,
            "when it begins to be slow"
        );
        assert_eq!(wait_for(20, true, &mail, &[]).await, 360);
        assert_eq!(wait_for(25, true, &mail, &[]).await, 360);
        let past = mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
            let at = aws_sdk_dynamodb::types::AttributeValue::S("2026-11-22T05:00:00.000Z".to_owned());
            test_doubles::unmet(Some([("slowSince".to_owned(), at)].into()))
        });
        assert_eq!(wait_for(25, false, &mail, &[&past]).await, 360);
        assert_eq!(mail.num_calls(), 0);
    }

    #[tokio::test]
    async fn what_could_not_be_told_is_told_soon() {
        let refused = mock!(aws_sdk_sns::Client::publish).then_error(|| {
            PublishError::InvalidParameterException(InvalidParameterException::builder().build())
        });
        let (turn, end) = (update("SET announcingUntil"), update("REMOVE announcingUntil"));
        let slot = update("SET slot1");
        assert_eq!(wait_for(25, false, &refused, &[&turn, &slot, &end]).await, 30);
        assert_eq!(end.num_calls(), 1);
    }
}
