//! Whose reports are looked for at Amazon although nobody announced them.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use sp_api::ids::ReportType;
use sp_api::{Gap, RegionCode};

use super::authorizations::{self, Given};
use super::history::{asked_for, joined};
use super::{SellingPartners, if_there};
use crate::PipelineError;
use crate::domain::Account;
use crate::domain::backfill::{Joined, NewBackfill};

/// The region of a row that has none yet: that in which Amazon has taken the authorization.
pub(super) const REGION: &str = "regionCode = if_not_exists(regionCode, :region)";

/// Which rows are of selling partners whose reports are looked for.
const IS_DISCOVERING: &str = "attribute_exists(discoverReportTypes)";

/// What was found on a walk through all selling partners.
#[derive(Clone, Debug, Default)]
pub struct Walked {
    /// Those whose reports are looked for.
    pub discovering: Vec<Discovering>,
    /// Authorizations, among them all that were asked for.
    pub given: Vec<Given>,
}

/// A selling partner whose reports are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovering {
    /// Whose.
    pub seller_id: Account,
    /// Where.
    pub region: RegionCode,
    /// Of which types.
    pub report_types: Vec<ReportType>,
    /// Since when it is switched on: older reports are not meant.
    pub since: Timestamp,
    /// Up to when all has been found; `None` before the first time.
    pub until: Option<Timestamp>,
    /// Since when of each type.
    pub joined: Vec<Joined>,
    /// What was asked for of the time before that, and has not begun.
    pub backfills: Vec<NewBackfill>,
}

impl Discovering {
    /// Whether a report of this type that was created then is of the time before it was looked for.
    #[must_use]
    pub fn is_history(&self, report_type: &ReportType, created: Timestamp) -> bool {
        let of_type = self.joined.iter().find(|it| it.report_type == *report_type);
        of_type.is_some_and(|joined| created < joined.at)
    }
}

impl SellingPartners {
    /// Remembers where `seller` sells, and of which types reports are to be looked for: no type
    /// switches that off, and `None` leaves it as it is. Of types that are new, what Amazon has already
    /// is asked for, back to `since`.
    ///
    /// # Errors
    /// [`PipelineError::SellerNotFound`] when nothing is kept of this selling partner (any more), or
    /// DynamoDB failed.
    pub async fn remember_subscription(
        &self,
        seller: &Account,
        region: RegionCode,
        discover: Option<&BTreeSet<ReportType>>,
        since: Option<Timestamp>,
    ) -> Result<(), PipelineError> {
        if let Some(types) = discover.filter(|types| !types.is_empty()) {
            return self.join(seller, region, types, since).await;
        }
        let update = self
            .update(seller)
            // Who has been forgotten meanwhile stays so.
            .condition_expression("attribute_exists(sellerId)")
            .expression_attribute_values(":region", AttributeValue::S(region.to_string()));
        let update = update.update_expression(match discover {
            None => format!("SET {REGION}"),
            Some(_) => format!(
                "SET {REGION} REMOVE discoverReportTypes, discoverRegion, discoverSince, discoveredUntil, \
                 discoveryGaps, discoverJoined, backfills"
            ),
        });
        if if_there(
            update.send().await,
            UpdateItemError::is_conditional_check_failed_exception,
        )? {
            Ok(())
        } else {
            Err(PipelineError::SellerNotFound(seller.seller().clone()))
        }
    }

