//! Whether anybody was told twice.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::Verdict;
use crate::evidence::{Evidence, Kind, Mail, Publish, WithoutSecret};
use crate::processes::Killed;

/// Who sends the e-mails: about reports and orders, about obstacles, and of many news in one.
const SENDERS: [&str; 3] = ["report-notifier", "redelivery-worker", "mail-gatherer"];

/// How long after its last e-mail a sender may still be about to write it down.
const WRITES_DOWN_WITHIN: SignedDuration = SignedDuration::from_secs(10);

/// An e-mail is on its way to the proxy for less than this, also on a busy machine. It arrives although
/// its sender is killed meanwhile.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_secs(1);

impl Verdict {
    /// What stands in the way of many is told once, and its end once. The storm puts one in a seller's way,
    /// and may leave the stack without a secret.
    pub(super) fn judge_obstacles(&mut self, evidence: &Evidence) {
        let mut told: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for mail in evidence.mails.iter().filter(|mail| mail.kind == Kind::Obstacle) {
            told.entry((&mail.seller, &mail.about)).or_default().push(mail);
            self.obstacles_told += 1;
            let is_known = match mail.seller.as_str() {
                "" => evidence.without_secret != WithoutSecret::Never,
                seller => evidence.revoked.contains(seller),
            };
            if !is_known {
                self.complain(format!(
                    "nothing stood in the way of {:?}: {}",
                    mail.seller, mail.subject
                ));
            }
        }
        if let WithoutSecret::Long { waited } = evidence.without_secret {
            self.waited_for_secret = waited;
            let about_all = told.keys().filter(|(seller, _)| seller.is_empty()).count();
            if about_all != 2 {
                self.complain(format!(
                    "the owner heard {about_all} things of the secret, not that it is refused and that it is not any more"
                ));
            }
        }
        for ((seller, about), mails) in told {
            self.judge_mails(&format!("the {about} of {seller}"), &mails, evidence);
        }
    }

    /// One e-mail is right. Another is only if whoever sent the one before was killed after that and before
    /// this one, so that it could not write it down.
    pub(super) fn judge_mails(&mut self, name: &str, mails: &[&Mail], evidence: &Evidence) {
        let [first, _, ..] = mails else {
            return;
        };
        let is_about_it = |publish: &&Publish| publish.seller == first.seller && publish.about == first.about;
        let mut sent: Vec<_> = evidence.publishes.iter().filter(is_about_it).collect();
        sent.sort_by_key(|publish| publish.at);
        let are_explained = sent
            .windows(2)
            .all(|pair| killed_between(pair[0], pair[1], evidence));
        if are_explained && mails.len() <= sent.len() {
            self.twice_because_killed += 1;
            return;
        }
        self.announced_twice += 1;
        self.complain(format!(
            "{name} was announced more than once: SNS had {}; sent: {}; killed of those: {}",
            list(mails.iter().map(|mail| mail.published_at.to_string())),
            list(
                sent.iter()
                    .map(|publish| said(publish.at, publish.sender.as_deref()))
            ),
            list(
                senders(evidence)
                    .filter(|killed| sent.iter().any(|publish| is_by(publish, killed)))
                    .map(|killed| said(killed.at, Some(&killed.name)))
            ),
        ));
    }
}

fn senders(evidence: &Evidence) -> impl Iterator<Item = &Killed> {
    evidence
        .kills
        .iter()
        .filter(|killed| SENDERS.contains(&killed.function))
}

fn is_by(publish: &Publish, killed: &Killed) -> bool {
    publish.sender.as_ref() == Some(&killed.name)
}

/// Whether the sender of the first was killed before the second came, and sent nothing else after the first.
fn killed_between(first: &Publish, second: &Publish, evidence: &Evidence) -> bool {
    senders(evidence).any(|killed| {
        let by_killed = evidence.publishes.iter().filter(|publish| is_by(publish, killed));
        by_killed.map(|publish| publish.at).max() == Some(first.at)
            && first.at < killed.at + ON_ITS_WAY
            && killed.at < second.at
            && killed.at <= first.at + WRITES_DOWN_WITHIN
    })
}

fn said(at: Timestamp, sender: Option<&str>) -> String {
    format!("{at} by {}", sender.unwrap_or("somebody"))
}

fn list(texts: impl Iterator<Item = String>) -> String {
    let texts: Vec<_> = texts.collect();
    match texts.is_empty() {
        true => "none".to_owned(),
        false => texts.join(", "),
    }
}
