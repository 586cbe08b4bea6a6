//! People's mail: no address gets more at once than it can bear, and each gets everything that is its own once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use end_to_end::Email;
use serde_json::json;
use tokio::task::JoinSet;

use crate::world::{LISTINGS, Seller, World};

/// A burst of so many sellers' reports, and as many of each as Amazon's quotas let through at once.
const SELLERS: usize = 40;
const REPORTS_OF_EACH: usize = 15;

/// What an address can bear.
const MOST_A_SECOND: usize = 5;

/// For all of it to be delivered.
const LONG_PATIENCE: Duration = Duration::from_secs(600);

/// Who gets everything.
const OWNER: &str = "seller@example.com";

struct Member {
    seller: Seller,
    address: String,
    reports: Vec<String>,
}

/// A seller with an address, whose reports Amazon has made and announced to nobody.
async fn member(world: &World) -> Member {
    let seller = world.silent_seller("EU").await;
    let address = format!("{}@example.com", seller.id.to_lowercase());
    let token = json!({
        "SellerId": seller.id, "RefreshToken": seller.refresh_token, "NotificationEmail": address,
    });
    world.post_ok("/tokens", &token).await;
    let mut reports = Vec::new();
    for _ in 0..REPORTS_OF_EACH {
        let made = world
            .simulator
            .report_made_elsewhere(&seller.id, "EU", LISTINGS, json!({"notify": false}))
            .await;
        reports.push(made.expect("made"));
    }
    for report in &reports {
        world.finished(&seller, report).await;
    }
    Member {
        seller,
        address,
        reports,
    }
}

/// How often each recipient was told of each report.
fn told(mails: &[Email]) -> BTreeMap<(&str, &str, &str), usize> {
    let mut told = BTreeMap::new();
    for mail in mails {
        if let (Some(seller), Some(report)) = (mail.seller(), mail.fact("Report id")) {
            *told.entry((mail.recipient.as_str(), seller, report)).or_insert(0) += 1;
        }
    }
    told
}

/// Six hundred reports at once reach each address once, and none gets more than five e-mails a second.
#[tokio::test]
async fn no_address_gets_more_than_it_can_bear_and_each_gets_everything_once() {
    let Some(world) = World::find().await else { return };
    let mut members = Vec::new();
    for _ in 0..SELLERS {
        members.push(member(&world).await);
    }
    let mut announcing = JoinSet::new();
    for member in &members {
        let (simulator, seller) = (world.simulator.clone(), member.seller.id.clone());
        let reports = member.reports.clone();
        announcing.spawn(async move {
            for report in &reports {
                let announced = simulator.announce(&seller, "EU", report, 1).await;
                announced.expect("announced");
            }
        });
    }
    announcing.join_all().await;
    let expected: BTreeSet<(&str, &str, &str)> = members
        .iter()
        .flat_map(|member| {
            let seller = member.seller.id.as_str();
            let addresses = [OWNER, member.address.as_str()];
            addresses.into_iter().flat_map(move |address| {
                member
                    .reports
                    .iter()
                    .map(move |report| (address, seller, report.as_str()))
            })
        })
        .collect();
    let deadline = Instant::now() + LONG_PATIENCE;
    let mails = loop {
        let mails = world.mailbox.all().await.expect("read");
        let told = told(&mails);
        let missing = expected.iter().filter(|it| !told.contains_key(*it)).count();
        if missing == 0 {
            break mails;
        }
        assert!(
            Instant::now() < deadline,
            "{missing} of {} do not come",
            expected.len()
        );
    };
    let told = told(&mails);
    let more_than_once: Vec<_> = expected.iter().filter(|it| told[*it] != 1).collect();
    assert!(more_than_once.is_empty(), "{more_than_once:?}");
    let addresses: HashMap<&str, &str> = members
        .iter()
        .map(|member| (member.address.as_str(), member.seller.id.as_str()))
        .collect();
    for mail in &mails {
        if let Some(seller) = addresses.get(mail.recipient.as_str()) {
            assert_eq!(mail.seller(), Some(*seller), "{}", mail.subject);
        }
    }

    // One e-mail has one name, however many news it tells of.
    let mut of_second: BTreeMap<(&str, i64), BTreeSet<&str>> = BTreeMap::new();
    for mail in &mails {
        let second = mail.published_at.expect("a time").as_second();
        let names = of_second.entry((mail.recipient.as_str(), second)).or_default();
        names.insert(&mail.message_id);
    }
    let ((address, _), most) = of_second
        .iter()
        .max_by_key(|(_, names)| names.len())
        .expect("e-mails");
    assert!(
        most.len() <= MOST_A_SECOND,
        "{address} got {} within a second",
        most.len()
    );
    let owners = of_second.iter().filter(|((address, _), _)| *address == OWNER);
    let mails_to_owner: usize = owners.map(|(_, names)| names.len()).sum();
    assert!(mails_to_owner < expected.len() / 2, "nothing was gathered");
}
