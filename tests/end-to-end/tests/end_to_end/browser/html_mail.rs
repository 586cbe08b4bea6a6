//! The HTML of an e-mail that SES sends, as a reader of mail shows it, and the link in it clicked.

use std::io::Read as _;
use std::path::Path;

use end_to_end::{Email, sha256};
use flate2::read::MultiGzDecoder;
use serde_json::json;

use super::browser;
use super::ended_credentials::deliveries;
use super::link_pages::keep_picture;
use crate::mail_by_ses::{about, seller_at};
use crate::world::{LISTINGS, PATIENCE, World};

/// Whose address the seller's news go to.
const READER: &str = "reader@example.com";

/// What the e-mail says and whether it fits a narrow window.
const MAIL: &str = "\
    const button = document.querySelector('a');\
    return {\
        title: document.title, text: document.body.innerText, link: button.href, words: button.textContent,\
        facts: Array.from(document.querySelectorAll('tr'), row => row.innerText.split('\\t')),\
        fits: document.documentElement.scrollWidth <= window.innerWidth,\
    };";

#[tokio::test]
async fn the_html_of_an_email_is_read_and_its_link_saves_the_report() {
    let Some(world) = World::with_ses().await else {
        return;
    };
    let Some(browser) = browser().await else { return };
    let deliverable = deliveries().await;
    // The owner gets much at a time here, and so in one e-mail.
    let seller = seller_at(&world, READER).await;
    let report = world.order(&seller, "EU", LISTINGS).await;
    let mails = about(&world, &seller, &report, 2).await;
    drop(deliverable);
    let email = mails.iter().find(|mail| mail.recipient == READER);
    let email = email.expect("an e-mail to the seller");
    let page = keep_page(email);
    browser.open(&page).await.expect("a page");
    let shown = browser.run(MAIL, json!([])).await.expect("a page");
    keep_picture(&browser, "mail.png").await;

    assert_eq!(shown["title"], email.subject.as_str());
    assert_eq!(shown["link"].as_str(), email.link());
    assert_eq!(
        (&shown["words"], &shown["fits"]),
        (&json!("Download"), &json!(true))
    );
    for (label, value) in [
        ("Report", "All listings"),
        ("Seller", &seller.id),
        ("Report id", &report),
    ] {
        let facts = shown["facts"].as_array().expect("a table");
        assert!(
            facts.contains(&json!([label, value])),
            "{label} {value}: {facts:?}"
        );
    }
    // No words are lost between the two forms; only the lines are broken elsewhere.
    let words = shown["text"].as_str().expect("a text").split_whitespace();
    let words: Vec<_> = words.map(|word| word.trim_end_matches(':')).collect();
    for word in email
        .text
        .split_whitespace()
        .map(|word| word.trim_end_matches(':'))
    {
        assert!(words.contains(&word), "{word}: {words:?}");
    }
    let link = shown["link"].as_str().expect("a link");
    let saved = browser.save(link, PATIENCE).await.expect("a file");
    let (_, stored) = world.follow(email).await;
    assert_eq!(sha256(&saved.bytes), sha256(&plain(stored)));
}

/// What a browser saves of what is stored: it takes gzip off.
fn plain(stored: Vec<u8>) -> Vec<u8> {
    let mut plain = Vec::new();
    match MultiGzDecoder::new(stored.as_slice()).read_to_end(&mut plain) {
        Ok(_) => plain,
        Err(_) => stored,
    }
}

/// The page's URL; a reader of mail has it from the e-mail.
fn keep_page(email: &Email) -> String {
    let page = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mail.html");
    let html = email.html.as_deref().expect("HTML");
    std::fs::write(&page, html).expect("written");
    format!("file://{}", page.display())
}
