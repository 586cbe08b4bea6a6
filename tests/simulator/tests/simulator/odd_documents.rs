//! Every way in which a document can be odd, as whoever fetches it sees it.

use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::common::{Amazon, LISTINGS, sha256};

const BODY: &str = "sku\tname\n1\tGröße\n";

/// What getReportDocument says, and what the URL serves.
struct Fetched {
    report: Value,
    algorithm: Option<Value>,
    encoding: Option<String>,
    content_type: String,
    bytes: Vec<u8>,
}

impl Fetched {
    async fn oddly(kind: &str) -> Self {
        Self::after(kind, &json!({ "body": BODY })).await
    }

    /// The odd document of a report that ends as `outcome` says.
    async fn after(kind: &str, outcome: &Value) -> Self {
        let amazon = Amazon::start().await;
        amazon.control("/oddities", &json!({ "kind": kind })).await;
        let report = amazon.finished_report(LISTINGS, outcome).await;
        assert_eq!(report["oddity"], kind);
        let sent = amazon.look("/oddities").await["sent"]["documents"].clone();
        assert_eq!(sent, json!({ kind: 1 }));
        let path = amazon.document_path(&report).await;
        let (_, answer) = amazon.get(&path, &amazon.seller_token().await).await;
        let url = answer["url"].as_str().expect("a URL");
        let response = amazon.http.get(url).send().await.expect("an answer");
        let header = |name: &str| {
            let value = response.headers().get(name)?;
            Some(value.to_str().expect("text").to_owned())
        };
        let (encoding, content_type) = (header("content-encoding"), header("content-type"));
        let bytes = response.bytes().await.expect("a body").to_vec();
        assert_eq!(report["sha256"], sha256(&bytes));
        Self {
            report,
            algorithm: answer.get("compressionAlgorithm").cloned(),
            encoding,
            content_type: content_type.expect("a type"),
            bytes,
        }
    }

    /// The text in the gzip, whatever comes behind that.
    fn unpacked(&self) -> String {
        assert_eq!(self.report["gzip"], true);
        let mut text = String::new();
        GzDecoder::new(&self.bytes[..])
            .read_to_string(&mut text)
            .expect("gzip");
        text
    }

    fn is_plain(&self) -> bool {
        self.report["gzip"] == false && self.bytes == BODY.as_bytes()
    }
}

#[tokio::test]
async fn plain_declared_gzip() {
    let fetched = Fetched::oddly("plain-declared-gzip").await;
    assert!(fetched.is_plain());
    assert_eq!(fetched.algorithm, Some(json!("GZIP")));
    assert_eq!(fetched.encoding, None);
}

#[tokio::test]
async fn gzip_undeclared() {
    let fetched = Fetched::oddly("gzip-undeclared").await;
    assert_eq!(fetched.unpacked(), BODY);
    assert_eq!((fetched.algorithm, fetched.encoding), (None, None));
}

#[tokio::test]
async fn algorithm_lower_case_mixed_case_and_unknown() {
    for (kind, algorithm) in [
        ("algorithm-lower-case", "gzip"),
        ("algorithm-mixed-case", "Gzip"),
        ("algorithm-unknown", "BROTLI"),
    ] {
        let fetched = Fetched::oddly(kind).await;
        assert_eq!(fetched.unpacked(), BODY);
        assert_eq!(fetched.algorithm, Some(json!(algorithm)));
    }
}

#[tokio::test]
async fn algorithm_none_and_empty() {
    for (kind, algorithm) in [("algorithm-none", "NONE"), ("algorithm-empty", "")] {
        let fetched = Fetched::oddly(kind).await;
        assert!(fetched.is_plain());
        assert_eq!(fetched.algorithm, Some(json!(algorithm)));
    }
}

#[tokio::test]
async fn encoding_header() {
    let fetched = Fetched::oddly("encoding-header").await;
    assert_eq!(fetched.unpacked(), BODY);
    assert_eq!(fetched.algorithm, Some(json!("GZIP")));
    assert_eq!(fetched.encoding.as_deref(), Some("gzip"));
}

#[tokio::test]
async fn encoding_header_only() {
    let fetched = Fetched::oddly("encoding-header-only").await;
    assert_eq!(fetched.unpacked(), BODY);
    assert_eq!(fetched.algorithm, None);
    assert_eq!(fetched.encoding.as_deref(), Some("gzip"));
}

#[tokio::test]
async fn encoding_header_over_plain() {
    let fetched = Fetched::oddly("encoding-header-over-plain").await;
    assert!(fetched.is_plain());
    assert_eq!(fetched.encoding.as_deref(), Some("gzip"));
}

#[tokio::test]
async fn zeros_behind_gzip_and_bytes_behind_gzip() {
    for (kind, behind) in [
        ("zeros-behind-gzip", &[0; 512][..]),
        ("bytes-behind-gzip", b"\r\n"),
    ] {
        let fetched = Fetched::oddly(kind).await;
        assert_eq!(fetched.unpacked(), BODY);
        let end = fetched.bytes.len() - behind.len();
        assert_eq!(&fetched.bytes[end..], behind);
        let mut whole = Vec::new();
        GzDecoder::new(&fetched.bytes[..end])
            .read_to_end(&mut whole)
            .expect("it is whole without that");
        assert_eq!(fetched.report["contentSha256"], sha256(&whole));
    }
}