    /// Every selling partner whose reports are looked for.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn discovering(&self) -> Result<Vec<Discovering>, PipelineError> {
        Ok(self.walk(None).await?.discovering)
    }

    /// Every selling partner whose reports are looked for, and every authorization that was given between the
    /// times `ending`: one scan for both.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn walk(&self, ending: Option<(Timestamp, Timestamp)>) -> Result<Walked, PipelineError> {
        let mut scan = self
            .dynamodb
            .scan()
            .table_name(&self.table)
            .filter_expression(IS_DISCOVERING)
            .projection_expression(format!(
                "sellerId, regionCode, discoverRegion, discoverReportTypes, discoverSince, discoveredUntil, \
                 discoverJoined, backfills, {}",
                authorizations::READ
            ));
        if let Some((from, until)) = ending {
            scan = scan
                .filter_expression(format!(
                    "{IS_DISCOVERING} OR {}",
                    authorizations::IS_GIVEN_BETWEEN
                ))
                .expression_attribute_values(":from", AttributeValue::S(from.to_string()))
                .expression_attribute_values(":until", AttributeValue::S(until.to_string()));
        }
        let mut pages = scan.into_paginator().items().send();
        let mut walked = Walked::default();
        while let Some(row) = pages.next().await {
            let row = row.map_err(|error| PipelineError::aws("DynamoDB", &error))?;
            walked.given.extend(Given::read(&row));
            if !row.contains_key("discoverReportTypes") {
                continue;
            }
            match read(&row) {
                Some(discovering) => walked.discovering.push(discovering),
                None => tracing::warn!(
                    seller = ?row.get("sellerId"),
                    "the row of a selling partner says unreadable things of what is looked for"
                ),
            }
        }
        Ok(walked)
    }

    /// Notes that all reports of `seller` up to `until` have been found, but for those that Amazon does
    /// not list any more, of `gap`.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_discovery(
        &self,
        seller: &Account,
        until: Timestamp,
        gap: Option<Gap>,
    ) -> Result<(), PipelineError> {
        let mut update = self
            .update(seller)
            .update_expression("SET discoveredUntil = :until")
            // What has been switched off meanwhile stays so.
            .condition_expression("attribute_exists(discoverReportTypes)")
            .expression_attribute_values(":until", AttributeValue::S(until.to_string()));
        if let Some(gap) = gap {
            update = update
                .update_expression(
                    "SET discoveredUntil = :until, \
                     discoveryGaps = list_append(if_not_exists(discoveryGaps, :none), :gap)",
                )
                .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
                .expression_attribute_values(":gap", AttributeValue::L(vec![written(gap)]));
        }
        let result = update.send().await;
        if_there(result, UpdateItemError::is_conditional_check_failed_exception).map(drop)
    }
}

/// `{from, until}`
fn written(gap: Gap) -> AttributeValue {
    let time = |time: Timestamp| AttributeValue::S(time.to_string());
    AttributeValue::M(HashMap::from([
        ("from".to_owned(), time(gap.from)),
        ("until".to_owned(), time(gap.until)),
    ]))
}

