//! What is going to happen, decided beforehand and by the seed alone.

mod aws;
mod orders;
mod weather;

use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;

use crate::options::{Faults, Kind};
pub use orders::{NUMBER, PlannedOrder, Post, is_restricted};
use weather::OUTAGE;
pub use weather::{Event, garbage};

/// SP-API lets so many orders or documents pass at once, and then one at a time.
const BURST: u32 = 15;

/// An outage is everybody's.
const SELLERS_IN_OUTAGE: u32 = 29;

/// For how long it storms on when the last order has been sent and has had its turn.
const AFTERMATH: Duration = Duration::from_secs(25);

/// A seller in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedAccount {
    /// `NA`, `EU` or `FE`.
    pub region: &'static str,
    /// A marketplace there.
    pub marketplace: &'static str,
    /// Vendors have ids of another shape.
    pub is_vendor: bool,
    /// Whether the authorization is withdrawn in the middle of the storm.
    pub is_revoked: bool,
    /// Whether it is one of those that have one seller's id.
    pub is_merged: bool,
}

/// A notification that the storm sends itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letter {
    /// About the report of that order.
    pub order: usize,
    /// So long after the report was finished.
    pub after: Duration,
    /// How many of them.
    pub copies: u64,
    /// Whether it is the only one, and late.
    pub is_late: bool,
}

/// The whole storm.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Whose reports.
    pub accounts: Vec<PlannedAccount>,
    /// What is ordered; an order's number is its place in here. One for each account comes first, to
    /// warm up.
    pub orders: Vec<PlannedOrder>,
    /// The account that finds no destination at first when it subscribes.
    pub finds_no_destination: Option<usize>,
    /// How the others are ordered, and when.
    pub posts: Vec<(Duration, Post)>,
    /// Notifications that come late, or once more.
    pub letters: Vec<Letter>,
    /// What else happens, and when.
    pub events: Vec<(Duration, Event)>,
    /// Rules for the proxy in front of AWS.
    pub aws_rules: Vec<Value>,
    /// Whether the stack is without a secret for minutes.
    pub has_outage: bool,
    /// When the weather turns fine.
    pub length: Duration,
}

impl Plan {
    /// Draws the plan for so many reports. `interval` is how long a quota takes to come back.
    pub fn draw(reports: u32, seed: u64, faults: &Faults, interval: Duration) -> Self {
        let mut rng = Rng::with_seed(seed);
        // Every part has numbers of its own, so that a part left out does not change the others.
        let [mut ordering, mut mail, mut weather, mut aws] = std::array::from_fn(|_| rng.fork());
        let accounts = accounts(if faults.have(Kind::Outage) {
            SELLERS_IN_OUTAGE.min(reports)
        } else {
            in_storm(reports)
        });
        let mut orders = orders::draw(&mut ordering, reports, &accounts);
        let letters = match faults.have(Kind::Notifications) {
            true => orders::disturb_mail(&mut mail, &mut orders, accounts.len()),
            false => Vec::new(),
        };
        let posts = orders::posts(&mut ordering, &orders, &accounts, reports);
        let last = posts.iter().map(|(at, _)| *at).max().unwrap_or_default();
        let queue = most_orders(&orders, accounts.len()).saturating_sub(BURST);
        let mut length = last + interval * queue + AFTERMATH;
        let outage_begins = faults.have(Kind::Outage).then_some(last / 2);
        length += outage_begins.map_or(Duration::ZERO, |_| OUTAGE);
        let mut events = weather::draw(&mut weather, faults, &accounts, reports, length);
        if let Some(at) = outage_begins {
            events.extend(weather::without_secret(at, OUTAGE));
            events.sort_by_key(|(at, _)| *at);
        }
        let aws_rules = match faults.have(Kind::Aws) {
            true => aws::rules(&mut aws),
            false => Vec::new(),
        };
        Self {
            accounts,
            orders,
            finds_no_destination: faults.have(Kind::Odd).then_some(0),
            posts,
            letters,
            events,
            aws_rules,
            has_outage: outage_begins.is_some(),
            length,
        }
    }
}

/// As few accounts as make the queues long.
fn in_storm(reports: u32) -> u32 {
    (reports / 55).clamp(3, 9).min((reports / (BURST + 3)).max(1))
}

/// So many accounts, in all regions; and one that will be revoked.
fn accounts(count: u32) -> Vec<PlannedAccount> {
    let regions = [
        ("NA", "ATVPDKIKX0DER"),
        ("EU", "A1PA6795UKMFR9"),
        ("FE", "A1VC38T7YXB528"),
    ];
    let account = |(index, (region, marketplace))| PlannedAccount {
        region,
        marketplace,
        is_vendor: index == 3,
        is_revoked: false,
        // If there are two.
        is_merged: index < 2 && count > 1,
    };
    let mut accounts: Vec<_> = regions
        .into_iter()
        .cycle()
        .enumerate()
        .take(usize::try_from(count).expect("few"))
        .map(account)
        .collect();
    accounts.push(PlannedAccount {
        is_revoked: true,
        is_vendor: false,
        is_merged: false,
        ..account((0, regions[1]))
    });
    accounts
}

fn most_orders(orders: &[PlannedOrder], accounts: usize) -> u32 {
    let of = |account| orders.iter().filter(|order| order.account == account).count();
    let most = (0..accounts).map(of).max().unwrap_or_default();
    u32::try_from(most).unwrap_or(u32::MAX)
}

