//! Since when reports of which types are looked for, and what of their history is still to be begun.

use std::collections::BTreeSet;

use crate::domain::Account;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{Timestamp, TimestampRound, Unit};
use sp_api::RegionCode;
use sp_api::ids::ReportType;

use super::discovery::REGION;
use super::{Row, SellingPartners, if_there};
use crate::PipelineError;
use crate::domain::backfill::{BackfillId, Joined, NewBackfill, join};

/// How often the row is read again because somebody else has changed it meanwhile.
const ATTEMPTS: u8 = 5;

impl SellingPartners {
    /// Remembers of which types reports are to be looked for, and which history that asks for: since
    /// `since`, or as far back as Amazon's list reaches.
    pub(super) async fn join(
        &self,
        seller: &Account,
        region: RegionCode,
        types: &BTreeSet<ReportType>,
        since: Option<Timestamp>,
    ) -> Result<(), PipelineError> {
        for _ in 0..ATTEMPTS {
            let read = "sellerId, discoverReportTypes, discoverSince, discoverJoined";
            let Some(row) = self.row(seller, read).await? else {
                return Err(PipelineError::SellerNotFound(seller.seller().clone()));
            };
            let update = self.joining(seller, region, types, since, &row);
            if if_there(
                update.send().await,
                UpdateItemError::is_conditional_check_failed_exception,
            )? {
                return Ok(());
            }
        }
        Err(PipelineError::AwsTransient {
            service: "DynamoDB",
            message: "others change what is looked for at the same time".to_owned(),
        })
    }

    fn joining(
        &self,
        seller: &Account,
        region: RegionCode,
        types: &BTreeSet<ReportType>,
        since: Option<Timestamp>,
        row: &Row,
    ) -> UpdateItemFluentBuilder {
        // Amazon says to the second when a report was created.
        let second = TimestampRound::new()
            .smallest(Unit::Second)
            .mode(jiff::RoundMode::Floor);
        let now = Timestamp::now();
        let now = now.round(second).unwrap_or(now);
        let (joined, windows) = join(&joined(row), types, since, now);
        let names = types.iter().map(|name| name.as_str().to_owned()).collect();
        let mut expression = format!(
            "SET {REGION}, discoverRegion = :region, discoverReportTypes = :types, discoverJoined = :joined, \
             discoverSince = if_not_exists(discoverSince, :now)"
        );
        // Who has been forgotten meanwhile stays so, and what others have changed is read again.
        let mut condition = "attribute_exists(sellerId)".to_owned();
        let mut update = self
            .update(seller)
            .expression_attribute_values(":region", AttributeValue::S(region.to_string()))
            .expression_attribute_values(":types", AttributeValue::Ss(names))
            .expression_attribute_values(
                ":joined",
                AttributeValue::Ss(joined.iter().map(ToString::to_string).collect()),
            )
            .expression_attribute_values(":now", AttributeValue::S(now.to_string()));
        for name in ["discoverReportTypes", "discoverJoined"] {
            match row.get(name) {
                Some(before) => {
                    condition.push_str(&format!(" AND {name} = :before{name}"));
                    update = update.expression_attribute_values(format!(":before{name}"), before.clone());
                }
                None => condition.push_str(&format!(" AND attribute_not_exists({name})")),
            }
        }
        if !windows.is_empty() {
            let backfill = NewBackfill {
                id: BackfillId::random(seller),
                region,
                windows,
            };
            expression.push_str(" ADD backfills :backfill");
            update =
                update.expression_attribute_values(":backfill", AttributeValue::Ss(vec![written(&backfill)]));
        }
        update
            .update_expression(expression)
            .condition_expression(condition)
    }

    /// Notes that a backfill has begun that a call had asked for.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_begun(&self, seller: &Account, backfill: &NewBackfill) -> Result<(), PipelineError> {
        let result = self
            .update(seller)
            .update_expression("DELETE backfills :backfill")
            // Who has been forgotten meanwhile stays so.
            .condition_expression("attribute_exists(sellerId)")
            .expression_attribute_values(":backfill", AttributeValue::Ss(vec![written(backfill)]))
            .send()
            .await;
        if_there(result, UpdateItemError::is_conditional_check_failed_exception).map(drop)
    }
}

fn written(backfill: &NewBackfill) -> String {
    serde_json::to_string(backfill).expect("a struct of texts")
}

/// The types that are looked for. Those that were before it was written down since when have no history:
/// nobody has asked for it.
pub(super) fn joined(row: &Row) -> Vec<Joined> {
    let known: Vec<Joined> = texts(row, "discoverJoined")
        .filter_map(|text| Joined::parse(text))
        .collect();
    let since = row.get("discoverSince").and_then(|it| it.as_s().ok());
    let since: Option<Timestamp> = since.and_then(|since| since.parse().ok());
    let types = texts(row, "discoverReportTypes").filter_map(|name| ReportType::parse(name).ok());
    types
        .filter_map(|report_type| {
            let of_type = known.iter().find(|it| it.report_type == report_type).cloned();
            of_type.or_else(|| {
                Some(Joined {
                    report_type,
                    at: since?,
                    since: since?,
                })
            })
        })
        .collect()
}

