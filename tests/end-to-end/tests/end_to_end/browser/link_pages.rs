//! The page of a link that leads nowhere, as a person sees it.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use end_to_end::Browser;
use serde_json::json;

use super::browser;
use super::ended_credentials::deliveries;
use crate::links::{delivered, end, with_token};
use crate::world::World;

/// What the page says and looks like. Its style counts only if the content security policy lets it.
pub(super) const PAGE: &str = "\
    const main = document.querySelector('main');\
    return {\
        lang: document.documentElement.lang, heading: document.querySelector('h1').textContent,\
        text: main.innerText, width: getComputedStyle(document.body).maxWidth,\
        fits: document.documentElement.scrollWidth <= window.innerWidth,\
    };";

#[tokio::test]
async fn a_link_that_leads_nowhere_shows_a_page_that_is_understood() {
    let Some(world) = World::with_own_links().await else {
        return;
    };
    let Some(browser) = browser().await else { return };
    let deliverable = deliveries().await;
    let (ended, revoked) = tokio::join!(delivered(&world), delivered(&world));
    drop(deliverable);
    end(&world, &ended.0, &ended.1).await;
    let path = format!("/reports/{}/links", revoked.1);
    let answer = world.delete(&path, &[("SellerId", &revoked.0.id)]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let links = [
        ("unknown", with_token(&world, &"A".repeat(43))),
        ("ended", ended.2.link().expect("a link").to_owned()),
        ("revoked", revoked.2.link().expect("a link").to_owned()),
    ];
    for (language, heading) in [
        ("en", "This link does not work"),
        ("de", "Dieser Link funktioniert nicht"),
        ("ja", "このリンクは使用できません"),
    ] {
        browser.speak(language).await.expect("a language");
        let mut texts = Vec::new();
        for (cause, link) in &links {
            browser.open(link).await.expect("a page");
            let page = browser.run(PAGE, json!([])).await.expect("a page");
            assert_eq!(
                (&page["lang"], &page["heading"]),
                (&json!(language), &json!(heading))
            );
            assert_eq!((&page["width"], &page["fits"]), (&json!("576px"), &json!(true)));
            texts.push(page["text"].clone());
            keep_picture(&browser, &format!("link-page-{cause}-{language}.png")).await;
        }
        assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
    }
}

/// For people to look at, in `target/tmp`.
pub(super) async fn keep_picture(browser: &Browser, name: &str) {
    let picture = browser.screenshot().await.expect("a picture");
    let picture = STANDARD.decode(picture).expect("base64");
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), picture).expect("written");
}
