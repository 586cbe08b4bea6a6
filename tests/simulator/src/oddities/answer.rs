//! Odd answers: Amazon says no and does not mean it, or says it as nobody expects.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sp_api::rates::Operation;

use super::kinds::kinds;
use crate::errors::{ApiError, ErrorShape};
use crate::faults::FaultKind;
use crate::notifications::message::APPLICATION_ID;

kinds! {
    /// How an answer is odd that comes instead of another.
    ReplyOddity {
        /// 403, as for a missing role.
        Forbidden = "forbidden",
        /// 408.
        RequestTimeout = "request-timeout",
        /// 425.
        TooEarly = "too-early",
        /// 400: the document's id is said to be wrong, right after the report is finished.
        DocumentIdInvalid = "document-id-invalid",
        /// 403 that speaks of the client secret.
        SecretExpired = "secret-expired",
        /// 400 that means a missing role.
        RoleMissing = "role-missing",
        /// 503 whose body is `{"message": …}`.
        ErrorMessage = "error-message",
        /// 503 whose body is `{"Message": …}`.
        ErrorCapitalMessage = "error-capital-message",
        /// 503 whose `errors` is an object.
        ErrorObject = "error-object",
        /// 503 with two errors.
        ErrorSeveral = "error-several",
        /// 503 in plain text.
        ErrorText = "error-text",
        /// 503 with an HTML page.
        ErrorHtml = "error-html",
        /// 503 without a body.
        ErrorEmpty = "error-empty",
        /// 200 from LWA, with an HTML page.
        LwaHtml200 = "lwa-html-200",
        /// 403 from LWA, with an HTML page.
        LwaHtml403 = "lwa-html-403",
        /// 404 from LWA, with an HTML page.
        LwaHtml404 = "lwa-html-404",
        /// 503 from LWA, with an HTML page.
        LwaHtml503 = "lwa-html-503",
        /// 200 from LWA, without a body.
        LwaEmpty = "lwa-empty",
        /// 400 from LWA: the refresh token is another application's.
        UnauthorizedClient = "unauthorized-client",
        /// 400 to createSubscription: the destination is not there yet.
        NoDestination = "no-destination",
        /// 409 to createSubscription, whatever getSubscription says.
        StateConflict = "state-conflict",
    }
}

kinds! {
    /// How it is odd who may read a document.
    AccessOddity {
        /// 400 to createRestrictedDataToken for the document, whenever it is asked; the seller's own token
        /// opens it.
        TokenRefused = "restricted-token-refused",
        /// 403 to the seller's own token for a document that nobody lists as restricted, whenever it is
        /// asked; a restricted token opens it.
        Enforced = "restricted-enforced",
    }
}

kinds! {
    /// How an entry of getReports is odd.
    ListingOddity {
        /// getReports shows the report without marketplaces.
        WithoutMarketplaces = "list-without-marketplaces",
        /// getReports shows the report with more marketplaces than it was ordered for.
        MoreMarketplaces = "list-more-marketplaces",
        /// getReports shows the report without its period.
        WithoutTimes = "list-without-times",
        /// getReports shows the report with a longer period.
        WiderTimes = "list-wider-times",
    }
}

impl ReplyOddity {
    /// Those that pass, of which any may strike getReportDocument once and do no harm.
    pub(super) const PASSING: [Self; 11] = [
        Self::Forbidden,
        Self::RequestTimeout,
        Self::TooEarly,
        Self::DocumentIdInvalid,
        Self::ErrorMessage,
        Self::ErrorCapitalMessage,
        Self::ErrorObject,
        Self::ErrorSeveral,
        Self::ErrorText,
        Self::ErrorHtml,
        Self::ErrorEmpty,
    ];

    /// What may happen to a token exchange once and do no harm.
    pub(super) const PASSING_AT_LWA: [Self; 5] = [
        Self::LwaHtml200,
        Self::LwaHtml403,
        Self::LwaHtml404,
        Self::LwaHtml503,
        Self::LwaEmpty,
    ];

