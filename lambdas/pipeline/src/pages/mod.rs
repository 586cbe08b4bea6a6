//! Pages for people who come without credentials: small, in their language, with nothing that is fetched from
//! elsewhere, and nothing that a browser keeps.

mod language;

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use lambda_http::{Body, Response};
use sha2::{Digest, Sha256};

pub use language::Language;

use crate::domain::escaped;

/// All that a page needs. It is in the page, so that nothing else is fetched.
const STYLE: &str = "body{margin:0 auto;max-width:36rem;padding:15vh 1.5rem;font:1.125rem/1.6 system-ui,sans-serif;\
    color:#1c1c1c;background:#fff}h1{font-size:1.5rem;line-height:1.3}\
    a{display:inline-block;padding:.6em 1.2em;border-radius:.3em;color:#fff;background:#0b5394;text-decoration:none}\
    a:hover{text-decoration:underline}a:focus-visible{outline:3px solid #e69138;outline-offset:3px}\
    @media(prefers-color-scheme:dark){body{color:#eee;background:#1c1c1c}}";

/// What a page says, in plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<'a> {
    /// What is the matter.
    pub title: Cow<'a, str>,
    /// Why, and what to do.
    pub paragraphs: Vec<Cow<'a, str>>,
    /// How it goes on, if it does.
    pub way_on: Option<WayOn<'a>>,
}

/// A link that looks like a button. It is none of a form: what a form leads to may not lead on to places that its page
/// does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayOn<'a> {
    /// What it says.
    pub label: Cow<'a, str>,
    /// Where it leads, as seen from the page.
    pub address: Cow<'a, str>,
}

/// Makes the HTTP responses.
#[derive(Clone, Debug)]
pub struct Pages {
    /// Allows a page its style, and nothing else.
    content_security_policy: HeaderValue,
}

impl Default for Pages {
    fn default() -> Self {
        let style = STANDARD.encode(Sha256::digest(STYLE));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'"
        );
        Self {
            content_security_policy: policy.try_into().expect("ASCII"),
        }
    }
}

impl Pages {
    /// A page under that status.
    #[must_use]
    pub fn answer(&self, status: StatusCode, page: &Page<'_>, language: Language) -> Response<Body> {
        let mut response = answer(status, Body::from(html(page, language)));
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            self.content_security_policy.clone(),
        );
        set(headers, header::CONTENT_TYPE, "text/html; charset=utf-8");
        set(headers, header::CONTENT_LANGUAGE, language.tag());
        set(headers, header::VARY, "Accept-Language");
        response
    }
}

/// Leads on to `url`, under a status of redirects.
///
/// # Panics
/// It is no URL: those are ASCII.
#[must_use]
pub fn redirect(status: StatusCode, url: &str) -> Response<Body> {
    let mut response = answer(status, Body::Empty);
    let url = HeaderValue::try_from(url).expect("a URL is ASCII");
    response.headers_mut().insert(header::LOCATION, url);
    response
}

/// The language that the sender of a request prefers.
#[must_use]
pub fn language_of<B>(request: &Request<B>) -> Language {
    let accepted = request.headers().get(header::ACCEPT_LANGUAGE);
    Language::of(accepted.and_then(|value| value.to_str().ok()).unwrap_or_default())
}

/// What all responses have in common: nobody keeps them, passes their address on, or lists it.
fn answer(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    set(headers, header::CACHE_CONTROL, "no-store");
    set(headers, header::REFERRER_POLICY, "no-referrer");
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, HeaderName::from_static("x-robots-tag"), "noindex");
    response
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

fn html(page: &Page<'_>, language: Language) -> String {
    let title = escaped(&page.title);
    let mut content = String::new();
    for paragraph in &page.paragraphs {
        content.push_str(&format!("<p>{}</p>\n", escaped(paragraph)));
    }
    if let Some(WayOn { label, address }) = &page.way_on {
        let (label, address) = (escaped(label), escaped(address));
        content.push_str(&format!("<p><a href=\"{address}\">{label}</a></p>\n"));
    }
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n\
         <main>\n<h1>{title}</h1>\n{content}</main>\n</html>\n",
        language.tag()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(page: &Page<'_>) -> (HeaderMap, String) {
        let response = Pages::default().answer(StatusCode::OK, page, Language::German);
        let (parts, body) = response.into_parts();
        (parts.headers, String::from_utf8(body.to_vec()).expect("UTF-8"))
    }

    fn page(way_on: Option<WayOn<'static>>) -> Page<'static> {
        Page {
            title: "Titel".into(),
            paragraphs: vec!["<b>Müller & Söhne</b>".into()],
            way_on,
        }
    }

    #[test]
    fn a_page_has_its_style_and_nothing_that_is_not_text() {
        let (headers, page) = answered(&page(None));
        assert!(page.contains("<html lang=\"de\">") && page.contains("<h1>Titel</h1>"));
        assert!(
            page.contains("<p>&lt;b&gt;Müller &amp; Söhne&lt;/b&gt;</p>"),
            "{page}"
        );
        for (name, value) in [
            ("content-language", "de"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-robots-tag", "noindex"),
        ] {
            assert_eq!(headers[name], value, "{name}");
        }
        let (_, style) = page.split_once("<style>").expect("a style");
        let (style, _) = style.split_once("</style>").expect("a style");
        let hash = STANDARD.encode(Sha256::digest(style));
        let policy = headers["content-security-policy"].to_str().expect("ASCII");
        assert!(
            policy.starts_with("default-src 'none';") && policy.contains(&hash),
            "{policy}"
        );
        assert!(!page.contains("href="), "{page}");
    }

    #[test]
    fn the_way_on_is_a_link() {
        let (_, page) = answered(&page(Some(WayOn {
            label: "Weiter".into(),
            address: "a/\"consent".into(),
        })));
        assert!(
            page.contains("<p><a href=\"a/&quot;consent\">Weiter</a></p>"),
            "{page}"
        );
    }

    #[test]
    fn a_redirect_leaves_no_trace() {
        let response = redirect(StatusCode::FOUND, "https://bucket.example/k?X-Amz-Signature=0f");
        assert_eq!(response.status(), StatusCode::FOUND);
        let headers = response.headers();
        assert_eq!(headers["location"], "https://bucket.example/k?X-Amz-Signature=0f");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["cache-control"], "no-store");
    }
}
