//! Whether documents are called what they are: by the bytes, whatever Amazon has said about them.

use encoding_rs::Encoding;

use super::Verdict;
use crate::evidence::{DATA, Object, TrueReport};

/// What the simulator calls Amazon's reason for a failure, in JSON whatever the type.
const REASON: &str = "fatal-reason";

impl Verdict {
    /// Compares an object's name and headers with what the bytes are.
    pub(super) fn judge_labels(&mut self, report: &TrueReport, name: &str, object: &Object) {
        let problems = problems(report, object);
        if problems.is_empty() {
            return;
        }
        self.mislabelled += 1;
        let oddity = report.oddity.as_deref().unwrap_or("not odd");
        self.complain(format!(
            "{name}, {oddity}, is stored as {}: {}",
            object.key,
            problems.join("; ")
        ));
    }
}

fn problems(report: &TrueReport, object: &Object) -> Vec<String> {
    let mut problems = Vec::new();
    let is_called_gzip = object.key.ends_with(".gz");
    let encoding = object.content_encoding.as_deref();
    if (is_called_gzip, encoding == Some("gzip")) != (report.is_gzip, report.is_gzip) {
        problems.push(format!(
            "gzip is {}, and Content-Encoding says {encoding:?}",
            report.is_gzip
        ));
    }
    let declared = object.content_type.as_deref().and_then(charset);
    // Nothing is written in any charset.
    let is_text = object.bytes > 0;
    if let (Some(declared), Some(written_in), true) = (declared, report.charset.as_deref(), is_text)
        && encoding_of(declared) != encoding_of(written_in)
    {
        problems.push(format!(
            "it is written in {written_in} and said to be in {declared}"
        ));
    }
    if report.status == "FATAL" && object.key.starts_with(DATA) {
        problems.push("a reason lies among the data".to_owned());
    }
    if report.oddity.as_deref() == Some(REASON) && !object.key.trim_end_matches(".gz").ends_with(".json") {
        problems.push("a reason in JSON is called something else".to_owned());
    }
    problems
}

fn encoding_of(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label(label.as_bytes())
}

/// The charset that a `Content-Type` names.
fn charset(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches('"'))
    })
}
