use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use pipeline::adapters::UrlMethod;
use sha2::{Digest, Sha256};

use crate::language::Language;
use crate::words::{Words, leads_nowhere, not_now};

/// After how many seconds a link that fails is worth another click.
const RETRY_AFTER: u64 = 60;

/// All that a page needs. It is in the page, so that nothing else is fetched.
const STYLE: &str = "body{margin:0 auto;max-width:36rem;padding:15vh 1.5rem;font:1.125rem/1.6 system-ui,sans-serif;\
    color:#1c1c1c;background:#fff}h1{font-size:1.5rem;line-height:1.3}\
    @media(prefers-color-scheme:dark){body{color:#eee;background:#1c1c1c}}";

/// What became of opening a link.
pub enum Opened {
    /// The document is at that URL.
    LeadsTo(String),
    /// There is no such link, or no document any more.
    LeadsNowhere,
    /// It could not be found out.
    NotNow,
}

/// Makes the HTTP responses.
pub struct Answers {
    /// Allows a page its style, and nothing else.
    content_security_policy: HeaderValue,
}

impl Answers {
    pub fn new() -> Self {
        let style = STANDARD.encode(Sha256::digest(STYLE));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'"
        );
        Self {
            content_security_policy: policy.try_into().expect("ASCII"),
        }
    }

    /// The response to a request for the whole, or for the headers alone.
    pub fn to(&self, opened: &Opened, method: UrlMethod, language: Language) -> Response<Body> {
        match opened {
            Opened::LeadsTo(url) => {
                let mut response = answer(StatusCode::FOUND, Body::Empty);
                let url = HeaderValue::try_from(url).expect("a URL is ASCII");
                response.headers_mut().insert(header::LOCATION, url);
                response
            }
            Opened::LeadsNowhere => {
                self.page(StatusCode::NOT_FOUND, &leads_nowhere(language), method, language)
            }
            Opened::NotNow => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                let mut response = self.page(status, &not_now(language), method, language);
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, RETRY_AFTER.into());
                response
            }
        }
    }

    fn page(
        &self,
        status: StatusCode,
        words: &Words,
        method: UrlMethod,
        language: Language,
    ) -> Response<Body> {
        let body = match method {
            UrlMethod::Get => Body::from(html(words, language)),
            UrlMethod::Head => Body::Empty,
        };
        let mut response = answer(status, body);
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

/// What all responses have in common: nobody keeps them, passes the link on, or lists it.
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

fn html(words: &Words, language: Language) -> String {
    let Words {
        title,
        reason,
        advice,
    } = words;
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n\
         <main>\n<h1>{title}</h1>\n<p>{reason}</p>\n<p>{advice}</p>\n</main>\n</html>\n",
        language.tag()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(opened: &Opened, method: UrlMethod, language: Language) -> (u16, HeaderMap, String) {
        let response = Answers::new().to(opened, method, language);
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(body.to_vec()).expect("UTF-8");
        (parts.status.as_u16(), parts.headers, text)
    }

    #[test]
    fn a_link_redirects_and_leaves_no_trace() {
        let opened = Opened::LeadsTo("https://bucket.example/k?X-Amz-Signature=0f".into());
        let (status, headers, body) = answered(&opened, UrlMethod::Get, Language::English);
        assert_eq!((status, body.as_str()), (302, ""));
        for (name, value) in [
            ("location", "https://bucket.example/k?X-Amz-Signature=0f"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-robots-tag", "noindex"),
        ] {
            assert_eq!(headers[name], value, "{name}");
        }
    }

    #[test]
    fn a_page_is_in_its_language_and_fetches_nothing() {
        let (status, headers, page) = answered(&Opened::LeadsNowhere, UrlMethod::Get, Language::German);
        assert_eq!(status, 404);
        assert!(page.contains("<html lang=\"de\">") && page.contains("Dieser Link funktioniert nicht"));
        assert_eq!(headers["content-language"], "de");
        assert_eq!(headers["cache-control"], "no-store");
        for what in ["http:", "https:", "src=", "href=", "<script"] {
            assert!(!page.contains(what), "{what}");
        }
        let (_, style) = page.split_once("<style>").expect("a style");
        let (style, _) = style.split_once("</style>").expect("a style");
        let hash = STANDARD.encode(Sha256::digest(style));
        let policy = headers["content-security-policy"].to_str().expect("ASCII");
        assert!(
            policy.starts_with("default-src 'none';") && policy.contains(&hash),
            "{policy}"
        );
    }

    #[test]
    fn headers_are_the_same_without_the_page() {
        for opened in [Opened::LeadsNowhere, Opened::NotNow] {
            let (status, headers, _) = answered(&opened, UrlMethod::Get, Language::French);
            let expected = (status, headers, String::new());
            assert_eq!(answered(&opened, UrlMethod::Head, Language::French), expected);
        }
    }

    #[test]
    fn what_passes_is_worth_another_click() {
        let (status, headers, page) = answered(&Opened::NotNow, UrlMethod::Get, Language::Japanese);
        assert_eq!(
            (status, &headers["retry-after"]),
            (503, &HeaderValue::from_static("60"))
        );
        assert!(page.contains("もう一度"), "{page}");
    }
}
