use serde::Deserialize;

use super::{Advice, AdviceCode};

/// What can be done where Amazon denies what it has not denied in passing.
pub const ROLE_MISSING: &str = "The application, or the seller's authorization of it, lacks the role that this needs. Add the role in \
    the developer console; then each seller must authorize it again, for which POST /tokens stores the new \
    refresh token.";

/// What ended a delivery: Step Functions' `{Error, Cause}`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Failure {
    /// The error's name.
    pub error: String,
    /// For a function's error the JSON `{errorType, errorMessage}`, otherwise a text.
    #[serde(default)]
    pub cause: String,
}

impl Failure {
    /// What happened, in words.
    #[must_use]
    pub fn reason(&self) -> String {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct FunctionError {
            error_message: String,
        }
        match serde_json::from_str::<FunctionError>(&self.cause) {
            Ok(error) => error.error_message,
            Err(_) if self.cause.is_empty() => self.error.clone(),
            Err(_) => self.cause.clone(),
        }
    }

    /// What can be done about an order that failed.
    #[must_use]
    pub fn advice_on_order(&self) -> Advice {
        self.common_advice().unwrap_or(Advice::new(
            AdviceCode::MendOrder,
            "Correct what the reason says, then order the report again.",
        ))
    }

    /// What can be done about a delivery that failed.
    #[must_use]
    pub fn advice(&self) -> Advice {
        self.common_advice().unwrap_or_else(|| match self.error.as_str() {
            "DocumentTooLong" => Advice::new(
                AdviceCode::AddMemory,
                "Give the function ReportDocumentStorage more memory, and with it more of a processor; a new \
                 execution with the same input delivers the report then.",
            ),
            "DocumentNotFound" => Advice::new(
                AdviceCode::OrderAgain,
                "Amazon keeps documents for a limited time. Order the report again.",
            ),
            _ => Advice::new(
                AdviceCode::DeliverAgain,
                "The report is still at Amazon. The execution's history in Step Functions shows what failed; once \
                 that is put right, a new execution with the same input delivers the report.",
            ),
        })
    }

    /// What the owner of an obstacle can do.
    #[must_use]
    pub fn advice_on_obstacle(&self) -> Advice {
        self.common_advice().unwrap_or_else(role_missing)
    }

    /// What helps against errors that have nothing to do with a single report.
    fn common_advice(&self) -> Option<Advice> {
        let (code, text) = match self.error.as_str() {
            "AuthorizationRevoked" | "AuthorizationForeign" => (
                AdviceCode::AuthorizeAgain,
                "Authorize the application again in Seller Central, then store the new refresh token with POST /tokens.",
            ),
            "SellerNotFound" => (
                AdviceCode::StoreToken,
                "Store the seller's refresh token with POST /tokens.",
            ),
            "RegionUnknown" => (
                AdviceCode::Subscribe,
                "Subscribe the seller with POST /notifications; that makes the region known.",
            ),
            "LwaCredentialsMissing" => (
                AdviceCode::StoreCredentials,
                "Put the application's LWA client id and secret into the secret.",
            ),
            "LwaCredentialsRefused" => (
                AdviceCode::CheckCredentials,
                "Check the application's LWA client id and secret; a rotated secret must be put into the secret store.",
            ),
            "AccessDenied" => return Some(role_missing()),
            // Amazon says so with 400, too: "Application do not have access to some or all requested resource".
            "Rejected" if self.reason().contains("not have access") => return Some(role_missing()),
            _ => return None,
        };
        Some(Advice::new(code, text))
    }
}

fn role_missing() -> Advice {
    Advice::new(AdviceCode::AddRole, ROLE_MISSING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_without_words_is_called_by_its_name() {
        let timeout = Failure {
            error: "States.Timeout".into(),
            cause: String::new(),
        };
        assert_eq!(timeout.reason(), "States.Timeout");
    }

    #[test]
    fn a_missing_role_is_called_one_under_either_status() {
        for (error, cause) in [
            (
                "AccessDenied",
                "Amazon denied createReport: Unauthorized: Access to requested resource is denied.",
            ),
            (
                "Rejected",
                "Amazon rejected createReport with 400: InvalidInput: Application do not have access to \
                some or all requested resource",
            ),
        ] {
            let failure = Failure {
                error: error.into(),
                cause: cause.into(),
            };
            assert_eq!(failure.advice(), role_missing());
            assert_eq!(failure.advice_on_order(), role_missing());
        }
        let other = Failure {
            error: "Rejected".into(),
            cause: "Report type is invalid.".into(),
        };
        assert_ne!(other.advice_on_order(), role_missing());
    }
}