    /// The operation that answers so, unless another one is meant.
    pub(crate) fn usual_operation(self) -> &'static str {
        match self {
            Self::LwaHtml200
            | Self::LwaHtml403
            | Self::LwaHtml404
            | Self::LwaHtml503
            | Self::LwaEmpty
            | Self::UnauthorizedClient => "lwa",
            Self::NoDestination | Self::StateConflict => Operation::CreateSubscription.name(),
            Self::RoleMissing => Operation::CreateReport.name(),
            _ => Operation::GetReportDocument.name(),
        }
    }

    /// Whether other operations of SP-API can answer so as well.
    pub(crate) fn is_of_any_operation(self) -> bool {
        Self::PASSING.contains(&self) && self != Self::DocumentIdInvalid
            || matches!(self, Self::SecretExpired | Self::RoleMissing)
    }

    /// The answer; `body` is what was asked.
    pub(super) fn answer(self, body: &[u8]) -> FaultKind {
        let later = "Service is temporarily unavailable.";
        match self {
            Self::Forbidden => refusal(403, "Unauthorized", "Access to requested resource is denied."),
            Self::RequestTimeout => refusal(408, "RequestTimeout", "The request has timed out."),
            Self::TooEarly => refusal(425, "TooEarly", "The request came too early."),
            Self::DocumentIdInvalid => refusal(400, "InvalidInput", "Invalid reportDocumentId"),
            Self::SecretExpired => {
                let message = "Access to requested resource is denied.";
                let details = "The LWA secret token you provided has expired.";
                odd(403, "Unauthorized", message, Some(details), ErrorShape::Usual)
            }
            Self::RoleMissing => {
                let message = "Application do not have access to some or all requested resource";
                refusal(400, "InvalidInput", message)
            }
            Self::ErrorMessage => shaped(503, later, ErrorShape::Message),
            Self::ErrorCapitalMessage => shaped(503, later, ErrorShape::CapitalMessage),
            Self::ErrorObject => shaped(503, later, ErrorShape::Object),
            Self::ErrorSeveral => shaped(503, later, ErrorShape::Several),
            Self::ErrorText => shaped(503, later, ErrorShape::Text),
            Self::ErrorHtml => shaped(503, later, ErrorShape::Html),
            Self::ErrorEmpty => shaped(503, later, ErrorShape::Empty),
            Self::LwaHtml200 => shaped(200, "We will be back soon.", ErrorShape::Html),
            Self::LwaHtml403 => shaped(403, "Request blocked.", ErrorShape::Html),
            Self::LwaHtml404 => shaped(404, "Page not found.", ErrorShape::Html),
            Self::LwaHtml503 => shaped(503, later, ErrorShape::Html),
            Self::LwaEmpty => shaped(200, "", ErrorShape::Empty),
            Self::UnauthorizedClient => {
                let message = "The client is not authorized to request an access token using this method";
                refusal(400, "unauthorized_client", message)
            }
            Self::NoDestination => {
                let body: Value = serde_json::from_slice(body).unwrap_or_default();
                let id = body["destinationId"].as_str().unwrap_or_default();
                let message = format!("No destination with id '{id}' for applicationId '{APPLICATION_ID}'");
                refusal(400, "InvalidInput", &message)
            }
            Self::StateConflict => {
                let message = "A subscription for this notification type already exists.";
                refusal(409, "StateConflict", message)
            }
        }
    }
}

impl AccessOddity {
    /// What is said to whoever comes with the wrong token.
    pub(crate) fn refusal(self) -> ApiError {
        match self {
            Self::TokenRefused => ApiError::invalid_input("Invalid or unsupported document ID found"),
            Self::Enforced => ApiError::unauthorized(""),
        }
    }
}

impl ListingOddity {
    /// How an entry may be shown that is still told from all others: by its period.
    pub(super) const DRAWN: [Self; 2] = [Self::WithoutMarketplaces, Self::MoreMarketplaces];

    /// Changes an entry of getReports.
    pub(crate) fn change(self, entry: &mut Value) {
        let Some(fields) = entry.as_object_mut() else {
            return;
        };
        match self {
            Self::WithoutMarketplaces => drop(fields.remove("marketplaceIds")),
            Self::WithoutTimes => {
                fields.remove("dataStartTime");
                fields.remove("dataEndTime");
            }
            Self::MoreMarketplaces => {
                if let Some(ids) = fields.get_mut("marketplaceIds").and_then(Value::as_array_mut) {
                    ids.extend(["A2EUQ1WTGCTBG2", "A1AM78C64UM0Y8"].map(Value::from));
                }
            }
            Self::WiderTimes => {
                fields.insert("dataStartTime".to_owned(), json!("2019-01-01T00:00:00+00:00"));
                fields.insert("dataEndTime".to_owned(), json!("2099-12-31T23:59:59+00:00"));
            }
        }
    }
}

fn refusal(status: u16, code: &str, message: &str) -> FaultKind {
    odd(status, code, message, None, ErrorShape::Usual)
}

fn shaped(status: u16, message: &str, shape: ErrorShape) -> FaultKind {
    odd(status, "ServiceUnavailable", message, None, shape)
}

fn odd(status: u16, code: &str, message: &str, details: Option<&str>, shape: ErrorShape) -> FaultKind {
    FaultKind::Status {
        status,
        code: Some(code.to_owned()),
        message: Some(message.to_owned()),
        details: details.map(str::to_owned),
        shape,
        headers: BTreeMap::new(),
    }
}
