//! How a report will end: as a script says, or well.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::HeaderValue;

use crate::documents::generate::encoding;
use crate::fields::{FieldError, Fields};
use crate::reports::{Specification, Status};

/// How long a report takes unless a script says otherwise.
const USUAL_DELAY: Duration = Duration::from_secs(1);

/// What a report's document will be.
#[derive(Clone, Debug, Default)]
pub(crate) struct DocumentPlan {
    /// Bytes before compression.
    pub(crate) size: Option<u64>,
    pub(crate) gzip: bool,
    pub(crate) content_type: Option<String>,
    pub(crate) charset: Option<String>,
    pub(crate) body: Option<String>,
}

/// How a report will end.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) status: Status,
    pub(crate) document: Option<DocumentPlan>,
    pub(crate) delay: Duration,
    /// How many times the notification is sent; 0 for never.
    pub(crate) copies: u64,
}

impl Default for Outcome {
    fn default() -> Self {
        Self {
            status: Status::Done,
            document: Some(DocumentPlan::default()),
            delay: USUAL_DELAY,
            copies: 1,
        }
    }
}

impl Outcome {
    /// Reads the fields of an outcome; what is not said is as usual.
    pub(crate) fn read(fields: &Fields<'_>, usual_delay: Option<Duration>) -> Result<Self, FieldError> {
        let status = match fields.text("status")? {
            None | Some("DONE") => Status::Done,
            Some("CANCELLED") => Status::Cancelled,
            Some("FATAL") => Status::Fatal,
            Some(_) => return Err(FieldError::new("status", "must be DONE, CANCELLED or FATAL")),
        };
        let plan = read_document(fields)?;
        let with_document = fields.flag("document")?.unwrap_or(status == Status::Done);
        let delay = fields.number("delayMilliseconds")?.map(Duration::from_millis);
        let notify = fields.flag("notify")?.unwrap_or(true);
        let copies = fields.number("copies")?.unwrap_or(1);
        Ok(Self {
            status,
            document: with_document.then_some(plan),
            delay: delay.or(usual_delay).unwrap_or(USUAL_DELAY),
            copies: if notify { copies } else { 0 },
        })
    }
}

fn read_document(fields: &Fields<'_>) -> Result<DocumentPlan, FieldError> {
    let plan = DocumentPlan {
        size: fields.number("sizeBytes")?,
        gzip: fields.flag("gzip")?.unwrap_or(false),
        content_type: fields.text("contentType")?.map(str::to_owned),
        charset: fields.text("charset")?.map(str::to_owned),
        body: fields
            .raw("body")
            .map(|body| body.as_str().map(str::to_owned))
            .map_or(Ok(None), |body| {
                body.map(Some)
                    .ok_or_else(|| FieldError::new("body", "must be text"))
            })?,
    };
    let charset = plan.charset.as_deref().unwrap_or("UTF-8");
    let Some(encoding) = encoding(charset) else {
        return Err(FieldError::new(
            "charset",
            "must be a charset such as UTF-8, ISO-8859-1 or Shift_JIS",
        ));
    };
    if plan.body.as_ref().is_some_and(|body| encoding.encode(body).2) {
        return Err(FieldError::new(
            "body",
            format!("holds letters that {charset} can't write"),
        ));
    }
    if plan.body.is_some() && plan.size.is_some() {
        return Err(FieldError::new("sizeBytes", "can't be given together with body"));
    }
    if plan
        .content_type
        .as_ref()
        .is_some_and(|value| HeaderValue::from_str(value).is_err())
    {
        return Err(FieldError::new(
            "contentType",
            "must be text that a header can hold",
        ));
    }
    Ok(plan)
}

/// An outcome for the next reports that it fits.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) seller_id: Option<String>,
    pub(crate) report_type: Option<String>,
    /// The options that the report is asked for with, all of them.
    pub(crate) report_options: Option<BTreeMap<String, String>>,
    /// For how many reports; `None` for all that come.
    pub(crate) left: Option<u64>,
    pub(crate) outcome: Outcome,
}

/// The scripts, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Scripts(pub(crate) Vec<Script>);

impl Scripts {
    /// How the next report of that seller ends, asked for like that. Scripts that run out come before those
    /// that go on for ever, so that an exception can be made from a rule.
    pub(crate) fn next(&mut self, seller_id: &str, report: &Specification) -> Outcome {
        let fits = |script: &&mut Script| {
            script
                .seller_id
                .as_deref()
                .is_none_or(|wanted| wanted == seller_id)
                && script
                    .report_type
                    .as_deref()
                    .is_none_or(|wanted| wanted == report.report_type)
                && script
                    .report_options
                    .as_ref()
                    .is_none_or(|wanted| *wanted == report.options)
        };
        let counted = self
            .0
            .iter_mut()
            .filter(fits)
            .find(|script| script.left.is_some());
        let outcome = match counted {
            Some(script) => {
                script.left = script.left.map(|left| left.saturating_sub(1));
                Some(script.outcome.clone())
            }
            None => self
                .0
                .iter_mut()
                .filter(fits)
                .last()
                .map(|script| script.outcome.clone()),
        };
        self.0.retain(|script| script.left != Some(0));
        outcome.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(seller_id: Option<&str>, left: Option<u64>, copies: u64) -> Script {
        let outcome = Outcome {
            copies,
            ..Outcome::default()
        };
        Script {
            seller_id: seller_id.map(str::to_owned),
            report_type: None,
            report_options: None,
            left,
            outcome,
        }
    }

    #[test]
    fn exceptions_come_before_the_rule_and_run_out() {
        let scripts = vec![
            script(None, None, 3),
            script(Some("A"), Some(1), 0),
            script(Some("A"), Some(1), 7),
        ];
        let mut scripts = Scripts(scripts);
        let report = Specification::default();
        let copies = ["B", "A", "A", "A"].map(|seller| scripts.next(seller, &report).copies);
        assert_eq!(copies, [3, 0, 7, 3]);
    }

    #[test]
    fn a_script_finds_its_report_by_the_options() {
        let options = |number: u32| BTreeMap::from([("order".to_owned(), number.to_string())]);
        let scripts = [5, 6].map(|number| Script {
            report_options: Some(options(number)),
            ..script(None, Some(1), u64::from(number))
        });
        let mut scripts = Scripts(scripts.into());
        let copies = [6, 7, 5].map(|number| {
            let report = Specification {
                options: options(number),
                ..Specification::default()
            };
            scripts.next("A", &report).copies
        });
        assert_eq!(copies, [6, 1, 5]);
    }
}