fn read(row: &HashMap<String, AttributeValue>) -> Option<Discovering> {
    let text = |name: &str| row.get(name)?.as_s().ok();
    let types = row.get("discoverReportTypes")?.as_ss().ok()?;
    Some(Discovering {
        seller_id: Account::parse(text("sellerId")?).ok()?,
        region: RegionCode::parse(text("discoverRegion").or_else(|| text("regionCode"))?)?,
        report_types: types
            .iter()
            .map(|name| ReportType::parse(name).ok())
            .collect::<Option<_>>()?,
        since: text("discoverSince")?.parse().ok()?,
        until: text("discoveredUntil").and_then(|until| until.parse().ok()),
        joined: joined(row),
        backfills: asked_for(row),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::scan::ScanOutput;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
    use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
    use aws_smithy_mocks::{Rule, RuleMode, mock};

    use super::super::tests::{partners, partners_in, seller};
    use super::*;

    fn types(names: &[&str]) -> BTreeSet<ReportType> {
        let parse = |name: &&str| ReportType::parse(name).expect("valid");
        names.iter().map(parse).collect()
    }

    /// What `discover` makes of the row.
    async fn expression(discover: Option<&BTreeSet<ReportType>>) -> String {
        let (sender, receiver) = std::sync::mpsc::channel();
        let update = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(move |request| {
                let expression = request.update_expression().expect("an update").to_owned();
                sender.send(expression).is_ok()
            })
            .then_output(|| UpdateItemOutput::builder().build());
        let get = mock!(aws_sdk_dynamodb::Client::get_item)
            .then_output(|| GetItemOutput::builder().set_item(Some(HashMap::new())).build());
        partners(&[&get, &update], &[])
            .remember_subscription(&seller(), RegionCode::Eu, discover, None)
            .await
            .expect("remembered");
        receiver.try_recv().expect("one update")
    }

    #[tokio::test]
    async fn looking_for_reports_is_switched_on_off_or_left_alone() {
        let silent = expression(None).await;
        assert_eq!(silent, "SET regionCode = if_not_exists(regionCode, :region)");
        let on = expression(Some(&types(&["GET_A"]))).await;
        assert!(
            on.contains("discoverSince = if_not_exists(discoverSince, :now)") && !on.contains("REMOVE"),
            "{on}"
        );
        let off = expression(Some(&types(&[]))).await;
        assert!(
            off.contains("REMOVE discoverReportTypes, discoverRegion, discoverSince")
                && off.ends_with("discoverJoined, backfills"),
            "{off}"
        );
    }

    fn unmet() -> Rule {
        mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
            let error = ConditionalCheckFailedException::builder().build();
            UpdateItemError::ConditionalCheckFailedException(error)
        })
    }

    #[tokio::test]
    async fn a_forgotten_seller_does_not_come_back() {
        let error = partners(&[&unmet()], &[])
            .remember_subscription(&seller(), RegionCode::Eu, None, None)
            .await
            .expect_err("unknown");
        assert!(matches!(error, PipelineError::SellerNotFound(unknown) if unknown == *seller().seller()));
        let noted = partners(&[&unmet()], &[])
            .record_discovery(&seller(), Timestamp::now(), None)
            .await;
        assert!(noted.is_ok());
    }

    #[tokio::test]
    async fn what_could_not_be_searched_is_noted_in_the_row() {
        let update = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| {
                let text = |value: &str| AttributeValue::S(value.to_owned());
                let gap = HashMap::from([
                    ("from".to_owned(), text("2026-08-01T00:00:00Z")),
                    ("until".to_owned(), text("2026-08-29T13:00:00Z")),
                ]);
                request
                    .update_expression()
                    .is_some_and(|it| it.contains("discoveryGaps = list_append"))
                    && request.expression_attribute_values().is_some_and(|values| {
                        values[":gap"] == AttributeValue::L(vec![AttributeValue::M(gap)])
                    })
            })
            .then_output(|| UpdateItemOutput::builder().build());
        let gap = Gap {
            from: "2026-08-01T00:00:00Z".parse().expect("a time"),
            until: "2026-08-29T13:00:00Z".parse().expect("a time"),
        };
        partners(&[&update], &[])
            .record_discovery(&seller(), Timestamp::now(), Some(gap))
            .await
            .expect("noted");
        assert_eq!(update.num_calls(), 1);
    }

    fn row(id: &str, region: Option<&str>, until: Option<&str>) -> HashMap<String, AttributeValue> {
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let mut row = HashMap::from([
            ("sellerId".to_owned(), text(id)),
            ("discoverSince".to_owned(), text("2026-11-22T05:00:00Z")),
            (
                "discoverReportTypes".to_owned(),
                AttributeValue::Ss(vec!["GET_A".into(), "GET_B".into()]),
            ),
        ]);
        row.extend(region.map(|region| ("regionCode".to_owned(), text(region))));
        row.extend(until.map(|until| ("discoveredUntil".to_owned(), text(until))));
        row
    }

    #[tokio::test]
    async fn all_pages_are_read_and_what_is_unreadable_costs_no_other() {
        let page = |rows: Vec<HashMap<String, AttributeValue>>, is_last: bool| {
            mock!(aws_sdk_dynamodb::Client::scan)
                .match_requests(|request| {
                    request.filter_expression() == Some("attribute_exists(discoverReportTypes)")
                })
                .then_output(move || {
                    let last = rows.last().filter(|_| !is_last).cloned();
                    ScanOutput::builder()
                        .set_items(Some(rows.clone()))
                        .set_last_evaluated_key(last)
                        .build()
                })
        };
        let first = page(vec![row("A1", Some("EU"), None), row("A2", None, None)], false);
        let second = page(vec![row("A3", Some("FE"), Some("2026-11-22T06:00:00Z"))], true);
        let found = partners_in(RuleMode::Sequential, &[&first, &second], &[])
            .discovering()
            .await
            .expect("read");
        assert!(found[0].is_history(
            &ReportType::parse("GET_A").expect("valid"),
            "2026-11-22T04:59:59Z".parse().expect("a time"),
        ));
        let [one, three] = &found[..] else {
            panic!("{found:?}");
        };
        assert_eq!((one.seller_id.as_str(), one.until), ("A1", None));
        assert_eq!((three.seller_id.as_str(), three.region), ("A3", RegionCode::Fe));
        assert_eq!(three.until, "2026-11-22T06:00:00Z".parse().ok());
        assert_eq!(
            BTreeSet::from_iter(three.report_types.clone()),
            types(&["GET_A", "GET_B"])
        );
    }
}
