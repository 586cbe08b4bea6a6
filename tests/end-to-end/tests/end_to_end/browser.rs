//! What a person gets who clicks the link in the e-mail, in a real browser: every kind of report,
//! compressed or not, in every charset that Amazon uses, whether Amazon says which or not.

use encoding_rs::Encoding;
use std::time::{Duration, Instant};

use end_to_end::{Browser, Email, sha256};
use serde_json::{Value, json};

use crate::world::{LISTINGS, PATIENCE, Seller, World, new_seller_id};

const CSV: &str = "GET_B2B_PRODUCT_OPPORTUNITIES_RECOMMENDED_FOR_YOU";
const JSON: &str = "GET_BRAND_ANALYTICS_REPEAT_PURCHASE_REPORT";
const XML: &str = "GET_XML_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL";
const XLSX: &str = "FEE_DISCOUNTS_REPORT";
const PDF: &str = "GET_EASYSHIP_DOCUMENTS";
const UNKNOWN: &str = "GET_A_TYPE_OF_2031";

/// What a page holds: XML is shown by a viewer, which keeps the source.
const TEXT: &str = "\
    const source = document.getElementById('webkit-xml-viewer-source-xml');\
    const text = source ? new XMLSerializer().serializeToString(source.firstElementChild) :\
        document.querySelector('pre').textContent;\
    return {type: document.contentType, charset: document.characterSet, text};";

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

/// A charset, and whose reports come in it.
struct Charset {
    /// As Amazon calls it.
    label: &'static str,
    /// As browsers do.
    name: &'static str,
    region: &'static str,
    marketplace: &'static str,
    /// Words that read differently in any other.
    words: &'static str,
}

const CHARSETS: [Charset; 3] = [
    Charset {
        label: "UTF-8",
        name: "UTF-8",
        region: "NA",
        marketplace: "ATVPDKIKX0DER",
        words: "Größe 日本 naïve ½ €",
    },
    Charset {
        label: "Cp1252",
        name: "windows-1252",
        region: "EU",
        marketplace: "A1PA6795UKMFR9",
        words: "Größe naïve – „Maß“ 5 €",
    },
    // The last letter's second byte is a backslash, and 髙 is Microsoft's own.
    Charset {
        label: "MS932",
        name: "Shift_JIS",
        region: "FE",
        marketplace: "A1VC38T7YXB528",
        words: "商品名 髙島屋 ①ｱｲｳ 表",
    },
];

/// A report that is to be opened.
#[derive(Clone, Copy)]
struct Case {
    report_type: &'static str,
    /// What the file's name ends with.
    extension: &'static str,
    gzip: bool,
    /// Whether Amazon says what it is.
    is_declared: bool,
}

impl Case {
    fn is_text(self) -> bool {
        ![XLSX, PDF].contains(&self.report_type)
    }

    /// What the report says; of the others the simulator makes one.
    fn text(self, charset: &Charset) -> String {
        let words = charset.words;
        match self.report_type {
            CSV => format!("sku,name\r\nA-1,\"{words}\"\r\n"),
            JSON => format!("{{\"sku\": \"A-1\", \"name\": \"{words}\"}}\n"),
            XML => format!(
                "<?xml version=\"1.0\" encoding=\"{}\"?><Orders><Name>{words}</Name></Orders>",
                charset.name
            ),
            _ => format!("sku\tname\nA-1\t{words}\n"),
        }
    }

    /// How Amazon sends it, for the simulator.
    fn outcome(self, charset: &Charset, number: &str) -> Value {
        let mut outcome = json!({
            "reportType": self.report_type, "reportOptions": {"case": number}, "gzip": self.gzip,
            "delayMilliseconds": 0,
        });
        if self.is_text() {
            outcome["body"] = json!(self.text(charset));
            outcome["charset"] = json!(charset.name);
        }
        let media_type = match self.report_type {
            CSV => "text/csv",
            JSON => "application/json",
            XML => "text/xml",
            // What Amazon really calls them.
            _ => "text/plain",
        };
        if !self.is_declared {
            outcome["contentType"] = json!("application/octet-stream");
        } else if self.is_text() {
            outcome["contentType"] = json!(format!("{media_type}; charset={}", charset.label));
        }
        outcome
    }

