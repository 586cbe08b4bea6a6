//! Report documents: what they hold, and the URLs they are handed out under.

pub(crate) mod binary;
pub(crate) mod generate;
pub(crate) mod gzip;
pub(crate) mod rope;
pub(crate) mod serve;
pub(crate) mod table;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::Json;
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::errors::ApiError;
use crate::oddities::answer::AccessOddity;
use crate::oddities::document::DocumentOddity;
use crate::random;
use crate::reports::ReportKey;
use crate::restricted::is_restricted;
use crate::server::call::{Answer, Call};
use crate::tokens::Grant;
use crate::world::State;
use rope::Rope;

/// How long a document URL works.
const URL_LIFETIME: Duration = Duration::from_secs(300);

/// A document, whole.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) id: String,
    pub(crate) report: ReportKey,
    pub(crate) report_type: String,
    /// What the report says.
    pub(crate) content: Rope,
    /// What the URL serves: the content, or the content compressed.
    pub(crate) served: Rope,
    /// Whether that is so, whatever is said.
    pub(crate) is_gzip: bool,
    pub(crate) content_type: String,
    /// What the text is written in; `None` for what is no flat file.
    pub(crate) charset: Option<&'static str>,
    /// What getReportDocument calls the compression.
    pub(crate) algorithm: Option<&'static str>,
    /// Whether every URL says `Content-Encoding: gzip`.
    always_says_gzip: bool,
    pub(crate) oddity: Option<DocumentOddity>,
    pub(crate) created: Timestamp,
    checksums: OnceLock<(String, String)>,
}

impl Document {
    pub(crate) fn new(
        id: String,
        report: ReportKey,
        report_type: &str,
        generated: generate::Generated,
        oddity: Option<DocumentOddity>,
    ) -> Self {
        Self {
            id,
            report,
            report_type: report_type.to_owned(),
            content: generated.content,
            served: generated.served,
            is_gzip: generated.is_gzip,
            content_type: generated.content_type,
            charset: generated.charset,
            algorithm: generated.algorithm,
            always_says_gzip: generated.always_says_gzip,
            oddity,
            created: Timestamp::now(),
            checksums: OnceLock::new(),
        }
    }

    /// SHA-256 of what is served and of the content. Takes seconds for gigabytes, the first time:
    /// not to be called with the state locked or on an async thread.
    pub(crate) fn checksums(&self) -> &(String, String) {
        self.checksums.get_or_init(|| {
            let served = checksum(&self.served);
            let content = if self.is_gzip {
                checksum(&self.content)
            } else {
                served.clone()
            };
            (served, content)
        })
    }

    /// Like S3's: an opaque text that belongs to exactly these bytes.
    pub(crate) fn etag(&self) -> String {
        let name = format!("{} {:?} {}", self.id, self.report, self.served.len());
        format!("\"{}\"", &random::digest(&name)[..32])
    }

    /// What the URL's `Content-Encoding` is; `asks` says whether whoever got the URL wanted it.
    pub(crate) fn content_encoding(&self, asks: bool) -> Option<&'static str> {
        match (self.always_says_gzip, self.is_gzip) {
            (true, _) => Some("gzip"),
            (false, true) if self.algorithm.is_some() => Some(if asks { "gzip" } else { "identity" }),
            _ => None,
        }
    }
}

fn checksum(rope: &Rope) -> String {
    let mut sha256 = Sha256::new();
    for chunk in rope.chunks() {
        sha256.update(&chunk);
    }
    random::hex(&sha256.finalize())
}

/// A URL that was handed out.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) document: Arc<Document>,
    pub(crate) expires: Instant,
    /// Whether the URL says `Content-Encoding: gzip`.
    pub(crate) is_encoded: bool,
}

/// The documents of every seller, and the URLs that lead to them.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    /// By region, seller and document id: an id is unique only together with the seller.
    by_id: HashMap<(sp_api::RegionCode, String, String), Arc<Document>>,
    by_report: HashMap<ReportKey, Arc<Document>>,
    links: HashMap<String, Link>,
}

impl Documents {
    pub(crate) fn add(&mut self, document: Arc<Document>) {
        let ReportKey {
            region, seller_id, ..
        } = document.report.clone();
        self.by_report
            .insert(document.report.clone(), Arc::clone(&document));
        self.by_id
            .insert((region, seller_id, document.id.clone()), document);
    }

    pub(crate) fn find(
        &self,
        region: sp_api::RegionCode,
        seller_id: &str,
        id: &str,
    ) -> Option<Arc<Document>> {
        let key = (region, seller_id.to_owned(), id.to_owned());
        self.by_id.get(&key).cloned()
    }

    pub(crate) fn of_report(&self, report: &ReportKey) -> Option<Arc<Document>> {
        self.by_report.get(report).cloned()
    }

    pub(crate) fn link(&self, signature: &str) -> Option<Link> {
        self.links.get(signature).cloned()
    }

    /// Makes one URL, or all of them, expire now.
    pub(crate) fn expire(&mut self, signature: Option<&str>) -> usize {
        let now = Instant::now();
        let mut expired = 0;
        for (known, link) in &mut self.links {
            if signature.is_none_or(|wanted| wanted == known) && link.expires > now {
                link.expires = now;
                expired += 1;
            }
        }
        expired
    }

    fn hand_out(&mut self, signature: String, link: Link) {
        // An hour after its death nobody asks for a URL any more.
        self.links
            .retain(|_, old| old.expires.elapsed() < Duration::from_secs(3600));
        self.links.insert(signature, link);
    }
}

/// Whether the seller's own token opens the document.
fn check_access(state: &mut State, document: &Document) -> Result<(), ApiError> {
    if !is_restricted(&document.report_type) {
        let report = state.reports.get(&document.report);
        return match report.is_some_and(|report| state.oddities.demands_restricted_token(report)) {
            true => Err(AccessOddity::Enforced.refusal()),
            false => Ok(()),
        };
    }
    match state.oddities.opens_to_sellers_token(&document.report) {
        true => Ok(()),
        false => Err(ApiError::unauthorized(
            "The report document holds personal data: a restricted data token is required.",
        )),
    }
}

/// The operation `getReportDocument`.
pub(crate) fn get_report_document(call: &Call<'_>) -> Answer {
    let id = call.parameter(0);
    let is_encoded = match call.query.one("enableContentEncodingUrlHeader")? {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            return Err(ApiError::invalid_input(
                "enableContentEncodingUrlHeader must be true or false",
            ));
        }
    };
    let mut guard = call.world.state();
    let state = &mut *guard;
    let document = state.documents.find(call.region, &call.seller_id, id);
    let document =
        document.ok_or_else(|| ApiError::not_found(&format!("Report document {id} was not found.")))?;
    if !matches!(call.grant, Grant::Restricted { .. }) {
        check_access(state, &document)?;
    }
    let signature = call.world.secrets.next();
    let url = format!(
        "{}/documents/{}/{id}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires={}&X-Amz-Signature={signature}",
        call.world.public_url,
        call.region.as_str().to_lowercase(),
        URL_LIFETIME.as_secs(),
    );
    let mut answer = json!({ "reportDocumentId": id, "url": url });
    if let Some(algorithm) = document.algorithm {
        answer["compressionAlgorithm"] = algorithm.into();
    }
    let link = Link {
        document,
        expires: Instant::now() + URL_LIFETIME,
        is_encoded,
    };
    state.documents.hand_out(signature, link);
    Ok(Json(answer).into_response())
}
