//! What binds an authorization to the browser that began it.

use lambda_http::http::{HeaderMap, HeaderValue, header};
use pipeline::domain::LinkToken;

/// With this beginning, browsers take it from this host alone, over TLS, for all its paths.
const NAME: &str = "__Host-onboarding";

/// How long a browser has to come back from Amazon, in seconds: as long as the state lives.
pub const LIFETIME: i64 = 900;

/// The browser's secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie(pub LinkToken);

impl Cookie {
    /// The one of a request; `None` where there is none, or more than one.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(header::COOKIE).iter();
        let texts = values.filter_map(|value| value.to_str().ok());
        let mut found = texts
            .flat_map(|text| text.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == NAME)
            .map(|(_, value)| value);
        let only = found.next().filter(|_| found.next().is_none())?;
        LinkToken::parse(only).map(Self)
    }

    /// Has a browser keep it, and bring it along when Amazon sends it back, which `Strict` would not.
    pub fn set(&self) -> HeaderValue {
        let secret = self.0.expose();
        let cookie = format!("{NAME}={secret}; Path=/; Max-Age={LIFETIME}; Secure; HttpOnly; SameSite=Lax");
        let mut value = HeaderValue::try_from(cookie).expect("ASCII");
        value.set_sensitive(true);
        value
    }

    /// Has a browser forget it.
    pub fn end() -> HeaderValue {
        let cookie = format!("{NAME}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax");
        HeaderValue::try_from(cookie).expect("ASCII")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Option<Cookie> {
        let mut headers = HeaderMap::new();
        for text in texts {
            headers.append(header::COOKIE, text.parse().expect("a value"));
        }
        Cookie::of(&headers)
    }

    #[test]
    fn a_browser_brings_back_what_it_got() {
        let cookie = Cookie(LinkToken::random());
        let set = cookie.set();
        let set = set.to_str().expect("ASCII");
        let (pair, attributes) = set.split_once("; ").expect("attributes");
        assert_eq!(attributes, "Path=/; Max-Age=900; Secure; HttpOnly; SameSite=Lax");
        assert_eq!(read(&["a=b", &format!("c=d; {pair}")]), Some(cookie));
        // Somebody has tried to plant another.
        assert_eq!(read(&[&format!("{pair}; {pair}")]), None);
        assert_eq!(read(&[&format!("x{pair}")]), None);
        assert_eq!(read(&["__Host-onboarding="]), None);
        assert_eq!(read(&[]), None);
    }
}