    fn describe(self, charset: &Charset) -> String {
        format!(
            "{}, {}, {}, {}",
            self.extension,
            if self.is_text() { charset.name } else { "binary" },
            if self.gzip { "gzip" } else { "plain" },
            if self.is_declared {
                "declared"
            } else {
                "undeclared"
            },
        )
    }
}

/// Every report of one charset; at most as many as Amazon takes at once.
fn cases(index: usize) -> Vec<Case> {
    let case = |report_type, extension, gzip, is_declared| Case {
        report_type,
        extension,
        gzip,
        is_declared,
    };
    let mut cases = vec![
        case(LISTINGS, "tsv", false, false),
        case(LISTINGS, "tsv", false, true),
        case(LISTINGS, "tsv", true, false),
        case(LISTINGS, "tsv", true, true),
        case(UNKNOWN, "txt", true, false),
    ];
    for (report_type, extension) in [(CSV, "csv"), (JSON, "json"), (XML, "xml")] {
        cases.push(case(report_type, extension, false, false));
        cases.push(case(report_type, extension, true, true));
    }
    match index {
        0 => cases.extend([case(XLSX, "xlsx", false, false), case(XLSX, "xlsx", true, true)]),
        1 => cases.extend([case(PDF, "pdf", false, true), case(PDF, "pdf", true, false)]),
        _ => {}
    }
    cases
}

