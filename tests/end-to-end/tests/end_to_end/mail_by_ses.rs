//! E-mails that SES sends: to whom, in which form, and what becomes of those that nobody gets.

use std::time::Instant;

use end_to_end::Email;
use serde_json::json;

use crate::world::{LISTINGS, PATIENCE, Seller, World};

/// Whose address the deployment has.
const OWNER: &str = "seller@example.com";

/// A seller whose news go to `address`.
pub async fn seller_at(world: &World, address: &str) -> Seller {
    let seller = world.subscribed_seller("EU").await;
    store_address(world, &seller, address).await;
    seller
}

async fn store_address(world: &World, seller: &Seller, address: &str) {
    let token = json!({
        "SellerId": seller.id, "RefreshToken": seller.refresh_token, "NotificationEmail": address,
    });
    world.post_ok("/tokens", &token).await;
}

/// The e-mails about a report, once `count` have come.
pub async fn about(world: &World, seller: &Seller, report: &str, count: usize) -> Vec<Email> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mails = world.mailbox.all_about(&seller.id, report).await.expect("read");
        if mails.len() >= count {
            return mails;
        }
        assert!(Instant::now() < deadline, "{mails:?}");
    }
}

fn recipients(mails: &[Email]) -> Vec<&str> {
    let mut recipients: Vec<_> = mails.iter().map(|mail| mail.recipient.as_str()).collect();
    recipients.sort_unstable();
    recipients
}

/// Two sellers share an address, which SNS would not have; each report is in one e-mail of each reader.
#[tokio::test]
async fn a_report_comes_as_text_and_html_to_its_seller_and_the_owner() {
    let Some(world) = World::with_ses().await else {
        return;
    };
    for _ in 0..2 {
        let seller = seller_at(&world, "shared@example.com").await;
        let report = world.order(&seller, "EU", LISTINGS).await;
        let mails = about(&world, &seller, &report, 2).await;
        assert_eq!(recipients(&mails), [OWNER, "shared@example.com"]);
        let link = mails[0].link().expect("a link").replace('&', "&amp;");
        let html = mails[0].html.as_deref().expect("HTML");
        assert!(html.contains(&format!("<a href=\"{link}\"")), "{html}");
        assert!(html.contains("All listings"), "{html}");
    }
}

#[tokio::test]
async fn what_bounces_switches_the_address_off_until_it_is_stored_again() {
    let Some(world) = World::with_ses().await else {
        return;
    };
    for kind in ["bounce", "complaint"] {
        let seller = world.subscribed_seller("EU").await;
        let address = format!("{kind}+{}@simulator.amazonses.com", seller.id.to_lowercase());
        store_address(&world, &seller, &address).await;
        let first = world.order(&seller, "EU", LISTINGS).await;
        let told = world
            .mailbox
            .wait_for_headline("Amazon report mail stopped", &seller.id, PATIENCE);
        let told = told.await.expect("the owner is told");
        assert_eq!(
            (told.recipient.as_str(), told.fact("Address")),
            (OWNER, Some(address.as_str()))
        );
        // Only the owner gets anything of what comes then.
        let second = world.order(&seller, "EU", LISTINGS).await;
        for report in [&first, &second] {
            assert_eq!(recipients(&about(&world, &seller, report, 1).await), [OWNER]);
        }
        store_address(&world, &seller, "mended@example.com").await;
        let third = world.order(&seller, "EU", LISTINGS).await;
        let mails = about(&world, &seller, &third, 2).await;
        assert_eq!(recipients(&mails), ["mended@example.com", OWNER]);
    }
}

/// The report is delivered to the owner, and its row says why its seller was not mailed to; nothing is tried without
/// end.
#[tokio::test]
async fn what_ses_refuses_for_good_is_in_the_row_and_the_owners_mailbox() {
    let Some(world) = World::with_ses().await else {
        return;
    };
    let seller = world.subscribed_seller("EU").await;
    let address = format!("unverified+{}@example.com", seller.id.to_lowercase());
    store_address(&world, &seller, &address).await;
    let report = world.order(&seller, "EU", LISTINGS).await;
    let deadline = Instant::now() + PATIENCE;
    let row = loop {
        let row = world.shown(&seller, &report).await;
        if row["status"] == "ANNOUNCED" {
            break row;
        }
        assert!(Instant::now() < deadline, "{row}");
    };
    let error = row["mailError"].as_str().expect("why");
    assert!(
        error.contains("MessageRejected") && error.contains(&address),
        "{row}"
    );
    let mails = world.mailbox.all().await.expect("read");
    let is_it = |mail: &&Email| mail.subject.starts_with("Mail refused: ") && mail.subject.contains(&report);
    let told: Vec<_> = mails.iter().filter(is_it).cloned().collect();
    assert_eq!(recipients(&told), [OWNER]);
    assert_eq!(recipients(&about(&world, &seller, &report, 1).await), [OWNER]);
}
