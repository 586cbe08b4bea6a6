use std::fmt;

use lambda_http::http::{StatusCode, header};
use lambda_http::{Body, Response};
use pipeline::domain::AccountType;
use pipeline::pages::{Language, Page, Pages, WayOn, redirect};
use pipeline::settings::{self, InvalidSetting};

use crate::cookie::Cookie;
use crate::words::{Text, Words};

/// After how many seconds it is worth another try.
const RETRY_AFTER: u64 = 60;

/// Stands in the words for who invites.
const NAME: &str = "{name}";

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody is invited, and may go on.
    Invited {
        /// Where.
        way_on: String,
        /// On whose pages Amazon will ask.
        account_type: AccountType,
    },
    /// There is no such invitation, or not any more.
    NoInvitation,
    /// On to Amazon, with a cookie.
    ToAmazon {
        /// Where.
        url: String,
        /// What the browser is to bring back.
        cookie: Cookie,
    },
    /// Nobody comes from the Appstore so, or nobody may.
    NotFromAppstore,
    /// What was to be finished was not begun in this browser, or long ago, or is finished.
    NotBegunHere,
    /// Amazon has sent the browser back without an authorization.
    RefusedByAmazon(Refusal),
    /// Somebody else has authorized the application than was invited.
    OtherSeller,
    /// The account is here already, and nobody has invited it by name.
    KnownSeller,
    /// The code came too late, or is used up.
    CodeNotTaken,
    /// The token is kept.
    Done {
        /// Whether reports are announced here and mailed as they shall be.
        is_complete: bool,
    },
    /// It could not be found out or carried out.
    NotNow,
}

/// Why Amazon gives no authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The seller has said no.
    Denied,
    /// `MD1000`: the application is a draft, and Amazon was not told so; or it is unknown.
    Draft,
    /// `MD5101`: the address of this API's callback is not registered with the application.
    Redirect,
    /// Something else.
    Unknown,
}

impl Refusal {
    /// Reads Amazon's codes, wherever they stand; `None` if there are none.
    pub fn of<'a>(codes: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut refusal = None;
        for code in codes {
            let code = code.to_ascii_lowercase();
            let has = |word: &str| code.contains(word);
            let known = if has("md1000") {
                Self::Draft
            } else if has("md5101") {
                Self::Redirect
            } else if has("denied") || has("cancel") {
                Self::Denied
            } else {
                Self::Unknown
            };
            refusal = refusal.filter(|it| *it != Self::Unknown).or(Some(known));
        }
        refusal
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Denied => "the seller has declined",
            Self::Draft => {
                "the application is a draft, and OnboardingDraft is not on, or its id is wrong (MD1000)"
            }
            Self::Redirect => {
                "this API's /onboarding/callback is not registered with the application (MD5101)"
            }
            Self::Unknown => "it says nothing that is known",
        })
    }
}

/// Makes the HTTP responses.
pub struct Answers {
    pages: Pages,
    /// Who invites.
    name: String,
    /// Whom a seller may ask, if that is said.
    contact: Option<String>,
}

impl Answers {
    /// As the environment describes who asks.
    pub fn from_env() -> Result<Self, InvalidSetting> {
        let contact = std::env::var("CONTACT_TEXT").ok();
        Ok(Self {
            pages: Pages::default(),
            name: settings::required("ONBOARDING_NAME")?,
            // Empty, it says nothing.
            contact: contact.filter(|text| !text.trim().is_empty()),
        })
    }

    /// The response in that language.
    pub fn to(&self, outcome: &Outcome, language: Language) -> Response<Body> {
        let words = Words::in_language(language);
        let (status, text) = match outcome {
            Outcome::ToAmazon { url, cookie } => {
                let mut response = redirect(StatusCode::SEE_OTHER, url);
                response.headers_mut().insert(header::SET_COOKIE, cookie.set());
                return response;
            }
            Outcome::Invited { account_type, .. } => (
                StatusCode::OK,
                match account_type {
                    AccountType::Seller => &words.invited_seller,
                    AccountType::Vendor => &words.invited_vendor,
                },
            ),
            Outcome::NoInvitation => (StatusCode::NOT_FOUND, &words.no_invitation),
            Outcome::NotFromAppstore => (StatusCode::BAD_REQUEST, &words.not_from_appstore),
            Outcome::NotBegunHere => (StatusCode::BAD_REQUEST, &words.not_begun_here),
            Outcome::RefusedByAmazon(refusal) => (
                StatusCode::BAD_REQUEST,
                match refusal {
                    Refusal::Denied => &words.denied,
                    Refusal::Draft => &words.draft,
                    Refusal::Redirect => &words.redirect,
                    Refusal::Unknown => &words.refused,
                },
            ),
            Outcome::OtherSeller => (StatusCode::FORBIDDEN, &words.other_seller),
            Outcome::KnownSeller => (StatusCode::FORBIDDEN, &words.known_seller),
            Outcome::CodeNotTaken => (StatusCode::BAD_REQUEST, &words.code_not_taken),
            Outcome::Done { is_complete: true } => (StatusCode::OK, &words.done),
            Outcome::Done { is_complete: false } => (StatusCode::OK, &words.done_in_part),
            Outcome::NotNow => (StatusCode::SERVICE_UNAVAILABLE, &words.not_now),
        };
        let way_on = match outcome {
            Outcome::Invited { way_on, .. } => Some(WayOn {
                label: words.go_on.into(),
                address: way_on.into(),
            }),
            _ => None,
        };
        let mut response = self.pages.answer(status, &self.page(text, way_on), language);
        let headers = response.headers_mut();
        if matches!(outcome, Outcome::Done { .. }) {
            headers.insert(header::SET_COOKIE, Cookie::end());
        }
        if *outcome == Outcome::NotNow {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER.into());
        }
        response
    }

    fn page<'a>(&'a self, text: &Text, way_on: Option<WayOn<'a>>) -> Page<'a> {
        let filled_in = |words: &str| words.replace(NAME, &self.name);
        let mut paragraphs: Vec<_> = text.paragraphs.iter().map(|it| filled_in(it).into()).collect();
        paragraphs.extend(self.contact.as_deref().map(Into::into));
        Page {
            title: filled_in(text.title).into(),
            paragraphs,
            way_on,
        }
    }
}

#[cfg(test)]
mod tests;
