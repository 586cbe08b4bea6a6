//! The e-mails, and what they are about.

use std::collections::BTreeMap;

use anyhow::Result;
use end_to_end::Email;
use jiff::Timestamp;

use crate::scene::Scene;

/// What an e-mail says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// How the report ended.
    Ended,
    /// That it, or the order for it, came to nothing here.
    NotDelivered,
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

/// The e-mails to those sellers; one that the queue hands out twice counts once.
pub async fn mails(scene: &Scene, sellers: &[&str]) -> Result<Vec<Mail>> {
    let emails = scene.mailbox.all().await?;
    let ours = emails
        .iter()
        .filter(|email| email.seller().is_some_and(|seller| sellers.contains(&seller)));
    let by_name: BTreeMap<_, _> = ours.map(|email| (&email.message_id, email)).collect();
    let mut mails: Vec<_> = by_name.into_values().map(read).collect();
    mails.sort_by_key(|mail| mail.published_at);
    Ok(mails)
}

fn read(email: &Email) -> Mail {
    let about = ["Report id", "Request id"]
        .into_iter()
        .find_map(|name| email.fact(name));
    // Success is what is announced as such.
    let is_end = [
        "Amazon report ready",
        "Amazon report cancelled",
        "Amazon report failed",
    ];
    let kind = match is_end
        .iter()
        .any(|beginning| email.subject.starts_with(beginning))
    {
        true => Kind::Ended,
        false => Kind::NotDelivered,
    };
    Mail {
        seller: email.seller().unwrap_or_default().to_owned(),
        about: about.unwrap_or_default().to_owned(),
        kind,
        subject: email.subject.clone(),
        published_at: email.published_at.unwrap_or_default(),
    }
}
