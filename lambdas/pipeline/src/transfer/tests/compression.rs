//! Documents that are not compressed as they are said to be.

use serde_json::Value;

use super::*;

const WAYS: [Way; 3] = [Way::AsIs, Way::AsIsByLength, Way::Utf8];

fn told(algorithm: &Value) -> Value {
    json!({"CompressionAlgorithm": algorithm})
}

/// In both of the ways that a source may answer.
fn sources(document: &[u8]) -> [Source; 2] {
    let of = |source: Source| Source {
        content_type: "text/plain",
        ..source
    };
    [
        of(Source::of(document.to_vec())),
        of(Source::in_ranges(document.to_vec())),
    ]
}

/// Text that takes several parts, also when it is compressed.
fn long_text() -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(3);
    let letters = (0..3 * PART).map(|_| random.u8(b' '..=b'~'));
    let mut text: Vec<u8> = letters.collect();
    text.extend_from_slice("Größe\n".as_bytes());
    text
}

fn texts() -> [Vec<u8>; 2] {
    ["sku\tname\n1\tGröße\n".as_bytes().to_vec(), long_text()]
}

async fn stored(source: &Source, way: Way, told: &Value) -> (Bucket, StoredDocument) {
    let bucket = Bucket::new();
    let stored = store_as_told(source, &bucket, way, told, in_a_minute()).await;
    (bucket, stored.expect("stored"))
}

#[tokio::test]
async fn gzip_that_is_plain_is_stored_plain() {
    for text in texts() {
        for source in sources(&text) {
            for way in WAYS {
                let (bucket, stored) = stored(&source, way, &told(&json!("GZIP"))).await;
                assert!(bucket.sent() == text);
                let described = bucket.described();
                assert!(described.key.ends_with("/54517018502.tsv"), "{}", described.key);
                assert_eq!(described.key, stored.object_key);
                assert_eq!(described.content_encoding, None);
                assert_eq!(described.content_type, "text/plain; charset=UTF-8");
                assert_eq!(stored.notes, ["declared as \"GZIP\", the bytes are plain"]);
            }
        }
    }
}

#[tokio::test]
async fn gzip_that_nobody_declared_is_stored_as_gzip() {
    for text in texts() {
        for source in sources(&gzip(&text)) {
            for way in WAYS {
                let (bucket, stored) = stored(&source, way, &told(&Value::Null)).await;
                assert!(gunzip(&bucket.sent()) == text);
                if way != Way::Utf8 {
                    assert!(bucket.sent() == **source.document, "byte for byte");
                }
                let described = bucket.described();
                assert!(
                    described.key.ends_with("/54517018502.tsv.gz"),
                    "{}",
                    described.key
                );
                assert_eq!(described.content_encoding.as_deref(), Some("gzip"));
                assert_eq!(described.content_type, "text/plain; charset=UTF-8");
                assert_eq!(stored.notes[0], "not declared as compressed, the bytes are gzip");
            }
        }
    }
}

#[tokio::test]
async fn oddly_written_algorithms_and_encodings_change_nothing() {
    let text = b"sku\tname\n".to_vec();
    for algorithm in [
        json!("gzip"),
        json!("ZIP"),
        json!(""),
        json!("GZIP "),
        json!(7),
        json!(null),
    ] {
        for content_encoding in [None, Some("gzip"), Some("identity"), Some("aws-chunked")] {
            for document in [text.clone(), gzip(&text), Vec::new()] {
                for way in WAYS {
                    let source = Source {
                        content_encoding,
                        ..Source::in_ranges(document.clone())
                    };
                    let (bucket, _) = stored(&source, way, &told(&algorithm)).await;
                    let is_gzip = document.starts_with(&[0x1f, 0x8b]);
                    let sent = bucket.sent();
                    let plain = if is_gzip { gunzip(&sent) } else { sent };
                    assert!(
                        plain
                            == if document.is_empty() {
                                Vec::new()
                            } else {
                                text.clone()
                            }
                    );
                    let described = bucket.described();
                    let encoding = is_gzip.then_some("gzip");
                    assert_eq!(described.content_encoding.as_deref(), encoding, "{algorithm}");
                    assert_eq!(described.key.ends_with(".tsv.gz"), is_gzip);
                }
            }
        }
    }
}

#[tokio::test]
async fn an_empty_document_is_an_empty_plain_document() {
    for source in sources(b"") {
        for way in WAYS {
            let (bucket, stored) = stored(&source, way, &told(&json!("GZIP"))).await;
            assert_eq!((stored.bytes, bucket.calls()), (0, [1, 0, 0, 0, 0]));
            assert_eq!(bucket.described().content_encoding, None);
            assert!(stored.object_key.ends_with(".tsv"));
            assert_eq!(stored.notes, ["declared as \"GZIP\", the bytes are none"]);
        }
    }
}