#[tokio::test]
async fn gzip_broken_off() {
    let fetched = Fetched::oddly("gzip-broken-off").await;
    assert_eq!(fetched.bytes[..2], [0x1f, 0x8b]);
    let mut text = Vec::new();
    assert!(GzDecoder::new(&fetched.bytes[..]).read_to_end(&mut text).is_err());
}

#[tokio::test]
async fn empty_declared_gzip() {
    let fetched = Fetched::oddly("empty-declared-gzip").await;
    assert_eq!(fetched.bytes, b"");
    assert_eq!(fetched.algorithm, Some(json!("GZIP")));
}

#[tokio::test]
async fn cp1252_over_utf8() {
    let fetched = Fetched::oddly("cp1252-over-utf8").await;
    assert!(fetched.is_plain());
    assert_eq!(fetched.content_type, "text/plain; charset=Cp1252");
    assert_eq!(fetched.report["charset"], "UTF-8");
}

#[tokio::test]
async fn utf8_over_shift_jis() {
    let fetched = Fetched::after("utf8-over-shift-jis", &json!({ "body": "日本\n" })).await;
    assert_eq!(fetched.bytes, b"\x93\xfa\x96\x7b\n");
    assert_eq!(fetched.content_type, "text/plain;charset=UTF-8");
    assert_eq!(fetched.report["charset"], "Shift_JIS");
}

#[tokio::test]
async fn utf8_over_windows_1252() {
    let fetched = Fetched::oddly("utf8-over-windows-1252").await;
    assert_eq!(fetched.bytes, b"sku\tname\n1\tGr\xf6\xdfe\n");
    assert_eq!(fetched.content_type, "text/plain;charset=UTF-8");
    assert_eq!(fetched.report["charset"], "windows-1252");
}

#[tokio::test]
async fn charset_undeclared() {
    for (marketplace, charset) in [
        ("A39IBJ37TRP1C6", "windows-1252"),
        ("A1VC38T7YXB528", "Shift_JIS"),
    ] {
        let outcome = json!({ "region": "FE", "marketplaceIds": [marketplace] });
        let mut amazon = Amazon::start().await;
        amazon.endpoint = amazon.simulator.region_url(sp_api::RegionCode::Fe);
        amazon
            .control("/oddities", &json!({ "kind": "charset-undeclared" }))
            .await;
        let report = amazon.finished_report(LISTINGS, &outcome).await;
        assert_eq!(report["charset"], charset);
        let url = amazon.document_url(&report).await;
        let response = amazon.http.get(url).send().await.expect("an answer");
        assert_eq!(response.headers()["content-type"], "text/plain");
        let bytes = response.bytes().await.expect("a body");
        assert!(std::str::from_utf8(&bytes).is_err());
    }
}

#[tokio::test]
async fn late_accent() {
    for gzip in [false, true] {
        let fetched = Fetched::after("late-accent", &json!({ "gzip": gzip })).await;
        let text = match gzip {
            true => fetched.unpacked(),
            false => String::from_utf8(fetched.bytes).expect("UTF-8"),
        };
        assert!(text.as_bytes()[..100 * 1024].is_ascii() && text.ends_with("Größe, naïve\n"));
        assert_eq!(fetched.content_type, "text/plain");
        assert_eq!(fetched.report["charset"], "UTF-8");
    }
}

#[tokio::test]
async fn fatal_reason() {
    let fetched = Fetched::after("fatal-reason", &json!({ "status": "FATAL", "document": true })).await;
    let reason: Value = serde_json::from_slice(&fetched.bytes).expect("JSON");
    assert!(
        reason["errorDetails"]
            .as_str()
            .is_some_and(|words| words.contains("could not be made"))
    );
    assert_eq!(fetched.content_type, "text/tab-separated-values;charset=UTF-8");
}

/// Whoever asks twice, or goes on in the middle, gets what the first one got.
#[tokio::test]
async fn an_odd_document_stays_what_it_is() {
    let amazon = Amazon::start().await;
    amazon
        .control("/oddities", &json!({ "kind": "gzip-undeclared" }))
        .await;
    let report = amazon.finished_report(LISTINGS, &json!({})).await;
    let normal = amazon.finished_report(LISTINGS, &json!({})).await;
    assert_eq!(normal["oddity"], Value::Null);
    for _ in 0..2 {
        let url = amazon.document_url(&report).await;
        let whole = amazon.http.get(url).send().await.expect("an answer");
        let whole = whole.bytes().await.expect("a body");
        assert_eq!(report["sha256"], sha256(&whole));
        let url = amazon.document_url(&report).await;
        let rest = amazon.http.get(url).header("range", "bytes=10-").send().await;
        let rest = rest.expect("an answer").bytes().await.expect("a body");
        assert_eq!(rest, whole[10..]);
    }
}
