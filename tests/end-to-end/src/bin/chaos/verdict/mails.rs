//! Whether anybody was told twice.

use jiff::SignedDuration;

use super::Verdict;
use crate::evidence::{Evidence, Mail, Publish};
use crate::processes::Killed;

/// Who sends the e-mails.
const SENDER: &str = "report-notifier";

/// How long after its last e-mail a sender may still be about to write it down.
const WRITES_DOWN_WITHIN: SignedDuration = SignedDuration::from_secs(10);

impl Verdict {
    /// One e-mail is right. More are only where whoever sent the others was killed before it could write
    /// that down.
    pub(super) fn judge_mails(&mut self, name: &str, mails: &[&Mail], evidence: &Evidence) {
        let [first, _, ..] = mails else {
            return;
        };
        let (by_killed, by_others): (Vec<_>, Vec<_>) = evidence
            .publishes
            .iter()
            .filter(|publish| publish.seller == first.seller && publish.about == first.about)
            .partition(|publish| senders(evidence).any(|killed| is_last_deed(publish, killed, evidence)));
        if by_others.len() <= 1 && mails.len() <= by_killed.len() + by_others.len() {
            self.twice_because_killed += 1;
            return;
        }
        self.announced_twice += 1;
        self.complain(format!(
            "{name} was announced more than once: SNS had {}; sent by the killed: {}; by others: {}",
            list(mails.iter().map(|mail| mail.published_at.to_string())),
            list(by_killed.iter().map(|publish| said(publish))),
            list(by_others.iter().map(|publish| said(publish))),
        ));
    }
}

fn senders(evidence: &Evidence) -> impl Iterator<Item = &Killed> {
    evidence.kills.iter().filter(|killed| killed.function == SENDER)
}

/// Whether it is the last e-mail that the killed sent, and was perhaps not written down. Whether it came
/// to the proxy before its sender's end does not matter: on a busy machine that takes a moment.
fn is_last_deed(publish: &Publish, killed: &Killed, evidence: &Evidence) -> bool {
    let is_by_killed = |publish: &&Publish| publish.sender.as_ref() == Some(&killed.name);
    let last = evidence
        .publishes
        .iter()
        .filter(is_by_killed)
        .max_by_key(|publish| publish.at);
    last == Some(publish) && killed.at <= publish.at + WRITES_DOWN_WITHIN
}

fn said(publish: &Publish) -> String {
    let sender = publish.sender.as_deref().unwrap_or("somebody");
    format!("{} by {sender}", publish.at)
}

fn list(texts: impl Iterator<Item = String>) -> String {
    let texts: Vec<_> = texts.collect();
    match texts.is_empty() {
        true => "none".to_owned(),
        false => texts.join(", "),
    }
}
