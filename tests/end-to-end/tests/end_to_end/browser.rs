//! What a person gets who clicks the link in the e-mail, in a real browser: every kind of report,
//! compressed or not, in every charset that Amazon uses, whether Amazon says which or not. The credentials of
//! the function that made the links have ended by then.

mod cases;
mod ended_credentials;
mod html_mail;
mod link_pages;
mod onboarding_pages;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use cases::{CHARSETS, Case, Charset, cases};
use encoding_rs::Encoding;
use end_to_end::{Browser, Email, sha256};
use ended_credentials::EndedCredentials;
use serde_json::json;

use crate::world::{PATIENCE, Seller, World, new_seller_id};

/// What a page holds: XML is shown by a viewer, which keeps the source.
const TEXT: &str = "\
    const source = document.getElementById('webkit-xml-viewer-source-xml');\
    const text = source ? new XMLSerializer().serializeToString(source.firstElementChild) :\
        document.querySelector('pre').textContent;\
    return {charset: document.characterSet, text};";

/// The page's bytes, as the browser has them.
const BYTES: &str = "\
    return fetch(location.href).then(answer => answer.arrayBuffer()).then(bytes => ({\
        type: document.contentType, bytes: Array.from(new Uint8Array(bytes)),\
    }));";

/// How much of a picture is paper, and how much ink, in the middle, where the viewer of PDFs has the page.
const PAPER: &str = "\
    const image = new Image();\
    image.src = `data:image/png;base64,${arguments[0]}`;\
    return image.decode().then(() => {\
        const canvas = Object.assign(document.createElement('canvas'), {width: 400, height: 300});\
        const context = canvas.getContext('2d');\
        context.drawImage(image, -350, -100);\
        const data = context.getImageData(0, 0, 400, 300).data;\
        const pixels = Array.from({length: 400 * 300}, (_, index) => data[4 * index]);\
        const share = is => pixels.filter(is).length / pixels.length;\
        return {paper: share(red => red > 250), ink: share(red => red < 60)};\
    });";

/// How long a page is looked at, at most, before it is opened anew.
const LONGEST_LOOK: Duration = Duration::from_secs(10);

/// A report whose e-mail has come.
struct Delivered {
    case: Case,
    report: String,
    email: Email,
}

#[tokio::test]
async fn a_click_on_the_link_shows_or_saves_the_plain_report() {
    let Some(world) = World::find().await else { return };
    let Some(browser) = browser().await else { return };
    let vendor = format!("amzn1.vg.{}", new_seller_id());
    let [utf8, cp1252, shift_jis] = &CHARSETS;
    let (utf8, cp1252, shift_jis) = tokio::join!(
        deliver(&world, utf8, vendor),
        deliver(&world, cp1252, new_seller_id()),
        deliver(&world, shift_jis, new_seller_id()),
    );
    let into_utf8 = world.stack.stores_utf8();
    // Presigned URLs would end with it.
    let _ended = match world.stack.has_own_links() {
        true => Some(EndedCredentials::of("PresignedUrlGenerator").await),
        false => None,
    };
    let mut opened = 0;
    let mut wrong = Vec::new();
    for (seller, delivered) in [utf8, cp1252, shift_jis] {
        for delivered in delivered {
            opened += 1;
            if let Err(problem) = open(&world, &browser, &seller, &delivered, into_utf8).await {
                wrong.push(format!("{}: {problem:#}", delivered.case));
            }
        }
    }
    drop(browser);
    assert!(wrong.is_empty(), "wrong of {opened}:\n{}", wrong.join("\n"));
    println!("{opened} reports opened");
}

/// A browser; `None`, visibly, where there is none.
async fn browser() -> Option<Browser> {
    let missing = Browser::missing();
    if missing.is_empty() {
        return Some(Browser::start().await.expect("a browser"));
    }
    // Past the test harness, which would keep it to itself.
    let note = format!("skipped: {} is not installed\n", missing.join(" and "));
    std::io::Write::write_all(&mut std::io::stderr(), note.as_bytes()).expect("said");
    None
}

