//! The e-mails, and what they are about.

use std::collections::BTreeMap;

use anyhow::Result;
use end_to_end::{Email, Passed};
use jiff::Timestamp;

use crate::scene::{Scene, account_of};

/// What an e-mail is about that is about no report and no order begins with this.
pub const OBSTACLE: &str = "obstacle: ";

/// What an e-mail says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// How the report ended.
    Ended,
    /// That it, or the order for it, came to nothing here.
    NotDelivered,
    /// That something stands in the way of many, or no more does.
    Obstacle,
}

/// An e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Whose report it is about.
    pub seller: String,
    /// The report's id, or the order's request id.
    pub about: String,
    /// What it says.
    pub kind: Kind,
    /// The subject.
    pub subject: String,
    /// When SNS took it.
    pub published_at: Timestamp,
}

/// An e-mail on its way to SNS, and who sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// Whose report it is about.
    pub seller: String,
    /// The report's id, or the order's request id.
    pub about: String,
    /// What the process that sent it calls itself.
    pub sender: Option<String>,
    /// When all of it had been sent.
    pub at: Timestamp,
}

impl Publish {
    /// Reads what the proxy saw of those sellers: all news that the e-mail tells of. What is for programs only, as
    /// people get it in another one, is none.
    pub fn of(passed: Passed, sellers: &[&str]) -> Vec<Self> {
        if passed.attributes.get("Mailbox").map(String::as_str) != Some("now") {
            return Vec::new();
        }
        let email = Email {
            subject: String::new(),
            text: text_of(&passed.message),
            html: None,
            recipient: String::new(),
            attributes: passed.attributes,
            message_id: String::new(),
            published_at: None,
        };
        let news = email.each().into_iter().map(|email| {
            let (seller, about) = subject_matter(&email, sellers);
            Self {
                seller,
                about,
                sender: passed.sender.clone(),
                at: passed.at,
            }
        });
        news.collect()
    }
}

/// The words for people, of a message that has one form for them and one for programs.
fn text_of(message: &str) -> String {
    let forms: Option<BTreeMap<String, String>> = serde_json::from_str(message).ok();
    let email = forms.and_then(|mut forms| forms.remove("email"));
    email.unwrap_or_else(|| message.to_owned())
}

/// The e-mails about those sellers, and since the storm began about what stops all of them; one that the
/// queue hands out twice counts once.
pub async fn mails(scene: &Scene, sellers: &[&str]) -> Result<Vec<Mail>> {
    let emails = scene.mailbox.all().await?;
    let is_ours = |email: &&Email| match email.seller() {
        Some(seller) => sellers.contains(&seller),
        None => email.published_at.is_some_and(|at| at >= scene.started),
    };
    let ours = emails.iter().filter(is_ours);
    // One may tell of many, and of the reports that a seller has under one id in two regions with the same subject.
    let by_name: BTreeMap<_, _> = ours
        .map(|email| ((&email.message_id, &email.subject, &email.text), email))
        .collect();
    let mut mails: Vec<_> = by_name.into_values().map(|email| read(email, sellers)).collect();
    mails.sort_by_key(|mail| mail.published_at);
    Ok(mails)
}

fn read(email: &Email, sellers: &[&str]) -> Mail {
    let (seller, about) = subject_matter(email, sellers);
    // Success is what is announced as such.
    let is_end = [
        "Amazon report ready",
        "Amazon report cancelled",
        "Amazon report failed",
    ];
    let begins = |beginning: &&str| email.subject.starts_with(*beginning);
    let kind = if is_end.iter().any(begins) {
        Kind::Ended
    } else if about.starts_with(OBSTACLE) {
        Kind::Obstacle
    } else {
        Kind::NotDelivered
    };
    Mail {
        seller,
        about,
        kind,
        subject: email.subject.clone(),
        published_at: email.published_at.unwrap_or_default(),
    }
}

/// The seller, and the report or the order; or what is said of an obstacle.
fn subject_matter(email: &Email, sellers: &[&str]) -> (String, String) {
    let seller = account_of(sellers, email.seller().unwrap_or_default(), email.region());
    let about = ["Report id", "Request id"]
        .into_iter()
        .find_map(|name| email.fact(name));
    let about = match about {
        Some(about) => about.to_owned(),
        None => format!("{OBSTACLE}{}", email.text.lines().next().unwrap_or_default()),
    };
    (seller, about)
}