/// A moment between the two.
fn moment(rng: &mut Rng, from: Duration, to: Duration) -> Duration {
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(rng.u64(milliseconds(from)..=milliseconds(to).max(milliseconds(from))))
}

#[cfg(test)]
mod tests {
    use super::orders::Ending;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn plan(reports: u32, seed: u64) -> Plan {
        Plan::draw(reports, seed, &Faults::all(), SECOND)
    }

    #[test]
    fn the_same_seed_plans_the_same_storm() {
        assert_eq!(plan(60, 7), plan(60, 7));
        assert_ne!(plan(60, 7), plan(60, 8));
    }

    #[test]
    fn a_kind_left_out_does_not_change_the_others() {
        let all = plan(60, 7);
        let mut faults = Faults::all();
        faults.remove(Kind::Aws);
        faults.remove(Kind::Lwa);
        let some = Plan::draw(60, 7, &faults, SECOND);
        assert!(some.aws_rules.is_empty());
        assert_eq!((&some.orders, &some.posts), (&all.orders, &all.posts));
        let kills = |plan: &Plan| {
            let is_kill = |event: &&(Duration, Event)| matches!(event.1, Event::Kill { .. });
            plan.events.iter().filter(is_kill).cloned().collect::<Vec<_>>()
        };
        assert_eq!(kills(&some), kills(&all));
    }

    #[test]
    fn an_outage_is_in_the_middle_of_the_orders_of_thirty_sellers() {
        let faults = Faults::only(Kind::Outage);
        let plan = Plan::draw(300, 7, &faults, SECOND);
        assert_eq!(plan.accounts.len(), 30);
        let at = |wanted: fn(&Event) -> bool| {
            let event = plan.events.iter().find(|(_, event)| wanted(event));
            event.expect("planned").0
        };
        let begins = at(|event| matches!(event, Event::SecretRunsOut));
        let ends = at(|event| matches!(event, Event::SecretIsStored));
        assert_eq!(ends - begins, OUTAGE);
        assert!(
            plan.posts.iter().any(|(at, _)| *at < begins) && plan.posts.iter().any(|(at, _)| *at > begins)
        );
        assert!(ends < plan.length);
    }

    #[test]
    fn nothing_goes_wrong_where_nothing_is_to() {
        let calm = Plan::draw(60, 7, &Faults::none(), SECOND);
        let only_revoked = |event: &(Duration, Event)| {
            matches!(event.1, Event::Revoke { .. } | Event::AuthorizeAgain { .. })
        };
        assert!(calm.events.iter().all(only_revoked), "{:?}", calm.events);
        assert!(calm.letters.is_empty() && calm.aws_rules.is_empty());
        assert!(calm.orders.iter().all(|order| order.copies == 1));
    }

    #[test]
    fn every_order_is_posted_once_and_every_quota_exceeded() {
        for reports in [60, 200, 500] {
            let plan = plan(reports, 3);
            let mut posted: Vec<_> = plan
                .posts
                .iter()
                .flat_map(|(_, post)| &post.orders)
                .copied()
                .collect();
            posted.sort_unstable();
            let ordered: Vec<_> = (plan.accounts.len()..plan.orders.len()).collect();
            assert_eq!(posted, ordered);
            assert_eq!(posted.len(), usize::try_from(reports).expect("small"));
            for (account, described) in plan.accounts.iter().enumerate() {
                let orders = plan
                    .orders
                    .iter()
                    .filter(|order| order.account == account)
                    .count();
                assert!(described.is_revoked || orders > 16, "{orders} of {reports}");
            }
            for region in ["NA", "EU", "FE"] {
                assert!(plan.accounts.iter().any(|account| account.region == region));
            }
        }
    }

    #[test]
    fn every_kind_has_its_turn_in_a_small_storm() {
        let plan = plan(60, 1);
        let endings = |wanted: fn(&PlannedOrder) -> bool| plan.orders.iter().any(wanted);
        assert!(endings(|order| order.ending == Ending::Cancelled));
        assert!(endings(|order| order.ending == Ending::Fatal { explained: true }));
        assert!(endings(|order| order.ending == Ending::Fatal { explained: false }));
        assert!(endings(|order| order.copies == 0) && endings(|order| order.copies == 10));
        assert!(endings(|order| order.gzip) && endings(|order| is_restricted(order.report_type)));
        let posts = |wanted: fn(&Post) -> bool| plan.posts.iter().any(|(_, post)| wanted(post));
        assert!(posts(|post| post.is_batch) && posts(|post| !post.is_batch));
        assert!(posts(|post| post.is_repeated) && posts(|post| post.key.is_none()));
        assert!(plan.letters.iter().any(|letter| letter.is_late));
        assert!(plan.letters.iter().any(|letter| !letter.is_late));
        let events = |wanted: fn(&Event) -> bool| plan.events.iter().any(|(_, event)| wanted(event));
        assert!(events(|event| matches!(event, Event::Fault { .. })));
        assert!(events(|event| matches!(event, Event::Garbage { .. })));
        assert!(events(|event| matches!(event, Event::Kill { .. })));
        assert!(events(|event| matches!(event, Event::Rotate)));
        assert!(events(|event| matches!(event, Event::BeOdd { .. })));
        assert!(plan.finds_no_destination.is_some());
        assert!(events(|event| matches!(event, Event::Revoke { .. })));
        assert!(events(|event| matches!(event, Event::ForgetAccessTokens)));
        assert!(plan.events.iter().all(|(at, _)| *at < plan.length));
        assert!(!plan.aws_rules.is_empty());
    }
}
