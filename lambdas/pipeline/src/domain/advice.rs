use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

/// What can be done about trouble, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub enum AdviceCode {
    /// Authorize the application again, then store the new refresh token.
    AuthorizeAgain,
    /// Store the seller's refresh token.
    StoreToken,
    /// Subscribe the seller.
    Subscribe,
    /// Store the application's credentials.
    StoreCredentials,
    /// Check the application's credentials.
    CheckCredentials,
    /// Add the role that is missing.
    AddRole,
    /// Give the function that stores documents more memory.
    AddMemory,
    /// Order the report again.
    OrderAgain,
    /// Correct what the reason says, then order the report again.
    MendOrder,
    /// Put right what failed, then have the delivery begin again.
    DeliverAgain,
    /// Cancel the report, or wait.
    Cancel,
    /// Wait, or ask Amazon's developer support.
    AskAmazon,
    /// Store an address that takes mail.
    StoreAddress,
    /// Check the sender's identity and the account at SES.
    CheckMail,
}

/// What can be done about trouble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// For programs.
    pub code: AdviceCode,
    /// For people.
    pub text: Cow<'static, str>,
}

impl Advice {
    pub(super) fn new(code: AdviceCode, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }
}