/// The backfills that were asked for, and have not begun.
pub(super) fn asked_for(row: &Row) -> Vec<NewBackfill> {
    texts(row, "backfills")
        .filter_map(|text| serde_json::from_str(text).ok())
        .collect()
}

fn texts<'a>(row: &'a Row, name: &str) -> impl Iterator<Item = &'a String> + use<'a> {
    let set = row.get(name).and_then(|value| value.as_ss().ok());
    set.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::update_item::{UpdateItemInput, UpdateItemOutput};
    use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
    use aws_smithy_mocks::{Rule, RuleMode, mock};

    use super::super::tests::{partners, partners_in, seller};
    use super::*;

    fn text(value: &str) -> AttributeValue {
        AttributeValue::S(value.to_owned())
    }

    fn set(values: &[&str]) -> AttributeValue {
        AttributeValue::Ss(values.iter().map(|it| (*it).to_owned()).collect())
    }

    fn row(attributes: &[(&str, AttributeValue)]) -> Row {
        let row = attributes.iter().cloned();
        row.map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn reading(row: Option<Row>) -> Rule {
        mock!(aws_sdk_dynamodb::Client::get_item)
            .then_output(move || GetItemOutput::builder().set_item(row.clone()).build())
    }

    fn types(names: &[&str]) -> BTreeSet<ReportType> {
        let parse = |name: &&str| ReportType::parse(name).expect("valid");
        names.iter().map(parse).collect()
    }

    /// What a call that names GET_A writes into a row.
    async fn joining(before: Row, since: Option<&str>) -> UpdateItemInput {
        let (sender, receiver) = channel();
        let update = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(move |request| sender.send(request.clone()).is_ok())
            .then_output(|| UpdateItemOutput::builder().build());
        let since = since.map(|since| since.parse().expect("a time"));
        partners(&[&reading(Some(before)), &update], &[])
            .join(&seller(), RegionCode::Eu, &types(&["GET_A"]), since)
            .await
            .expect("remembered");
        receiver.try_recv().expect("one update")
    }

    fn asked(update: &UpdateItemInput) -> Vec<NewBackfill> {
        let values = update.expression_attribute_values().expect("values");
        let row = values
            .get(":backfill")
            .map(|it| row(&[("backfills", it.clone())]));
        row.map(|row| asked_for(&row)).unwrap_or_default()
    }

    #[tokio::test]
    async fn who_joins_asks_for_what_was_before() {
        let update = joining(row(&[("sellerId", text("A3"))]), Some("2026-11-01T00:00:00Z")).await;
        let [backfill] = &asked(&update)[..] else {
            panic!("{update:?}")
        };
        assert_eq!(backfill.region, RegionCode::Eu);
        assert_eq!(
            backfill.windows[0].since,
            "2026-11-01T00:00:00Z".parse().expect("a time")
        );
        let condition = update.condition_expression().expect("a condition");
        assert!(
            condition.ends_with(
                "attribute_not_exists(discoverReportTypes) AND attribute_not_exists(discoverJoined)"
            ),
            "{condition}"
        );
        // What it says is what the next call finds.
        let values = update.expression_attribute_values().expect("values");
        let next = joining(
            row(&[
                ("discoverReportTypes", values[":types"].clone()),
                ("discoverJoined", values[":joined"].clone()),
            ]),
            None,
        )
        .await;
        assert_eq!(asked(&next), []);
        let condition = next.condition_expression().expect("a condition");
        assert!(
            condition.ends_with("discoverJoined = :beforediscoverJoined"),
            "{condition}"
        );
    }

    #[tokio::test]
    async fn who_joined_before_there_were_backfills_gets_none_unless_asked_for() {
        let before = row(&[
            ("discoverReportTypes", set(&["GET_A"])),
            ("discoverSince", text("2026-11-10T05:00:00Z")),
        ]);
        assert_eq!(asked(&joining(before.clone(), None).await), []);
        let earlier = asked(&joining(before, Some("2026-11-01T00:00:00Z")).await);
        assert_eq!(
            earlier[0].windows[0].until,
            "2026-11-10T05:00:00Z".parse().expect("a time")
        );
    }

    fn unmet() -> Rule {
        mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
            let error = ConditionalCheckFailedException::builder().build();
            UpdateItemError::ConditionalCheckFailedException(error)
        })
    }

    #[tokio::test]
    async fn what_others_change_meanwhile_is_read_again_and_who_is_forgotten_stays_so() {
        let known = reading(Some(row(&[("sellerId", text("A3"))])));
        let forgotten = reading(None);
        let rules = [&known, &unmet(), &forgotten];
        let error = partners_in(RuleMode::Sequential, &rules, &[])
            .join(&seller(), RegionCode::Eu, &types(&["GET_A"]), None)
            .await
            .expect_err("unknown");
        assert!(matches!(error, PipelineError::SellerNotFound(unknown) if unknown == *seller().seller()));
        assert_eq!((known.num_calls(), forgotten.num_calls()), (1, 1));
    }
}
