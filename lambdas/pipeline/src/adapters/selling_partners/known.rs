use std::collections::BTreeSet;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use sp_api::RegionCode;
use sp_api::ids::{ReportType, SellerId, SubscriptionId};

use super::schedules::{EndedSchedule, KeptSchedule};
use super::subscriptions::KeptSubscription;
use super::{Row, deliver_attribute, region_in, row};
use crate::PipelineError;
use crate::domain::{Account, Deliver, Wanted};

/// All that is read of a selling partner's row: nothing of its token.
const READ: &str = "sellerId, regionCode, subscriptions, discoverReportTypes, schedules, endedSchedules, \
                    deliverReportTypesNA, deliverReportTypesEU, deliverReportTypesFE";

/// The notifications that are about reports.
const REPORT_FINISHED: &str = "REPORT_PROCESSING_FINISHED";

/// Who is a selling partner here and wants which reports, for those who have no business with tokens.
#[derive(Clone, Debug)]
pub struct KnownSellers {
    dynamodb: Client,
    table: String,
    deliver: Deliver,
}

impl KnownSellers {
    /// Those in the selling partners table `table`, who want what `deliver` says unless they say more.
    #[must_use]
    pub fn new(dynamodb: Client, table: String, deliver: Deliver) -> Self {
        Self {
            dynamodb,
            table,
            deliver,
        }
    }

    /// The accounts of `seller`. None if no token of the seller is kept: a row comes with the first token,
    /// and goes with it.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn accounts(&self, seller: &SellerId) -> Result<KnownAccounts, PipelineError> {
        let mut known = Vec::new();
        for account in Account::all_of(seller) {
            if let Some(row) = row(&self.dynamodb, &self.table, &account, READ).await? {
                known.push((account, row));
            }
        }
        Ok(KnownAccounts {
            known,
            deliver: self.deliver,
        })
    }
}

/// What is known of one seller's accounts.
#[derive(Clone, Debug)]
pub struct KnownAccounts {
    known: Vec<(Account, Row)>,
    deliver: Deliver,
}

impl KnownAccounts {
    /// Whether the seller is not known here, or not any more.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Account> {
        self.known.iter().map(|(account, _)| account)
    }

    /// The only one, and its region if that is known.
    #[must_use]
    pub fn only(&self) -> Option<(&Account, Option<RegionCode>)> {
        match &self.known[..] {
            [(account, row)] => Some((account, account.further_region().or_else(|| region_in(row)))),
            _ => None,
        }
    }

    /// Where the subscription was made that a message was sent to, and for which account.
    #[must_use]
    pub fn subscribed_as(&self, id: &SubscriptionId) -> Option<(&Account, RegionCode)> {
        let subscriptions = self.known.iter().flat_map(|(_, row)| subscriptions(row));
        let region = subscriptions.into_iter().find(|kept| kept.id == *id)?.region;
        // As orders are written.
        let own = self
            .iter()
            .find(|account| account.further_region() == Some(region));
        own.or_else(|| self.iter().find(|account| account.further_region().is_none()))
            .map(|account| (account, region))
    }

    /// What `account` wants delivered besides what was ordered here: of `region`; where that is not known,
    /// what is wanted in one of the account's regions.
    #[must_use]
    pub fn wanted(&self, account: &Account, region: Option<RegionCode>) -> Wanted {
        let row = self.known.iter().find(|(known, _)| known == account);
        match row {
            Some((_, row)) => wanted(row, region, self.deliver, Timestamp::now()),
            None => Wanted::by_default(self.deliver),
        }
    }

    /// What one of the accounts wants delivered.
    #[must_use]
    pub fn wanted_by_any(&self) -> Wanted {
        let each = self.iter().map(|account| self.wanted(account, None));
        each.reduce(Wanted::or)
            .unwrap_or(Wanted::by_default(self.deliver))
    }
}

fn wanted(row: &Row, region: Option<RegionCode>, deliver: Deliver, now: Timestamp) -> Wanted {
    let regions = match region {
        Some(region) => BTreeSet::from([region]),
        None => regions(row),
    };
    let in_regions = regions.into_iter().map(|region| in_region(row, region, deliver));
    let wanted = in_regions
        .reduce(Wanted::or)
        .unwrap_or(Wanted::by_default(deliver));
    wanted.or(Wanted::OfTypes(asked_for(row, now)))
}

fn subscriptions(row: &Row) -> Vec<KeptSubscription> {
    texts(row, "subscriptions")
        .filter_map(|text| KeptSubscription::parse(text))
        .collect()
}

