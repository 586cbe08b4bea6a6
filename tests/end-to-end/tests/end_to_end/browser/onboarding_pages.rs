//! A seller who joins in a browser, from the invitation to the first report, and the pages of the ways that are refused.

use std::time::{Duration, Instant};

use end_to_end::Browser;
use serde_json::{Value, json};

use super::browser;
use super::link_pages::{PAGE, keep_picture};
use crate::onboarding::invite;
use crate::world::{LISTINGS, PATIENCE, Seller, World, new_seller_id};

/// What follows on a click; a page that is being left answers nothing.
const PLACE: &str = "return {url: location.href, state: document.readyState};";

/// The way on: what it says, whether the keyboard reaches it, and whether it looks like something to press.
const WAY_ON: &str = "\
    const link = document.querySelector('main a');\
    link.focus();\
    return {\
        text: link.textContent, has_focus: document.activeElement === link,\
        background: getComputedStyle(link).backgroundColor,\
    };";

/// Presses something, and waits for the page that it leads to.
async fn press(browser: &Browser, what: &str, leads_to: &str) {
    let script = "document.querySelector(arguments[0]).click()";
    browser.run(script, json!([what])).await.expect("it is there");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let place = browser.run(PLACE, json!([])).await.unwrap_or_default();
        let url = place["url"].as_str().unwrap_or_default();
        if url.contains(leads_to) && place["state"] == "complete" {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "{what} leads to {}",
            url.split('?').next().unwrap_or_default()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The page, which must be styled and must fit.
async fn shown(browser: &Browser) -> Value {
    let page = browser.run(PAGE, json!([])).await.expect("a page");
    assert_eq!((&page["width"], &page["fits"]), (&json!("576px"), &json!(true)));
    page
}

#[tokio::test]
async fn an_invited_seller_joins_and_gets_the_first_report() {
    let Some(world) = World::with_onboarding().await else {
        return;
    };
    let Some(browser) = browser().await else { return };
    let seller = Seller {
        id: new_seller_id(),
        refresh_token: String::new(),
    };
    let invitation = invite(&world, Some(&seller.id)).await;
    for (language, heading) in [
        (
            "de",
            "Local Reports & Co bittet um Zugang zu Ihren Amazon-Berichten",
        ),
        (
            "ja",
            "Local Reports & CoがAmazonレポートへのアクセスを求めています",
        ),
        ("en", "Local Reports & Co asks for access to your Amazon reports"),
    ] {
        browser.speak(language).await.expect("a language");
        browser.open(&invitation).await.expect("a page");
        let page = shown(&browser).await;
        assert_eq!(
            (&page["lang"], &page["heading"]),
            (&json!(language), &json!(heading))
        );
        keep_picture(&browser, &format!("onboarding-invited-{language}.png")).await;
    }
    let way_on = browser.run(WAY_ON, json!([])).await.expect("a way on");
    let expected = json!({
        "text": "Continue to Amazon", "has_focus": true, "background": "rgb(11, 83, 148)",
    });
    assert_eq!(way_on, expected);
    press(&browser, "main a", "/apps/authorize/consent").await;
    keep_picture(&browser, "onboarding-consent.png").await;
    let sign_in = "document.querySelector('input').value = arguments[0]";
    browser.run(sign_in, json!([seller.id])).await.expect("a field");
    press(&browser, "button[value=confirm]", "/onboarding/callback").await;
    assert_eq!(shown(&browser).await["heading"], "Thank you, that is all");
    keep_picture(&browser, "onboarding-done.png").await;

    let report = world.order(&seller, "EU", LISTINGS).await;
    let email = world.delivered(&seller, &report).await;
    world.assert_linked(&email, &seller, &report).await;

    // Back and forth does no harm, and is explained.
    let callback = browser
        .run("return location.href", json!([]))
        .await
        .expect("an address");
    browser
        .open(callback.as_str().expect("a URL"))
        .await
        .expect("a page");
    assert_eq!(shown(&browser).await["heading"], "This can’t be finished here");
    keep_picture(&browser, "onboarding-twice.png").await;
    browser.open(&invitation).await.expect("a page");
    assert_eq!(shown(&browser).await["heading"], "This invitation does not work");
    keep_picture(&browser, "onboarding-used.png").await;
}

#[tokio::test]
async fn who_declines_is_told_how_to_change_that() {
    let Some(world) = World::with_onboarding().await else {
        return;
    };
    let Some(browser) = browser().await else { return };
    let invitation = invite(&world, None).await;
    browser.open(&invitation).await.expect("a page");
    press(&browser, "main a", "/apps/authorize/consent").await;
    press(&browser, "button[value=cancel]", "/onboarding/callback").await;
    let page = shown(&browser).await;
    assert_eq!(page["heading"], "You have not given access");
    keep_picture(&browser, "onboarding-declined.png").await;
    // The invitation is good for another try.
    browser.open(&invitation).await.expect("a page");
    press(&browser, "main a", "/apps/authorize/consent").await;
}
