//! Whether anything was lost, or came twice, or is different; or can't be explained.

mod labels;
mod mails;
mod orders;
mod strays;
#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::evidence::{Evidence, Kind, Mail, Object, Row, TrueReport, report_of};

/// What the simulator calls a document behind whose end there are zeros.
const PADDED: &str = "zeros-behind-gzip";

/// What came of everything. Whatever is not as it should be has a line in `problems`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Orders that were sent.
    pub ordered: usize,
    /// Orders that were accepted.
    pub accepted: usize,
    /// Orders without a key that failed and were not sent again.
    pub refused_without_key: usize,
    /// Accepted orders that Amazon made no report for.
    pub orders_without_report: usize,
    /// Orders that Amazon made more than one report for.
    pub made_twice: usize,
    /// Orders that are told from another only by what Amazon's list does not say, were in doubt at the
    /// same time, and have the report that was made for the other. Each has one.
    pub exchanged: usize,
    /// Reports that Amazon made.
    pub made: usize,
    /// Documents in the bucket.
    pub stored: usize,
    /// Those that are Amazon's to the byte.
    pub byte_identical: usize,
    /// Those that are not.
    pub different: usize,
    /// Those whose name or headers say what the bytes are not.
    pub mislabelled: usize,
    /// Reports whose end was announced.
    pub announced: usize,
    /// Reports that more than one e-mail came about, for no known reason.
    pub announced_twice: usize,
    /// The same because the notifier was killed between SNS and the ledger.
    pub twice_because_killed: usize,
    /// Reports that did not arrive.
    pub lost: usize,
    /// Orders that were refused because the seller had withdrawn the authorization.
    pub refused_without_authorization: usize,
    /// E-mails about what stood in the way of many.
    pub obstacles_told: usize,
    /// Reports and orders that waited when a long time without a secret ended.
    pub waited_for_secret: usize,
    /// Messages in the dead-letter queue.
    pub dead_letters: usize,
    /// Pieces of garbage that were sent.
    pub garbage: usize,
    /// Uploads that nobody could end: their function was killed, or S3's answer to their beginning was
    /// lost. The bucket's lifecycle removes them.
    pub uploads_left_behind: usize,
    /// What is wrong, in words.
    pub problems: Vec<String>,
}

impl Verdict {
    /// Judges.
    pub fn of(evidence: &Evidence) -> Self {
        let mut verdict = Self {
            ordered: evidence.orders.len(),
            made: evidence.reports.len(),
            garbage: evidence.garbage.len(),
            dead_letters: evidence.dead_letters.len(),
            ..Self::default()
        };
        for order in &evidence.orders {
            verdict.judge_order(order, evidence);
        }
        for report in &evidence.reports {
            verdict.judge_report(report, evidence);
        }
        verdict.judge_obstacles(evidence);
        verdict.judge_strangers(evidence);
        verdict.judge_uploads(evidence);
        verdict.judge_dead_letters(evidence);
        for name in &evidence.running {
            verdict.complain(format!("the execution {name} still runs"));
        }
        if evidence.waiting_messages > 0 {
            verdict.complain(format!("{} notifications wait still", evidence.waiting_messages));
        }
        verdict
    }

    /// Whether everything is as it should be.
    pub fn is_good(&self) -> bool {
        self.problems.is_empty()
    }

    fn complain(&mut self, problem: String) {
        self.problems.push(problem);
    }

    fn judge_report(&mut self, report: &TrueReport, evidence: &Evidence) {
        let name = format!("report {} of {} ({})", report.id, report.seller, report.status);
        let row = row(evidence, &report.seller, &report.id);
        let mails = mails(evidence, &report.seller, &report.id);
        self.judge_mails(&name, &mails, evidence);
        let told = |kind| mails.iter().any(|mail| mail.kind == kind);
        let mut losses = Vec::new();
        if told(Kind::NotDelivered) {
            self.complain(format!(
                "{name} is said not to be delivered: {}",
                mails[0].subject
            ));
        }
        match told(Kind::Ended) {
            true => self.announced += 1,
            false => losses.push("no e-mail came".to_owned()),
        }
        let expected = match report.status.as_str() {
            "DONE" => "ANNOUNCED",
            other => other,
        };
        match row {
            Some(row) if row.status == expected => {}
            Some(row) => losses.push(format!(
                "the ledger says {} {}",
                row.status,
                row.error.as_deref().unwrap_or("")
            )),
            None => losses.push("the ledger has no row".to_owned()),
        }
        losses.extend(self.judge_objects(report, &name, row, evidence));
        if !losses.is_empty() {
            self.lost += 1;
            self.complain(format!("{name} is lost: {}", losses.join("; ")));
        }
    }

    /// Compares the stored document with Amazon's; says what is missing.
    fn judge_objects(
        &mut self,
        report: &TrueReport,
        name: &str,
        row: Option<&Row>,
        evidence: &Evidence,
    ) -> Option<String> {
        let of_report = (report.seller.as_str(), report.id.as_str());
        let objects: Vec<_> = evidence
            .objects
            .iter()
            .filter(|object| report_of(&object.key) == Some(of_report))
            .collect();
        self.stored += objects.len();
        match (objects.as_slice(), report.has_document) {
            ([], true) => return Some("nothing is stored".to_owned()),
            ([], false) => {}
            ([object], true) if is_amazons(object, report) => {
                self.byte_identical += 1;
                self.judge_labels(report, name, object);
                let recorded = row.map(|row| (&row.object_key, row.bytes, &row.crc64nvme));
                let actual = (
                    &Some(object.key.clone()),
                    Some(object.bytes),
                    &Some(object.crc64nvme.clone()),
                );
                if recorded.is_some_and(|recorded| recorded != actual) {
                    self.complain(format!(
                        "{name} is stored as {actual:?}, but recorded as {recorded:?}"
                    ));
                }
            }
            ([object], true) => {
                self.different += 1;
                self.complain(format!(
                    "{name} differs: {} bytes in {} are not Amazon's {:?}",
                    object.bytes, object.key, report.bytes
                ));
            }
            (objects, _) => {
                let keys: Vec<_> = objects.iter().map(|object| object.key.as_str()).collect();
                self.complain(format!(
                    "{name} has objects that it should not have: {}",
                    keys.join(", ")
                ));
            }
        }
        None
    }
}

/// Whether that is what Amazon served, to the byte. Zeros behind the end of a gzip document may be missing.
fn is_amazons(object: &Object, report: &TrueReport) -> bool {
    Some(&object.sha256) == report.sha256.as_ref()
        || report.oddity.as_deref() == Some(PADDED)
            && Some(&object.content_sha256) == report.content_sha256.as_ref()
}

fn row<'a>(evidence: &'a Evidence, seller: &str, id: &str) -> Option<&'a Row> {
    evidence
        .rows
        .iter()
        .find(|row| row.seller == seller && row.id == id)
}

fn mails<'a>(evidence: &'a Evidence, seller: &str, about: &str) -> Vec<&'a Mail> {
    let concerns = |mail: &&Mail| mail.seller == seller && mail.about == about;
    evidence.mails.iter().filter(concerns).collect()
}
