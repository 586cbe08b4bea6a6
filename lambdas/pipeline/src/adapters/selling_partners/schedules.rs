//! Which schedules at Amazon were made here, so that their reports are known for ours: an announcement
//! does not say that its report was made by a schedule.

use std::fmt;
use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use sp_api::RegionCode;
use sp_api::ids::{ReportScheduleId, ReportType};

use super::{SellingPartners, if_there};
use crate::PipelineError;
use crate::domain::Account;

/// How long after its end a schedule's last report may be announced.
const FELT: Duration = Duration::from_secs(86_400);

/// A schedule that was made here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSchedule {
    /// Where.
    pub region: RegionCode,
    /// Of what.
    pub report_type: ReportType,
    /// Amazon's id for it.
    pub id: ReportScheduleId,
}

/// A schedule that was made here, and makes no more reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EndedSchedule {
    pub(super) at: Timestamp,
    pub(super) report_type: ReportType,
}

impl KeptSchedule {
    /// Reads what [`Display`](fmt::Display) writes.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let (region, report_type, id) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            region: RegionCode::parse(region)?,
            report_type: ReportType::parse(report_type).ok()?,
            id: ReportScheduleId::parse(id).ok()?,
        })
    }
}

impl fmt::Display for KeptSchedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {}", self.region, self.report_type, self.id)
    }
}

impl EndedSchedule {
    /// Reads what [`Display`](fmt::Display) writes.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (at, report_type) = text.split_once(' ')?;
        Some(Self {
            at: at.parse().ok()?,
            report_type: ReportType::parse(report_type).ok()?,
        })
    }

    /// Whether reports of it may still be announced.
    pub(super) fn is_felt_at(&self, now: Timestamp) -> bool {
        self.at + FELT > now
    }
}

impl fmt::Display for EndedSchedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.at, self.report_type)
    }
}

impl SellingPartners {
    /// Keeps a `schedule` of `seller`, besides others.
    ///
    /// # Errors
    /// [`PipelineError::SellerNotFound`] when nothing is kept of this selling partner (any more), or
    /// DynamoDB failed.
    pub async fn keep_schedule(
        &self,
        seller: &Account,
        schedule: &KeptSchedule,
    ) -> Result<(), PipelineError> {
        let values = [(":schedule", vec![schedule.to_string()])];
        if self
            .change_schedules(seller, "ADD schedules :schedule", values)
            .await?
        {
            Ok(())
        } else {
            Err(PipelineError::SellerNotFound(seller.seller().clone()))
        }
    }

    /// Keeps the schedule `id` of `seller` no longer, if it was made here: it makes no more reports.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn end_schedule(
        &self,
        seller: &Account,
        region: RegionCode,
        id: &ReportScheduleId,
    ) -> Result<(), PipelineError> {
        let texts = |value: Option<AttributeValue>| match value {
            Some(AttributeValue::Ss(texts)) => texts,
            _ => Vec::new(),
        };
        let kept = texts(self.attribute(seller, "schedules").await?);
        let is_it = |kept: &KeptSchedule| kept.region == region && kept.id == *id;
        let Some(kept) = kept
            .iter()
            .filter_map(|text| KeptSchedule::parse(text))
            .find(is_it)
        else {
            return Ok(());
        };
        let now = Timestamp::now();
        let ended = EndedSchedule {
            at: now,
            report_type: kept.report_type.clone(),
        };
        let values = [
            (":schedule", vec![kept.to_string()]),
            (":ended", vec![ended.to_string()]),
        ];
        let expression = "DELETE schedules :schedule ADD endedSchedules :ended";
        self.change_schedules(seller, expression, values).await?;

        let mut past = texts(self.attribute(seller, "endedSchedules").await?);
        past.retain(|text| EndedSchedule::parse(text).is_none_or(|ended| !ended.is_felt_at(now)));
        if !past.is_empty() {
            self.change_schedules(seller, "DELETE endedSchedules :past", [(":past", past)])
                .await?;
        }
        Ok(())
    }

    /// Whether there was a row to change.
    async fn change_schedules<const COUNT: usize>(
        &self,
        seller: &Account,
        expression: &str,
        values: [(&str, Vec<String>); COUNT],
    ) -> Result<bool, PipelineError> {
        let values = values.map(|(name, texts)| (name.to_owned(), AttributeValue::Ss(texts)));
        let result = self
            .update(seller)
            .update_expression(expression)
            // Who has been forgotten meanwhile stays so.
            .condition_expression("attribute_exists(sellerId)")
            .set_expression_attribute_values(Some(values.into()))
            .send()
            .await;
        if_there(result, UpdateItemError::is_conditional_check_failed_exception)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
    use aws_smithy_mocks::mock;

    use super::super::tests::{partners, seller};
    use super::*;

    fn schedule() -> KeptSchedule {
        KeptSchedule {
            region: RegionCode::Eu,
            report_type: ReportType::parse("GET_X").expect("valid"),
            id: ReportScheduleId::parse("50232018507").expect("valid"),
        }
    }

    /// What is changed in a row that has these two attributes, when our schedule in `region` ends.
    async fn changes(region: RegionCode) -> Vec<String> {
        let (sender, receiver) = std::sync::mpsc::channel();
        let get = mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| {
            let texts =
                |texts: &[&str]| AttributeValue::Ss(texts.iter().map(|it| (*it).to_owned()).collect());
            GetItemOutput::builder()
                .item("schedules", texts(&["NA GET_Y 1", "EU GET_X 50232018507"]))
                .item(
                    "endedSchedules",
                    texts(&["2026-01-01T00:00:00Z GET_Z", "garbage"]),
                )
                .build()
        });
        let update = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(move |request| {
                let expression = request.update_expression().expect("an update");
                let values = request.expression_attribute_values().expect("values");
                sender.send(format!("{expression} {values:?}")).is_ok()
            })
            .then_output(|| UpdateItemOutput::builder().build());
        partners(&[&get, &update], &[])
            .end_schedule(&seller(), region, &schedule().id)
            .await
            .expect("ended");
        receiver.try_iter().collect()
    }

    #[tokio::test]
    async fn a_schedule_that_ends_is_felt_for_a_while_and_older_ones_are_forgotten() {
        let changes = changes(RegionCode::Eu).await;
        let [ended, past] = &changes[..] else {
            panic!("{changes:?}");
        };
        assert!(
            ended.starts_with("DELETE schedules :schedule ADD endedSchedules :ended"),
            "{ended}"
        );
        assert!(ended.contains("EU GET_X 50232018507"), "{ended}");
        assert!(past.starts_with("DELETE endedSchedules :past"), "{past}");
        assert!(
            past.contains(r#"["2026-01-01T00:00:00Z GET_Z", "garbage"]"#),
            "{past}"
        );
        let now = Timestamp::now();
        let ended = EndedSchedule {
            at: now,
            report_type: schedule().report_type,
        };
        let ended = EndedSchedule::parse(&ended.to_string()).expect("read again");
        assert!(ended.is_felt_at(now) && !ended.is_felt_at(now + FELT));
    }

    #[tokio::test]
    async fn one_that_was_not_made_here_changes_nothing() {
        assert_eq!(changes(RegionCode::Fe).await, [""; 0]);
    }

    #[test]
    fn a_schedule_is_read_as_it_is_kept() {
        assert_eq!(KeptSchedule::parse(&schedule().to_string()), Some(schedule()));
    }
}