/// Orders the reports of one charset and waits for their e-mails.
async fn deliver(world: &World, charset: &'static Charset, seller: String) -> (Seller, Vec<Delivered>) {
    let seller = world.selling_partner(seller).await;
    world.subscribe(&seller, charset.region).await;
    let mut ordered = Vec::new();
    for (number, case) in cases(charset).into_iter().enumerate() {
        let number = number.to_string();
        let scripted = world.simulator.script(&seller.id, case.outcome(&number)).await;
        scripted.expect("scripted");
        let body = json!({
            "SellerId": seller.id, "RegionCode": charset.region, "ReportType": case.report_type,
            "MarketplaceIds": charset.marketplace, "ReportOptions": {"case": number},
        });
        let answer = world.post_ok("/reports", &body).await;
        ordered.push((case, answer["reportId"].as_str().expect("a report id").to_owned()));
    }
    let mut delivered = Vec::new();
    for (case, report) in ordered {
        let email = world.mailbox.wait_for(&seller.id, &report, PATIENCE).await;
        let email = email.expect("an e-mail comes");
        delivered.push(Delivered { case, report, email });
    }
    (seller, delivered)
}

/// Opens a report as its reader would. Fails with what is wrong with it.
async fn open(
    world: &World,
    browser: &Browser,
    seller: &Seller,
    delivered: &Delivered,
    into_utf8: bool,
) -> Result<()> {
    let Delivered { case, report, email } = delivered;
    let link = email.link().context("there is no link")?;
    let (headers, _) = world.follow(email).await;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (disposition, file_name) = header("content-disposition")
        .and_then(|value| value.split_once("; filename="))
        .map(|(disposition, name)| (disposition, name.trim_matches('"')))
        .context("there is no file name")?;
    let start = format!("{}_{}_", case.report_type, seller.id);
    let end = format!("_{report}.{}", case.extension);
    ensure!(
        file_name.starts_with(&start) && file_name.ends_with(&end),
        "it is called {file_name}"
    );
    same(
        &disposition,
        &if case.is_shown() { "inline" } else { "attachment" },
    )?;
    let charset = header("content-type").and_then(|value| Some(value.split_once("; charset=")?.1));
    same(&charset, &case.stored_charset(into_utf8))?;

    let sent = world.simulator.document(&seller.id, report).await?;
    let sent = sent["contentSha256"].as_str().context("there is no document")?;
    let stored = case.stored_sha256(into_utf8, sent);
    if !case.is_shown() {
        let saved = browser.save(link, PATIENCE).await?;
        same(&saved.name.as_str(), &file_name)?;
        same(&sha256(&saved.bytes), &stored)?;
        if let Some(encoding) = charset.and_then(|label| Encoding::for_label(label.as_bytes())) {
            same(&encoding.decode(&saved.bytes).0.into_owned(), &case.text())?;
        }
    } else if case.is_text() {
        browser.open(link).await?;
        let shown = browser.run(TEXT, json!([])).await?;
        same(&shown["charset"].as_str(), &charset)?;
        // The viewer of XML does not show the declaration.
        same(&shown["text"].as_str(), &case.text().rsplit("?>").next())?;
    } else {
        browser.open(link).await?;
        let shown = browser.run(BYTES, json!([])).await?;
        same(&shown["type"].as_str(), &header("content-type"))?;
        let bytes: Vec<u8> = serde_json::from_value(shown["bytes"].clone())?;
        same(&sha256(&bytes), &stored)?;
        ensure!(is_printed(browser, link).await?, "no page is shown");
    }
    Ok(())
}

/// Whether the viewer of PDFs comes to show a page: white, and something on it.
async fn is_printed(browser: &Browser, link: &str) -> Result<bool> {
    let deadline = Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(300);
    loop {
        browser.open(link).await?;
        // A busy machine takes its time to draw, and begins anew with every visit.
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_LOOK);
        let picture = browser.screenshot().await?;
        browser.open("about:blank").await?;
        let seen = browser.run(PAPER, json!([picture])).await?;
        let share = |of: &str| seen[of].as_f64().unwrap_or_default();
        if share("paper") > 0.9 && share("ink") > 0.0 {
            return Ok(true);
        }
        if Instant::now() > deadline {
            return Ok(false);
        }
    }
}

fn same<T: PartialEq + std::fmt::Debug>(found: &T, expected: &T) -> Result<()> {
    ensure!(found == expected, "{found:?}, not {expected:?}");
    Ok(())
}
