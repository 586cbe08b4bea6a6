mod bucket;
mod charsets;
mod compression;
mod source;

use std::io::{Read, Write};
use std::sync::atomic::Ordering;
use std::time::Duration;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::json;
use sp_api::{DocumentUrl, Endpoints};

use super::*;
use crate::domain::Crc64Nvme;
use bucket::Bucket;
use source::Source;

const PART: usize = 8 << 20;

/// Stores what `source` serves, as `GZIP` if it begins like it.
async fn store(source: &Source, bucket: &Bucket) -> Result<StoredDocument, PipelineError> {
    store_until(source, bucket, Way::AsIs, in_a_minute()).await
}

fn in_a_minute() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

/// How the function is set.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    AsIs,
    AsIsByLength,
    Utf8,
}

async fn store_until(
    source: &Source,
    bucket: &Bucket,
    way: Way,
    until: Instant,
) -> Result<StoredDocument, PipelineError> {
    let is_gzip = source.document.starts_with(&[0x1f, 0x8b]);
    let told = json!({"CompressionAlgorithm": is_gzip.then_some("GZIP")});
    store_as_told(source, bucket, way, &told, until).await
}

/// Stores what `source` serves; `told` is what Amazon and the ledger say of it.
async fn store_as_told(
    source: &Source,
    bucket: &Bucket,
    way: Way,
    told: &serde_json::Value,
    until: Instant,
) -> Result<StoredDocument, PipelineError> {
    let transfer = Transfer {
        client: SpApiClient::with_read_timeout(Endpoints::production(), Duration::from_secs(2)),
        store: bucket.store(),
        ledger: bucket.ledger(),
        format: match way {
            Way::AsIs | Way::AsIsByLength => DocumentFormat::AsIs,
            Way::Utf8 => DocumentFormat::Utf8,
        },
        gzip_check: match way {
            Way::AsIs | Way::Utf8 => GzipCheck::Contents,
            Way::AsIsByLength => GzipCheck::Length,
        },
        pool: BufferPool::new(4 * PART),
    };
    let url: DocumentUrl = source.serve().await;
    let mut input = json!({
        "SellerId": "A3TH9S8BH6GOGM", "ReportId": "54517018502", "ReportType": "GET_MERCHANT_LISTINGS_ALL_DATA",
        "ProcessingStatus": "DONE",
        "Document": {"RegionCode": "EU", "Url": url.expose(), "KeyTime": "2026-11-22T05:00:00Z"},
    });
    for (name, value) in told.as_object().expect("an object") {
        let of_report = ["ReportType", "ProcessingStatus"].contains(&name.as_str());
        let input = if of_report {
            &mut input
        } else {
            &mut input["Document"]
        };
        input[name] = value.clone();
    }
    transfer
        .run(&serde_json::from_value(input).expect("readable"), until)
        .await
}

/// Bytes that no two parts have in common.
fn noise(length: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(length as u64);
    let mut bytes = vec![0; length];
    random.fill(&mut bytes);
    bytes
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).expect("into memory");
    encoder.finish().expect("into memory")
}

fn gunzip(gzip: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    MultiGzDecoder::new(gzip)
        .read_to_end(&mut text)
        .expect("whole gzip");
    text
}

#[tokio::test]
async fn a_small_document_is_one_request() {
    for source in [Source::of(noise(5)), Source::in_ranges(noise(5))] {
        let bucket = Bucket::new();
        let stored = store(&source, &bucket).await.expect("stored");
        assert_eq!(bucket.calls(), [1, 0, 0, 0, 0]);
        assert_eq!((stored.bytes, stored.crc64nvme), (5, Crc64Nvme::of(&noise(5))));
        assert_eq!(bucket.sent(), noise(5));
    }
}

#[tokio::test]
async fn an_empty_document_is_an_empty_object() {
    for source in [Source::of(Vec::new()), Source::in_ranges(Vec::new())] {
        let bucket = Bucket::new();
        assert_eq!(store(&source, &bucket).await.expect("stored").bytes, 0);
        assert_eq!(bucket.calls(), [1, 0, 0, 0, 0]);
    }
}

