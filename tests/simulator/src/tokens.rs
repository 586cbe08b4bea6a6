//! Access tokens: issued by the LWA endpoint and by createRestrictedDataToken, checked at each call.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;

use crate::errors::ApiError;
use crate::journal::TokenKind;
use crate::world::State;

/// How long access tokens and restricted data tokens live.
pub(crate) const LIFETIME: Duration = Duration::from_secs(3600);

/// The selling partner on whose behalf a token works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OnBehalf {
    pub(crate) seller_id: String,
    /// The authorization it rests on; when that is revoked, so is the token.
    pub(crate) refresh_token: String,
}

/// What a token allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    /// Calls on behalf of a selling partner.
    Seller(OnBehalf),
    /// The application's own calls within a scope.
    Grantless {
        /// `sellingpartnerapi::notifications`
        scope: String,
    },
    /// Calls on behalf of a selling partner to resources with personal data.
    Restricted {
        /// Whose data.
        on_behalf: OnBehalf,
        /// Method and path of each resource.
        resources: Vec<(String, String)>,
    },
}

impl Grant {
    pub(crate) fn kind(&self) -> TokenKind {
        match self {
            Self::Seller(_) => TokenKind::Seller,
            Self::Grantless { .. } => TokenKind::Grantless,
            Self::Restricted { .. } => TokenKind::Rdt,
        }
    }

    pub(crate) fn on_behalf(&self) -> Option<&OnBehalf> {
        match self {
            Self::Seller(on_behalf) | Self::Restricted { on_behalf, .. } => Some(on_behalf),
            Self::Grantless { .. } => None,
        }
    }

    fn prefix(&self) -> &'static str {
        match self {
            Self::Seller(_) => "Atza|",
            Self::Grantless { .. } => "Atc|",
            Self::Restricted { .. } => "Atz.sprdt|",
        }
    }
}

#[derive(Debug)]
struct Issued {
    grant: Grant,
    expires: Instant,
}

/// Every token that was issued.
#[derive(Debug, Default)]
pub(crate) struct AccessTokens {
    issued: HashMap<String, Issued>,
}

impl AccessTokens {
    /// Issues a token; `secret` is the part that nobody can guess.
    pub(crate) fn issue(&mut self, grant: Grant, secret: &str, now: Instant) -> String {
        // Long-running local stacks must not collect dead tokens for ever. An hour more lets
        // callers of a token that just expired hear that, and not that it is unknown.
        self.issued.retain(|_, issued| issued.expires + LIFETIME > now);
        let token = format!("{}{secret}", grant.prefix());
        self.issued.insert(
            token.clone(),
            Issued {
                grant,
                expires: now + LIFETIME,
            },
        );
        token
    }

    /// Lets every token that is out expire now.
    pub(crate) fn expire_all(&mut self, now: Instant) {
        for issued in self.issued.values_mut() {
            issued.expires = issued.expires.min(now);
        }
    }
}

/// Who is calling, as far as the token tells.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) kind: TokenKind,
    /// Known for expired tokens too: the journal and faults go by it.
    pub(crate) seller_id: Option<String>,
    /// What the caller may do, or why nothing at all.
    pub(crate) grant: Result<Grant, ApiError>,
}

/// Reads the access token off a request.
pub(crate) fn identify(state: &State, headers: &HeaderMap, now: Instant) -> Caller {
    let nobody = |kind, details: &str| Caller {
        kind,
        seller_id: None,
        grant: Err(ApiError::unauthorized(details)),
    };
    let Some(token) = headers.get("x-amz-access-token") else {
        return nobody(TokenKind::None, "Access token is missing in the request header.");
    };
    let issued = token
        .to_str()
        .ok()
        .and_then(|token| state.tokens.issued.get(token));
    let Some(Issued { grant, expires }) = issued else {
        let details = "The access token you provided is revoked, malformed or invalid.";
        return nobody(TokenKind::Unknown, details);
    };
    let on_behalf = grant.on_behalf();
    let revoked = on_behalf.is_some_and(|by| state.sellers.is_revoked(&by.refresh_token, &by.seller_id));
    let allowed = if *expires <= now {
        Err(ApiError::unauthorized(
            "The access token you provided has expired.",
        ))
    } else if revoked {
        Err(ApiError::unauthorized(
            "The access token you provided is revoked, malformed or invalid.",
        ))
    } else {
        Ok(grant.clone())
    };
    Caller {
        kind: grant.kind(),
        seller_id: on_behalf.map(|by| by.seller_id.clone()),
        grant: allowed,
    }
}