#[tokio::test]
async fn a_click_on_the_link_shows_or_saves_the_plain_report() {
    let Some(world) = World::find().await else { return };
    let missing = Browser::missing();
    if !missing.is_empty() {
        // Past the test harness, which would keep it to itself.
        let note = format!("skipped: {} is not installed\n", missing.join(" and "));
        std::io::Write::write_all(&mut std::io::stderr(), note.as_bytes()).expect("said");
        return;
    }
    let [utf8, cp1252, shift_jis] = [0, 1, 2].map(|index| deliver(&world, index));
    let (utf8, cp1252, shift_jis) = tokio::join!(utf8, cp1252, shift_jis);
    let browser = Browser::start().await.expect("a browser");
    let mut wrong = Vec::new();
    let mut opened = 0;
    for (index, (seller, reports)) in [utf8, cp1252, shift_jis].into_iter().enumerate() {
        let charset = &CHARSETS[index];
        for (case, report, email) in reports {
            opened += 1;
            let opened = open(&world, &browser, (charset, case), &seller, &report, &email);
            if let Err(problem) = opened.await {
                wrong.push(format!("{}: {problem}", case.describe(charset)));
            }
        }
    }
    drop(browser);
    assert!(
        wrong.is_empty(),
        "{} of {opened}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    println!("{opened} reports opened");
}

/// Orders the reports of one charset and waits for their e-mails.
async fn deliver(world: &World, index: usize) -> (Seller, Vec<(Case, String, Email)>) {
    let charset = &CHARSETS[index];
    // A vendor's id has dots in it.
    let id = if index == 0 {
        format!("amzn1.vg.{}", new_seller_id())
    } else {
        new_seller_id()
    };
    let seller = world.selling_partner(id).await;
    world.subscribe(&seller, charset.region).await;
    let mut ordered = Vec::new();
    for (number, case) in cases(index).into_iter().enumerate() {
        let number = number.to_string();
        let outcome = case.outcome(charset, &number);
        world
            .simulator
            .script(&seller.id, outcome)
            .await
            .expect("scripted");
        let body = json!({
            "SellerId": seller.id, "RegionCode": charset.region, "ReportType": case.report_type,
            "MarketplaceIds": charset.marketplace, "ReportOptions": {"case": number},
        });
        let answer = world.post_ok("/reports", &body).await;
        let report = answer["reportId"].as_str().expect("a report id").to_owned();
        ordered.push((case, report));
    }
    let mut delivered = Vec::new();
    for (case, report) in ordered {
        let email = world
            .mailbox
            .wait_for(&seller.id, &report, PATIENCE)
            .await
            .expect("an e-mail comes");
        delivered.push((case, report, email));
    }
    (seller, delivered)
}

/// Opens a report as its reader would. What is wrong with it, if something is.
async fn open(
    world: &World,
    browser: &Browser,
    (charset, case): (&Charset, Case),
    seller: &Seller,
    report: &str,
    email: &Email,
) -> Result<(), String> {
    let link = email.link().ok_or("there is no link")?;
    let (headers, _) = world.follow(email).await;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (disposition, file_name) = header("content-disposition")
        .and_then(|value| value.split_once("; filename="))
        .map(|(disposition, name)| (disposition, name.trim_matches('"')))
        .ok_or("there is no file name")?;
    let (start, end) = (
        format!("{}_{}_", case.report_type, seller.id),
        format!("_{report}.{}", case.extension),
    );
    equal(
        "the file name",
        file_name.starts_with(&start) && file_name.ends_with(&end),
        true,
    )?;
    let is_shown = ["json", "xml", "pdf", "txt"].contains(&case.extension);
    equal(
        "the disposition",
        disposition,
        if is_shown { "inline" } else { "attachment" },
    )?;

    let text = case.text(charset);
    let said = header("content-type").and_then(|value| value.split_once("; charset="));
    let said = said.map(|(_, charset)| charset);
    equal("the charset", said, case.is_text().then_some(charset.name))?;
    let truth = world
        .simulator
        .document(&seller.id, report)
        .await
        .map_err(|it| it.to_string())?;
    let checksum = truth["contentSha256"].as_str().ok_or("no checksum")?;
    match (case.is_text(), is_shown) {
        (_, false) => {
            let saved = browser.save(link, PATIENCE).await.map_err(|it| it.to_string())?;
            equal("the saved file's name", saved.name.as_str(), file_name)?;
            equal("the saved bytes", sha256(&saved.bytes).as_str(), checksum)?;
            let encoding = said.and_then(|label| Encoding::for_label(label.as_bytes()));
            if let Some(encoding) = encoding {
                let (decoded, _, _) = encoding.decode(&saved.bytes);
                equal("the saved text", &*decoded, text.as_str())?;
            }
        }
        (true, true) => {
            browser.open(link).await.map_err(|it| it.to_string())?;
            let shown = browser.run(TEXT, json!([])).await.map_err(|it| it.to_string())?;
            equal(
                "the page's charset",
                shown["charset"].as_str(),
                Some(charset.name),
            )?;
            let expected = text.rsplit("?>").next().unwrap_or_default();
            equal("the page's text", shown["text"].as_str(), Some(expected))?;
        }
        (false, true) => {
            browser.open(link).await.map_err(|it| it.to_string())?;
            let shown = browser.run(BYTES, json!([])).await.map_err(|it| it.to_string())?;
            equal("the page's type", shown["type"].as_str(), Some("application/pdf"))?;
            let bytes: Vec<u8> = serde_json::from_value(shown["bytes"].clone()).unwrap_or_default();
            equal("the page's bytes", sha256(&bytes).as_str(), checksum)?;
            equal(
                "a page with writing on it",
                is_printed(browser, link).await?,
                true,
            )?;
        }
    }
    Ok(())
}

/// Whether the viewer of PDFs comes to show a page: white, and something on it.
async fn is_printed(browser: &Browser, link: &str) -> Result<bool, String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        browser.open(link).await.map_err(|it| it.to_string())?;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let picture = browser.screenshot().await.map_err(|it| it.to_string())?;
        browser.open("about:blank").await.map_err(|it| it.to_string())?;
        let seen = browser.run(PAPER, json!([picture])).await;
        let seen = seen.map_err(|it| it.to_string())?;
        let share = |of: &str| seen[of].as_f64().unwrap_or_default();
        if share("paper") > 0.9 && share("ink") > 0.0 {
            return Ok(true);
        }
        if Instant::now() > deadline {
            return Ok(false);
        }
    }
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{what} is {found:?}, not {expected:?}"))
    }
}