#[tokio::test]
async fn a_large_document_goes_in_parts() {
    for (length, parts) in [(PART, 1), (PART + 1, 2), (6 * PART, 6), (6 * PART + 7, 7)] {
        let document = noise(length);
        for source in [Source::of(document.clone()), Source::in_ranges(document.clone())] {
            let bucket = Bucket::new();
            let stored = store(&source, &bucket).await.expect("stored");
            assert_eq!(bucket.calls(), [0, 1, parts, 1, 0], "{length}");
            assert_eq!(stored.bytes, length as u64);
            assert_eq!(stored.crc64nvme, Crc64Nvme::of(&document));
            assert!(bucket.sent() == document, "{length}");
            let requests = source.requests.load(Ordering::Relaxed);
            let expected = if source.answers_ranges { parts } else { 1 };
            assert_eq!(requests, expected, "{length}");
        }
    }
}

/// Fails as it should, and leaves nothing.
async fn fails(source: &Source, way: Way, why: &str) {
    let bucket = Bucket::new();
    let until = Instant::now() + Duration::from_secs(60);
    let error = store_until(source, &bucket, way, until).await.expect_err(why);
    assert_eq!(error.name(), "DocumentIncomplete", "{why}: {error}");
    let [put, create, _, complete, abort] = bucket.calls();
    assert_eq!((put, complete), (0, 0), "{why}");
    assert_eq!(create, abort, "{why}: nothing half-written stays");
}

