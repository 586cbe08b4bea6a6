//! Whether anybody was told twice.

use jiff::{SignedDuration, Timestamp};

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
            "{name} was announced more than once: SNS had {} at {}; sent by the killed at {}, by others at {}; killed were {}",
            mails.len(),
            times(mails.iter().map(|mail| mail.published_at)),
            times(by_killed.iter().map(|publish| publish.at)),
            times(by_others.iter().map(|publish| publish.at)),
            times(senders(evidence).map(|killed| killed.at)),
        ));
    }
}

fn senders(evidence: &Evidence) -> impl Iterator<Item = &Killed> {
    evidence.kills.iter().filter(|killed| killed.function == SENDER)
}

/// Whether it is the last e-mail that the killed sent, and was perhaps not written down. When it came to
/// the proxy does not matter: on a busy machine that is after its sender's end.
fn is_last_deed(publish: &Publish, killed: &Killed, evidence: &Evidence) -> bool {
    let by_killed = evidence
        .publishes
        .iter()
        .filter(|publish| is_by(publish, killed, evidence));
    let last = by_killed.max_by_key(|publish| publish.at);
    last == Some(publish) && killed.at <= publish.at + WRITES_DOWN_WITHIN
}

/// Whether it went over a connection that the killed had at its end.
fn is_by(publish: &Publish, killed: &Killed, evidence: &Evidence) -> bool {
    let connections = evidence
        .publishes
        .iter()
        .filter(|other| other.port == publish.port);
    let last = connections
        .map(|other| other.connected_at)
        .filter(|connected_at| *connected_at <= killed.at)
        .max();
    killed.ports.contains(&publish.port) && last == Some(publish.connected_at)
}

fn times(times: impl Iterator<Item = Timestamp>) -> String {
    let times: Vec<_> = times.map(|time| time.to_string()).collect();
    match times.is_empty() {
        true => "no time".to_owned(),
        false => times.join(", "),
    }
}
