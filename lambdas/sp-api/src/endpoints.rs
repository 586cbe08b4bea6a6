use std::str::FromStr;

use reqwest::Url;

use crate::RegionCode;

/// Where Amazon is: Login with Amazon, and SP-API in each region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    lwa: Url,
    na: Url,
    eu: Url,
    fe: Url,
}

/// Why a text names no endpoints.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither `production`, `sandbox`, an https URL nor an http URL of this machine")]
pub struct InvalidEndpoint(String);

impl Endpoints {
    /// Amazon's production endpoints.
    #[must_use]
    pub fn production() -> Self {
        Self::amazon("")
    }

    /// Amazon's sandbox: static answers, the same LWA.
    #[must_use]
    pub fn sandbox() -> Self {
        Self::amazon("sandbox.")
    }

    fn amazon(prefix: &str) -> Self {
        let url = |text: String| Url::parse(&text).expect("written here, and a test parses it");
        let region = |code: &str| url(format!("https://{prefix}sellingpartnerapi-{code}.amazon.com/"));
        Self {
            lwa: url("https://api.amazon.com/auth/o2/token".into()),
            na: region("na"),
            eu: region("eu"),
            fe: region("fe"),
        }
    }

    /// A simulator, which serves LWA under `/auth/o2/token` and the regions under `/na`, `/eu`, `/fe`.
    ///
    /// # Errors
    /// `base` is no URL, or would carry tokens in the clear to another machine.
    pub fn simulator(base: &str) -> Result<Self, InvalidEndpoint> {
        let root = safe_url(base)?;
        let join = |path: &str| root.join(path).map_err(|_| InvalidEndpoint(base.to_owned()));
        Ok(Self {
            lwa: join("auth/o2/token")?,
            na: join("na/")?,
            eu: join("eu/")?,
            fe: join("fe/")?,
        })
    }

    /// One host for all regions, and another for LWA: a proxy in front of Amazon.
    ///
    /// # Errors
    /// As [`Self::simulator`].
    pub fn proxy(lwa: &str, sp_api: &str) -> Result<Self, InvalidEndpoint> {
        let sp_api = safe_url(sp_api)?;
        let lwa = safe_url(lwa)?
            .join("auth/o2/token")
            .map_err(|_| InvalidEndpoint(lwa.to_owned()))?;
        Ok(Self {
            lwa,
            na: sp_api.clone(),
            eu: sp_api.clone(),
            fe: sp_api,
        })
    }

    pub(crate) fn lwa(&self) -> Url {
        self.lwa.clone()
    }

    /// The URL of an operation: `segments` are its path's, unescaped.
    pub(crate) fn operation(&self, region: RegionCode, segments: &[&str]) -> Url {
        let mut url = match region {
            RegionCode::Na => &self.na,
            RegionCode::Eu => &self.eu,
            RegionCode::Fe => &self.fe,
        }
        .clone();
        url.path_segments_mut()
            .expect("http and https URLs have paths")
            .pop_if_empty()
            .extend(segments);
        url
    }
}

/// `base` as a folder, unless it would carry tokens in the clear to another machine.
fn safe_url(base: &str) -> Result<Url, InvalidEndpoint> {
    let invalid = || InvalidEndpoint(base.to_owned());
    let url = Url::parse(&format!("{}/", base.trim_end_matches('/'))).map_err(|_| invalid())?;
    let on_this_machine = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if url.scheme() == "https" || url.scheme() == "http" && on_this_machine {
        Ok(url)
    } else {
        Err(invalid())
    }
}

impl FromStr for Endpoints {
    type Err = InvalidEndpoint;

    /// `production`, `sandbox`, or a simulator's URL.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "production" => Ok(Self::production()),
            "sandbox" => Ok(Self::sandbox()),
            url => Self::simulator(url),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_environment_has_its_hosts() {
        let url = |name: &str, region| {
            let endpoints: Endpoints = name.parse().expect("known");
            endpoints
                .operation(region, &["reports", "2021-06-30"])
                .to_string()
        };
        assert_eq!(
            url("production", RegionCode::Eu),
            "https://sellingpartnerapi-eu.amazon.com/reports/2021-06-30"
        );
        assert_eq!(
            url("sandbox", RegionCode::Fe),
            "https://sandbox.sellingpartnerapi-fe.amazon.com/reports/2021-06-30"
        );
        assert_eq!(
            url("http://127.0.0.1:4580", RegionCode::Na),
            "http://127.0.0.1:4580/na/reports/2021-06-30"
        );
    }

    #[test]
    fn a_path_segment_cannot_leave_its_place() {
        let url = Endpoints::production().operation(RegionCode::Na, &["documents", "a/../b?c"]);
        assert_eq!(url.path(), "/documents/a%2F..%2Fb%3Fc");
    }

    #[test]
    fn tokens_do_not_travel_in_the_clear() {
        assert!("http://example.com".parse::<Endpoints>().is_err());
        assert!("https://example.com".parse::<Endpoints>().is_ok());
        assert!("staging".parse::<Endpoints>().is_err());
    }
}
