use lambda_http::http::{StatusCode, header};
use lambda_http::{Body, Response};
use pipeline::adapters::UrlMethod;
use pipeline::pages::{Language, Page, Pages, redirect};

use crate::words::{Words, leads_nowhere, not_now};

/// After how many seconds a link that fails is worth another click.
const RETRY_AFTER: u64 = 60;

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
#[derive(Default)]
pub struct Answers {
    pages: Pages,
}

impl Answers {
    /// The response to a request for the whole, or for the headers alone.
    pub fn to(&self, opened: &Opened, method: UrlMethod, language: Language) -> Response<Body> {
        let (status, words) = match opened {
            Opened::LeadsTo(url) => return redirect(StatusCode::FOUND, url),
            Opened::LeadsNowhere => (StatusCode::NOT_FOUND, leads_nowhere(language)),
            Opened::NotNow => (StatusCode::SERVICE_UNAVAILABLE, not_now(language)),
        };
        let mut response = self.pages.answer(status, &page(&words), language);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, RETRY_AFTER.into());
        }
        if method == UrlMethod::Head {
            *response.body_mut() = Body::Empty;
        }
        response
    }
}

fn page(words: &Words) -> Page<'static> {
    Page {
        title: words.title.into(),
        paragraphs: vec![words.reason.into(), words.advice.into()],
        way_on: None,
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::http::{HeaderMap, HeaderValue};

    use super::*;

    fn answered(opened: &Opened, method: UrlMethod, language: Language) -> (u16, HeaderMap, String) {
        let response = Answers::default().to(opened, method, language);
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