#[tokio::test]
async fn a_document_that_is_cut_is_never_an_object() {
    let text = "sku\tprice\n".repeat(5 << 18).into_bytes();
    let mixed = gzip(&noise(2 * PART));
    for document in [text, mixed] {
        let length = document.len();
        for tenth in 0..10 {
            for way in [Way::AsIs, Way::AsIsByLength, Way::Utf8] {
                let whole = [Source::of(document.clone()), Source::in_ranges(document.clone())];
                for source in whole {
                    let cut_at = Some(length * tenth / 10);
                    fails(&Source { cut_at, ..source }, way, &format!("cut at {cut_at:?}")).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_document_that_stalls_is_never_an_object() {
    for source in [Source::of(noise(2 * PART)), Source::in_ranges(noise(2 * PART))] {
        for stall_at in [100, PART + 100] {
            let stall_at = Some(stall_at);
            fails(
                &Source {
                    stall_at,
                    ..source.clone()
                },
                Way::AsIs,
                "stalled",
            )
            .await;
        }
    }
}

#[tokio::test]
async fn a_wrong_content_length_is_found_out() {
    for length in [1000, 2 * PART] {
        let longer = Source {
            announced: Some(length + 1),
            ..Source::of(noise(length))
        };
        fails(&longer, Way::AsIs, "announced as longer").await;
        let compressed = gzip(&noise(length));
        let shorter = Source {
            announced: Some(compressed.len() - 1),
            ..Source::of(compressed)
        };
        fails(&shorter, Way::AsIs, "announced as shorter").await;
        fails(&shorter, Way::Utf8, "announced as shorter").await;
    }
    let other_range = Source {
        announced: Some(PART - 1),
        ..Source::in_ranges(noise(3 * PART))
    };
    fails(&other_range, Way::AsIs, "a shorter range").await;
}

#[tokio::test]
async fn a_corrupt_gzip_is_never_an_object() {
    for length in [100_000, 2 * PART] {
        let whole = gzip(&noise(length));
        for at in [2, whole.len() / 2, whole.len() - 6, whole.len() - 1] {
            let mut corrupt = whole.clone();
            corrupt[at] ^= 0x55;
            for way in [Way::AsIs, Way::Utf8] {
                fails(&Source::of(corrupt.clone()), way, &format!("byte {at}")).await;
            }
        }
        // Whole as far as its length goes.
        let cut = Source::in_ranges(whole[..whole.len() - 4].to_vec());
        fails(&cut, Way::AsIs, "without its end").await;
    }
}

#[tokio::test]
async fn a_gzip_whose_length_is_enough_is_not_read() {
    let whole = gzip(&noise(3 * PART));
    let mut corrupt = whole.clone();
    corrupt[2 * PART] ^= 1;
    let bucket = Bucket::new();
    let until = Instant::now() + Duration::from_secs(60);
    store_until(
        &Source::in_ranges(corrupt.clone()),
        &bucket,
        Way::AsIsByLength,
        until,
    )
    .await
    .expect("not looked at");
    assert!(bucket.sent() == corrupt);

    let unlike = [&[0x1f, 0x8b], noise(3 * PART).as_slice()].concat();
    fails(
        &Source::of(unlike),
        Way::AsIsByLength,
        "begins like something else",
    )
    .await;
    let without_end = Source {
        hides_length: true,
        ..Source::of(whole[..whole.len() - 1].to_vec())
    };
    fails(&without_end, Way::AsIsByLength, "of a length that nobody said").await;
    let small = gzip(&noise(1000));
    let small = Source::in_ranges(small[..small.len() - 1].to_vec());
    fails(&small, Way::AsIsByLength, "small").await;
}

#[tokio::test]
async fn a_document_that_changes_is_never_an_object() {
    let changes = Source {
        changes: true,
        ..Source::in_ranges(noise(3 * PART))
    };
    fails(&changes, Way::AsIs, "changed").await;
}

#[tokio::test]
async fn texts_are_stored_in_utf8() {
    let line = "sku\tGröße\t10 €\n";
    let text = line.repeat(10);
    let (in_cp1252, ..) = encoding_rs::WINDOWS_1252.encode(&text);
    let until = Instant::now() + Duration::from_secs(60);
    for document in [in_cp1252.to_vec(), gzip(&in_cp1252)] {
        let source = Source {
            content_type: "text/tab-separated-values; charset=Cp1252",
            ..Source::of(document.clone())
        };
        let bucket = Bucket::new();
        let stored = store_until(&source, &bucket, Way::Utf8, until)
            .await
            .expect("stored");
        let sent = bucket.sent();
        assert_eq!((stored.bytes, stored.invalid_sequences), (sent.len() as u64, 0));
        let is_gzip = document.starts_with(&[0x1f, 0x8b]);
        let plain = if is_gzip { gunzip(&sent) } else { sent };
        assert_eq!(String::from_utf8(plain).expect("UTF-8"), text);
    }
}

#[tokio::test]
async fn large_texts_are_stored_in_utf8() {
    // Hardly compressible, so that it takes several parts.
    let mut random = fastrand::Rng::with_seed(7);
    let text: String = (0..12 << 20).map(|_| random.char('ぁ'..'ん')).collect();
    let (in_shift_jis, ..) = encoding_rs::SHIFT_JIS.encode(&text);
    let source = Source {
        content_type: "text/csv; charset=Shift_JIS",
        ..Source::in_ranges(gzip(&in_shift_jis))
    };
    let bucket = Bucket::new();
    let until = Instant::now() + Duration::from_secs(60);
    let stored = store_until(&source, &bucket, Way::Utf8, until)
        .await
        .expect("stored");
    let [put, create, parts, complete, abort] = bucket.calls();
    assert_eq!((put, create, complete, abort), (0, 1, 1, 0));
    assert!(parts > 1, "{parts}");
    let sent = bucket.sent();
    assert_eq!(
        (stored.bytes, stored.crc64nvme),
        (sent.len() as u64, Crc64Nvme::of(&sent))
    );
    assert!(gunzip(&sent) == text.as_bytes());
}

#[tokio::test]
async fn what_cannot_be_read_is_counted() {
    let source = Source {
        content_type: "text/csv; charset=UTF-8",
        ..Source::of("größer ".repeat(3).into_bytes())
    };
    let broken = b"good \xff bad".to_vec();
    let source = Source {
        document: [&source.document[..], &broken].concat().into(),
        ..source
    };
    let bucket = Bucket::new();
    let until = Instant::now() + Duration::from_secs(60);
    let stored = store_until(&source, &bucket, Way::Utf8, until)
        .await
        .expect("stored");
    assert_eq!(stored.invalid_sequences, 1);
    let sent = String::from_utf8(bucket.sent()).expect("UTF-8");
    assert_eq!(sent, "größer größer größer good \u{FFFD} bad");
}

#[tokio::test]
async fn what_is_no_text_is_never_transcoded() {
    let source = Source {
        content_type: "application/pdf",
        ..Source::of([b"%PDF-1.7\n".to_vec(), noise(1000)].concat())
    };
    let bucket = Bucket::new();
    let until = Instant::now() + Duration::from_secs(60);
    store_until(&source, &bucket, Way::Utf8, until)
        .await
        .expect("stored");
    assert_eq!(bucket.sent(), **source.document);
}

/// What the ledger remembers of an upload of `source`, as the function itself writes it.
fn identity(source: &Source) -> String {
    let etag = source.answers_ranges.then_some("\"tag\"");
    let is_gzip = source.document.starts_with(&[0x1f, 0x8b]);
    let (encoding, suffix) = if is_gzip {
        (Some("gzip"), ".gz")
    } else {
        (None, "")
    };
    format!(
        "SellerId=A3TH9S8BH6GOGM/ReportType=GET_MERCHANT_LISTINGS_ALL_DATA/date=2026-11-22/54517018502.tsv{suffix} \
         {encoding:?} {} {:?} {etag:?}",
        source.content_type,
        Some(source.document.len()),
    )
}

#[tokio::test]
async fn a_document_that_outlasts_an_invocation_is_continued() {
    let document = noise(5 * PART);
    let source = Source {
        content_type: "application/pdf",
        ..Source::in_ranges(document.clone())
    };
    let bucket = Bucket::new();
    let error = store_until(&source, &bucket, Way::AsIs, Instant::now())
        .await
        .expect_err("no time");
    assert_eq!(error.name(), "DocumentUnfinished");
    let [_, create, parts, complete, abort] = bucket.calls();
    assert_eq!((create, complete, abort), (1, 0, 0), "it stays to be continued");
    assert!(parts > 0);

    let earlier = document.chunks(PART).take(2).map(<[u8]>::to_vec).collect();
    let bucket = Bucket::with_earlier(earlier, &identity(&source));
    let stored = store(&source, &bucket).await.expect("stored");
    assert_eq!(bucket.calls(), [0, 0, 3, 1, 0], "only what is missing");
    assert_eq!(stored.crc64nvme, Crc64Nvme::of(&document));
    assert!(bucket.sent() == document[2 * PART..]);
}

#[tokio::test]
async fn what_must_be_read_again_is_not_sent_again() {
    let document = gzip(&noise(4 * PART));
    let source = Source::in_ranges(document.clone());
    let mut earlier: Vec<Vec<u8>> = document.chunks(PART).take(3).map(<[u8]>::to_vec).collect();
    // S3 has something else there: it is sent again.
    earlier[1][0] ^= 1;
    let of = identity(&source).replace("text/csv", "text/csv; charset=windows-1252");
    let bucket = Bucket::with_earlier(earlier.clone(), &of);
    let stored = store(&source, &bucket).await.expect("stored");
    let parts = document.chunks(PART).count();
    assert_eq!(bucket.calls(), [0, 0, parts - 2, 1, 0]);
    assert_eq!(stored.crc64nvme, Crc64Nvme::of(&document));

    let bucket = Bucket::with_earlier(document.chunks(PART).take(1).map(<[u8]>::to_vec).collect(), &of);
    let error = store_until(&source, &bucket, Way::AsIs, Instant::now())
        .await
        .expect_err("no time");
    assert_eq!(error.name(), "DocumentTooLong", "it would never come further");
}

#[tokio::test]
async fn an_upload_of_another_document_is_given_up() {
    let document = noise(3 * PART);
    let source = Source::in_ranges(document.clone());
    let earlier = document.chunks(PART).map(<[u8]>::to_vec).collect();
    let bucket = Bucket::with_earlier(earlier, "another");
    store(&source, &bucket).await.expect("stored");
    assert_eq!(bucket.calls(), [0, 1, 3, 1, 1]);
    assert!(bucket.sent() == document);
}

#[tokio::test]
async fn an_upload_that_is_no_more_is_begun_anew() {
    let document = noise(3 * PART);
    let source = Source::in_ranges(document.clone());
    let earlier = document.chunks(PART).map(<[u8]>::to_vec).collect();
    let bucket = Bucket::with_earlier(earlier, &identity(&source)).without_uploads();
    store(&source, &bucket).await.expect("stored");
    assert_eq!(bucket.calls(), [0, 1, 3, 1, 0]);
    assert!(bucket.sent() == document);
}
