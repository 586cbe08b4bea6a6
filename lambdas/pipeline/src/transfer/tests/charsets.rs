//! Texts that are not in the charset that they are said to be in, or begin to be.

use encoding_rs::{SHIFT_JIS, UTF_8, WINDOWS_1252};
use serde_json::Value;

use super::*;
use crate::domain::CharsetFrom;

const WAYS: [Way; 2] = [Way::AsIs, Way::Utf8];

/// A text, and what it is in.
struct Case<'a> {
    text: &'a str,
    encoding: &'static Encoding,
    from: CharsetFrom,
    content_type: &'static str,
    told: Value,
}

impl Case<'_> {
    /// The same, stored in every way from every kind of source.
    async fn is_stored(&self) {
        let (bytes, ..) = self.encoding.encode(self.text);
        for document in [bytes.to_vec(), gzip(&bytes)] {
            for way in WAYS {
                let plain = Source::of(document.clone());
                for source in [
                    Source::in_ranges(document.clone()),
                    Source {
                        chunks_of: Some(document.len() / 7 + 1),
                        ..plain.clone()
                    },
                    Source {
                        hides_length: true,
                        ..plain
                    },
                ] {
                    let source = Source {
                        content_type: self.content_type,
                        ..source
                    };
                    self.is_stored_from(&source, way, &bytes).await;
                }
            }
        }
    }

    async fn is_stored_from(&self, source: &Source, way: Way, bytes: &[u8]) {
        let bucket = Bucket::new();
        let stored = store_as_told(source, &bucket, way, &self.told, in_a_minute()).await;
        let stored = stored.expect("stored");
        assert_eq!(stored.charset.as_deref(), Some(self.encoding.name()));
        assert_eq!(stored.charset_from, Some(self.from));
        assert_eq!(stored.invalid_sequences, 0);
        let sent = bucket.sent();
        let is_gzip = source.document.starts_with(&[0x1f, 0x8b]);
        let plain = if is_gzip { gunzip(&sent) } else { sent };
        let (name, expected) = match way {
            Way::Utf8 => (UTF_8.name(), self.text.as_bytes()),
            _ => (self.encoding.name(), bytes),
        };
        assert!(plain == expected, "{way:?}");
        let content_type = bucket.described().content_type;
        assert!(
            content_type.ends_with(&format!("; charset={name}")),
            "{content_type}"
        );
        let [put, _, _, complete, _] = bucket.calls();
        assert_eq!(put + complete, 1, "one object");
    }
}

/// ASCII that takes several parts, also when it is compressed.
fn ascii(length: usize) -> String {
    let mut random = fastrand::Rng::with_seed(length as u64);
    (0..length).map(|_| char::from(random.u8(b' '..=b'~'))).collect()
}

#[tokio::test]
async fn first_accent_after_64_kib_is_what_it_is() {
    for length in [100 << 10, 2 * PART] {
        for (encoding, accent, from) in [
            (UTF_8, "Größe\n", CharsetFrom::Bytes),
            (WINDOWS_1252, "Größe\n", CharsetFrom::Region),
            (SHIFT_JIS, "商品名\n", CharsetFrom::Marketplace),
        ] {
            let case = Case {
                text: &format!("{}{accent}", ascii(length)),
                encoding,
                from,
                content_type: "text/plain",
                told: match from {
                    CharsetFrom::Marketplace => json!({"MarketplaceIds": ["A1VC38T7YXB528"]}),
                    _ => json!({}),
                },
            };
            case.is_stored().await;
        }
    }
}

#[tokio::test]
async fn charset_that_the_bytes_contradict_is_not_believed() {
    for (text, encoding, from, content_type) in [
        (
            "sku\tß € 日本\n",
            UTF_8,
            CharsetFrom::Bytes,
            "text/plain; charset=Cp1252",
        ),
        (
            "sku\tGröße €\n",
            WINDOWS_1252,
            CharsetFrom::Region,
            "text/plain; charset=UTF-8",
        ),
    ] {
        let case = Case {
            text,
            encoding,
            from,
            content_type,
            told: json!({}),
        };
        case.is_stored().await;
    }
    let japanese = Case {
        text: "商品名\t数量\n髙島屋①ｱｲｳ\t1\n",
        encoding: SHIFT_JIS,
        from: CharsetFrom::Marketplace,
        content_type: "text/plain; charset=UTF-8",
        told: json!({"RegionCode": "FE", "MarketplaceIds": ["A1VC38T7YXB528"]}),
    };
    japanese.is_stored().await;
}