/// Where the seller is subscribed; where it was last, in rows that don't say where it is.
fn regions(row: &Row) -> BTreeSet<RegionCode> {
    let subscribed: BTreeSet<_> = subscriptions(row)
        .into_iter()
        .filter(|kept| kept.notification_type.as_str() == REPORT_FINISHED)
        .map(|kept| kept.region)
        .collect();
    if !subscribed.is_empty() {
        return subscribed;
    }
    region_in(row).into_iter().collect()
}

fn in_region(row: &Row, region: RegionCode, deliver: Deliver) -> Wanted {
    let Some(Ok(listed)) = row.get(&deliver_attribute(region)).map(AttributeValue::as_l) else {
        return Wanted::by_default(deliver);
    };
    let names = listed.iter().filter_map(|name| name.as_s().ok());
    Wanted::OfTypes(types(names))
}

/// The types of which reports are looked for, or made by a schedule from here.
fn asked_for(row: &Row, now: Timestamp) -> BTreeSet<ReportType> {
    let discovered = types(texts(row, "discoverReportTypes"));
    let scheduled = texts(row, "schedules").filter_map(|text| KeptSchedule::parse(text));
    let ended = texts(row, "endedSchedules")
        .filter_map(|text| EndedSchedule::parse(text))
        .filter(|ended| ended.is_felt_at(now));
    let scheduled = scheduled.map(|it| it.report_type);
    discovered
        .into_iter()
        .chain(scheduled)
        .chain(ended.map(|it| it.report_type))
        .collect()
}

fn texts<'a>(row: &'a Row, name: &str) -> impl Iterator<Item = &'a String> {
    let set = row.get(name).and_then(|value| value.as_ss().ok());
    set.into_iter().flatten()
}