#[tokio::test]
async fn what_begins_like_gzip_and_breaks_off_is_incomplete() {
    let whole = gzip(b"sku\tname\n");
    for length in [1, 2, 3, 10, whole.len() - 1] {
        for source in sources(&whole[..length]) {
            for way in WAYS {
                for algorithm in [json!("GZIP"), Value::Null] {
                    let bucket = Bucket::new();
                    let told = told(&algorithm);
                    let broken = store_as_told(&source, &bucket, way, &told, in_a_minute()).await;
                    assert_eq!(
                        broken.expect_err("broken").name(),
                        "DocumentIncomplete",
                        "{length}"
                    );
                    assert_eq!(bucket.calls()[0], 0, "never stored");
                }
            }
        }
    }
}

#[tokio::test]
async fn gzip_with_zeros_behind_its_end_is_accepted() {
    for text in texts() {
        for zeros in [1, 511, 2 * PART] {
            let padded = [gzip(&text), vec![0; zeros]].concat();
            for source in sources(&padded) {
                for way in WAYS {
                    let (bucket, stored) = stored(&source, way, &told(&json!("GZIP"))).await;
                    if way == Way::Utf8 {
                        assert!(gunzip(&bucket.sent()) == text);
                    } else {
                        assert!(bucket.sent() == padded, "as it is");
                    }
                    let left_out = stored.notes.iter().any(|note| note.contains("left out"));
                    assert!(!left_out, "{:?}", stored.notes);
                }
            }
        }
    }
}

#[tokio::test]
async fn gzip_with_other_bytes_behind_its_end_is_stored_without_them() {
    for text in texts() {
        for more in [b"\r\n".to_vec(), b"\0\0garbage".to_vec(), vec![b'x'; 3 * PART]] {
            let whole = gzip(&text);
            let followed = [&whole[..], &more].concat();
            for source in sources(&followed) {
                for way in [Way::AsIs, Way::Utf8] {
                    let (bucket, stored) = stored(&source, way, &told(&json!("GZIP"))).await;
                    let sent = bucket.sent();
                    assert!(way == Way::Utf8 || sent == whole, "no more and no less");
                    assert!(gunzip(&sent) == text);
                    assert_eq!(
                        (stored.bytes, stored.crc64nvme),
                        (sent.len() as u64, Crc64Nvme::of(&sent))
                    );
                    assert_eq!(
                        stored.notes,
                        ["bytes behind the gzip document's end are left out"]
                    );
                    let [put, _, _, complete, _] = bucket.calls();
                    assert_eq!(put + complete, 1, "one object");
                }
            }
        }
    }
}

#[tokio::test]
async fn where_gzip_ends_is_known_to_the_next_attempt() {
    let whole = gzip(&long_text());
    let source = Source::in_ranges([&whole[..], b"\r\n"].concat());
    let findings =
        json!({"length": source.document.len(), "charset": "UTF-8", "end": whole.len()}).to_string();
    let bucket = Bucket::with_row(Vec::new(), &[("documentFindings", &findings)]);
    let stored = store(&source, &bucket).await.expect("stored");
    assert!(bucket.sent() == whole);
    assert_eq!(stored.bytes, whole.len() as u64);
    let [_, create, _, complete, abort] = bucket.calls();
    assert_eq!((create, complete, abort), (1, 1, 0), "once");
    // What was found of another document is of no use.
    let other = json!({"length": 7, "charset": "UTF-8", "end": 5}).to_string();
    let bucket = Bucket::with_row(Vec::new(), &[("documentFindings", &other)]);
    store(&source, &bucket).await.expect("stored");
    assert!(bucket.sent() == whole);
}

#[tokio::test]
async fn fatal_with_a_reason_is_stored_apart_with_its_words() {
    for (document, ending, words) in [
        (
            r#"{"errorDetails": "No such\nmarketplace."}"#,
            ".json",
            "No such marketplace.",
        ),
        (
            "The start date is too far in the past.",
            ".txt",
            "The start date is too far in the past.",
        ),
    ] {
        for (bytes, suffix) in [
            (document.as_bytes().to_vec(), ""),
            (gzip(document.as_bytes()), ".gz"),
        ] {
            for way in WAYS {
                let source = Source::in_ranges(bytes.clone());
                let told =
                    json!({"ProcessingStatus": "FATAL", "ReportType": "GET_FLAT_FILE_OPEN_LISTINGS_DATA"});
                let (bucket, stored) = stored(&source, way, &told).await;
                let key = bucket.described().key;
                assert!(key.starts_with("errors/SellerId="), "{key}");
                assert!(key.ends_with(&format!("{ending}{suffix}")), "{key}");
                assert_eq!(stored.reason.as_deref(), Some(words));
            }
        }
    }
}