#[tokio::test]
async fn australia_without_a_charset_is_windows_1252() {
    for (marketplaces, from) in [
        (json!(["A39IBJ37TRP1C6"]), CharsetFrom::Marketplace),
        (json!([]), CharsetFrom::Region),
    ] {
        let case = Case {
            text: "sku\tname\n1\tCrème brûlée\n",
            encoding: WINDOWS_1252,
            from,
            content_type: "application/octet-stream",
            told: json!({"RegionCode": "FE", "MarketplaceIds": marketplaces}),
        };
        case.is_stored().await;
    }
}

#[tokio::test]
async fn what_a_charset_is_found_out_from_is_the_same_for_the_next_attempt() {
    let text = format!("{}Größe\n", ascii(2 * PART));
    let (bytes, ..) = WINDOWS_1252.encode(&text);
    for way in WAYS {
        let source = Source::in_ranges(bytes.to_vec());
        let bucket = Bucket::new();
        store_until(&source, &bucket, way, in_a_minute())
            .await
            .expect("stored");
        assert_eq!(bucket.calls()[1], 2, "read once more");
        let findings = bucket.noted(":findings").expect("written down");
        // The next attempt knows from the beginning.
        let bucket = Bucket::with_row(Vec::new(), &[("documentFindings", &findings)]);
        store_until(&source, &bucket, way, in_a_minute())
            .await
            .expect("stored");
        let [_, create, _, complete, abort] = bucket.calls();
        assert_eq!((create, complete, abort), (1, 1, 0), "{way:?}");
    }
}

#[tokio::test]
async fn a_text_that_outlasts_an_invocation_is_counted_on() {
    let text = format!("{}Größe\n", ascii(4 * PART));
    let source = Source {
        content_type: "text/csv; charset=Cp1252",
        ..Source::in_ranges(text.clone().into_bytes())
    };
    let bucket = Bucket::new();
    let error = store_until(&source, &bucket, Way::AsIs, Instant::now()).await;
    assert_eq!(error.expect_err("no time").name(), "DocumentUnfinished");
    let counted = bucket.noted(":counted").expect("written down");
    let of = bucket.noted(":of").expect("written down");
    let earlier = vec![bucket.sent()];
    assert_eq!(earlier[0].len(), PART);
    let row = [("uploadId", "id"), ("uploadOf", &of), ("uploadCounted", &counted)];
    let bucket = Bucket::with_row(earlier.clone(), &row);
    let stored = store_until(&source, &bucket, Way::AsIs, in_a_minute()).await;
    let stored = stored.expect("stored");
    assert_eq!(stored.charset.as_deref(), Some("UTF-8"));
    assert_eq!(bucket.calls(), [0, 0, 4, 1, 0], "only what is missing");
    assert_eq!(stored.crc64nvme, Crc64Nvme::of(text.as_bytes()));
    // What has not been counted is read, and not sent, again.
    let bucket = Bucket::with_row(earlier, &row[..2]);
    let stored = store_until(&source, &bucket, Way::AsIs, in_a_minute()).await;
    assert_eq!(stored.expect("stored").crc64nvme, Crc64Nvme::of(text.as_bytes()));
    assert_eq!(bucket.calls(), [0, 0, 4, 1, 0]);
}

#[tokio::test]
async fn large_gzip_by_length_goes_by_its_beginning() {
    let text = format!("Größe\n{}", ascii(3 * PART));
    let (bytes, ..) = WINDOWS_1252.encode(&text);
    let source = Source::in_ranges(gzip(&bytes));
    let bucket = Bucket::new();
    let stored = store_until(&source, &bucket, Way::AsIsByLength, in_a_minute()).await;
    let stored = stored.expect("stored");
    assert_eq!(stored.charset.as_deref(), Some("windows-1252"));
    assert_eq!(
        stored.notes,
        ["the charset is that of the beginning: the rest is not decompressed"]
    );
}