fn types<'a>(names: impl Iterator<Item = &'a String>) -> BTreeSet<ReportType> {
    names.filter_map(|name| ReportType::parse(name).ok()).collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};

    use super::super::tests::seller;
    use super::*;

    const NOW: &str = "2026-11-27T12:00:00Z";

    fn text(value: &str) -> AttributeValue {
        AttributeValue::S(value.to_owned())
    }

    fn set(values: &[&str]) -> AttributeValue {
        AttributeValue::Ss(values.iter().map(|it| (*it).to_owned()).collect())
    }

    fn list(values: &[&str]) -> AttributeValue {
        AttributeValue::L(values.iter().map(|it| text(it)).collect())
    }

    fn subscribed(regions: &[&str]) -> (&'static str, AttributeValue) {
        let texts: Vec<String> = regions
            .iter()
            .map(|region| format!("{region} {REPORT_FINISHED} s-{region}"))
            .collect();
        ("subscriptions", AttributeValue::Ss(texts))
    }

    /// What is wanted according to a row with these attributes.
    fn of(row: &[(&str, AttributeValue)], deliver: Deliver) -> Wanted {
        let row = row
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        wanted(&row.collect(), None, deliver, NOW.parse().expect("a time"))
    }

    fn of_types(names: &[&str]) -> Wanted {
        let parse = |name: &&str| ReportType::parse(name).expect("valid");
        Wanted::OfTypes(names.iter().map(parse).collect())
    }

    #[test]
    fn who_says_nothing_has_what_the_stack_delivers() {
        for row in [
            vec![],
            vec![("regionCode", text("EU"))],
            vec![subscribed(&["EU"])],
        ] {
            assert_eq!(of(&row, Deliver::All), Wanted::All);
            assert_eq!(of(&row, Deliver::Ordered), of_types(&[]));
        }
    }

    #[test]
    fn a_list_takes_the_place_of_what_the_stack_delivers() {
        for deliver in [Deliver::All, Deliver::Ordered] {
            let listed = ("deliverReportTypesEU", list(&["GET_A", "GET_B"]));
            assert_eq!(
                of(&[subscribed(&["EU"]), listed.clone()], deliver),
                of_types(&["GET_A", "GET_B"])
            );
            // Rows that are older than the subscriptions in them.
            assert_eq!(
                of(&[("regionCode", text("EU")), listed], deliver),
                of_types(&["GET_A", "GET_B"])
            );
            let none = ("deliverReportTypesEU", list(&[]));
            assert_eq!(of(&[subscribed(&["EU"]), none], deliver), of_types(&[]));
        }
    }

    #[test]
    fn what_one_region_wants_is_wanted_and_where_nobody_is_subscribed_nothing() {
        let eu = ("deliverReportTypesEU", list(&["GET_A"]));
        let na = ("deliverReportTypesNA", list(&["GET_B"]));
        let both = subscribed(&["EU", "NA"]);
        let wanted = of(&[both.clone(), eu.clone(), na.clone()], Deliver::All);
        assert_eq!(wanted, of_types(&["GET_A", "GET_B"]));
        assert_eq!(of(&[both, eu.clone()], Deliver::All), Wanted::All);
        assert_eq!(
            of(&[subscribed(&["EU"]), eu, na], Deliver::All),
            of_types(&["GET_A"])
        );
    }

    #[test]
    fn what_is_looked_for_or_scheduled_here_is_wanted_too() {
        let row = [
            subscribed(&["EU"]),
            ("deliverReportTypesEU", list(&["GET_A"])),
            ("discoverReportTypes", set(&["GET_B"])),
            ("schedules", set(&["EU GET_C 50232018507"])),
            (
                "endedSchedules",
                set(&["2026-11-26T13:00:00Z GET_D", "2026-11-26T11:00:00Z GET_E"]),
            ),
        ];
        assert_eq!(
            of(&row, Deliver::All),
            of_types(&["GET_A", "GET_B", "GET_C", "GET_D"])
        );
    }

    #[tokio::test]
    async fn a_stranger_wants_nothing_and_nobodys_token_is_read() {
        let get = mock!(Client::get_item)
            .match_requests(|request| {
                let read = request.projection_expression().expect("a projection");
                let regions = [RegionCode::Na, RegionCode::Eu, RegionCode::Fe];
                request.consistent_read() == Some(true)
                    && !read.contains("Token")
                    && regions
                        .into_iter()
                        .all(|it| read.contains(&deliver_attribute(it)))
            })
            .sequence()
            .output(|| GetItemOutput::builder().item("sellerId", text("A3")).build())
            .output(|| GetItemOutput::builder().build())
            .repeatedly()
            .build();
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&get]);
        let sellers = KnownSellers::new(dynamodb, "partners".into(), Deliver::All);
        let accounts = sellers.accounts(seller().seller()).await.expect("read");
        assert_eq!(accounts.only(), Some((&seller(), None)));
        assert_eq!(accounts.wanted(&seller(), None), Wanted::All);
        assert!(
            sellers
                .accounts(seller().seller())
                .await
                .expect("read")
                .is_empty()
        );
    }

    fn known(rows: &[(&str, &[(&str, AttributeValue)])]) -> KnownAccounts {
        let read = |(account, row): &(&str, &[(&str, AttributeValue)])| {
            let row = row
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()));
            (Account::parse(account).expect("valid"), row.collect())
        };
        KnownAccounts {
            known: rows.iter().map(read).collect(),
            deliver: Deliver::All,
        }
    }

    #[test]
    fn a_subscription_tells_the_region_and_with_it_the_account() {
        let id = |id: &str| SubscriptionId::parse(id).expect("valid");
        let first: &[(&str, AttributeValue)] = &[("regionCode", text("NA")), subscribed(&["NA"])];
        let further: &[(&str, AttributeValue)] = &[("regionCode", text("EU")), subscribed(&["EU"])];
        let accounts = known(&[("A3", first), ("A3_EU", further)]);
        let of = |subscription: &str| {
            let found = accounts.subscribed_as(&id(subscription));
            found.map(|(account, region)| (account.as_str().to_owned(), region))
        };
        assert_eq!(of("s-NA"), Some(("A3".into(), RegionCode::Na)));
        assert_eq!(of("s-EU"), Some(("A3_EU".into(), RegionCode::Eu)));
        assert_eq!(of("s-FE"), None);
        assert_eq!(accounts.only(), None);
        // A row from before regions had rows of their own knows the other's subscription still.
        let both: &[(&str, AttributeValue)] = &[("regionCode", text("NA")), subscribed(&["NA", "EU"])];
        let accounts = known(&[("A3", both), ("A3_EU", &[("regionCode", text("EU"))])]);
        let eu = Account::parse("A3_EU").expect("valid");
        assert_eq!(accounts.subscribed_as(&id("s-EU")), Some((&eu, RegionCode::Eu)));
        let accounts = known(&[("A3", both)]);
        let first = Account::parse("A3").expect("valid");
        assert_eq!(
            accounts.subscribed_as(&id("s-EU")),
            Some((&first, RegionCode::Eu))
        );
        assert_eq!(accounts.only(), Some((&first, Some(RegionCode::Na))));
    }
}
