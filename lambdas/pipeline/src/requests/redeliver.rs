use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};
use sp_api::ids::{ReportId, SellerId};

use super::body::Body;
use super::{InvalidRequest, Parameters};
use crate::domain::stopped::{MOST_REPORT_IDS, Stopped, StoppedAs, is_error_name};

/// What job ids are made of, and how long they may be: names of executions.
const LONGEST_JOB_ID: usize = 80;

/// `POST /deliveries`: have deliveries begin again that stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redeliver(pub Stopped);

impl JsonSchema for Redeliver {
    fn schema_name() -> Cow<'static, str> {
        "Redeliver".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Stopped::json_schema(generator);
        schema.insert("minProperties".into(), 1.into());
        // Nor is `null` anything to go by.
        schema.insert("not".into(), json!({"additionalProperties": {"type": "null"}}));
        schema
    }
}

impl Redeliver {
    /// Parses `{SellerId?, Status?, Error?, Since?, ReportIds?}`, of which at least one is given.
    ///
    /// # Errors
    /// Names the first field that is empty, ill-formed or unknown; or none, if there is nothing to go by.
    pub fn parse(body: &[u8]) -> Result<Self, InvalidRequest> {
        let mut body = Body::parse(body)?;
        let seller_id = optional(&mut body, "SellerId", |text| {
            SellerId::parse(text).map_err(|problem| problem.to_string())
        })?;
        let status = optional(&mut body, "Status", |text| {
            let known = StoppedAs::ALL.into_iter().find(|status| status.status() == text);
            let names = StoppedAs::ALL.map(StoppedAs::status).join(", ");
            known.ok_or_else(|| format!("must be one of {names}"))
        })?;
        let error = optional(&mut body, "Error", |text| match is_error_name(text) {
            true => Ok(text.to_owned()),
            false => Err("must be the name of an error such as AwsRefused".to_owned()),
        })?;
        let since = body.optional_time("Since")?;
        let report_ids = body
            .take("ReportIds")
            .map(report_ids)
            .transpose()?
            .unwrap_or_default();
        body.finish()?;
        let is_empty = seller_id.is_none()
            && status.is_none()
            && error.is_none()
            && since.is_none()
            && report_ids.is_empty();
        if is_empty {
            return Err(InvalidRequest {
                field: None,
                message: "the body names nothing to go by; give SellerId, Status, Error, Since or ReportIds"
                    .into(),
            });
        }
        Ok(Self(Stopped {
            seller_id,
            status: status.unwrap_or_default(),
            error,
            since,
            report_ids,
        }))
    }
}

/// `GET /deliveries/{jobId}`: how far a job is.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct NamedJob {
    /// Which.
    #[schemars(
        rename = "jobId",
        length(max = LONGEST_JOB_ID),
        regex(pattern = r"^[A-Za-z0-9\-_\.]+$")
    )]
    pub job_id: String,
}

impl NamedJob {
    /// Parses `jobId`.
    ///
    /// # Errors
    /// It is missing or ill-formed, or there is another parameter.
    pub fn parse(Parameters(mut fields): Parameters) -> Result<Self, InvalidRequest> {
        let job_id = fields.text("jobId")?;
        fields.finish()?;
        let is_name = job_id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        if !is_name || job_id.len() > LONGEST_JOB_ID {
            return Err(InvalidRequest::field(
                "jobId",
                "must be the jobId of an answer of POST /deliveries",
            ));
        }
        Ok(Self { job_id })
    }
}

fn optional<T>(
    body: &mut Body,
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, InvalidRequest> {
    let Some(text) = body.optional_text(name)? else {
        return Ok(None);
    };
    parse(&text)
        .map(Some)
        .map_err(|problem| InvalidRequest::field(name, problem))
}

fn report_ids(value: Value) -> Result<Vec<ReportId>, InvalidRequest> {
    let invalid = |problem: String| InvalidRequest::field("ReportIds", problem);
    let Value::Array(ids) = value else {
        return Err(invalid("must be an array of report ids".into()));
    };
    if ids.is_empty() || ids.len() > MOST_REPORT_IDS {
        return Err(invalid(format!("must hold 1 to {MOST_REPORT_IDS} report ids")));
    }
    let parse = |id: &Value| {
        let text = id
            .as_str()
            .ok_or_else(|| invalid("must be a list of texts".into()))?;
        ReportId::parse(text).map_err(|problem| invalid(format!("{problem}; {text:?} is none")))
    };
    ids.iter().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &Value) -> Result<Stopped, InvalidRequest> {
        Redeliver::parse(body.to_string().as_bytes()).map(|Redeliver(stopped)| stopped)
    }

    #[test]
    fn one_thing_to_go_by_is_enough() {
        for body in [
            json!({"SellerId": "A3TH9S8BH6GOGM"}),
            json!({"Status": "WAITING_FOR_OWNER"}),
            json!({"Error": "AccessDenied"}),
            json!({"Since": "2026-11-22T05:00:00Z"}),
            json!({"ReportIds": ["54517018502"]}),
        ] {
            let stopped = parse(&body).expect("valid");
            // What is written into the ledger is what was asked.
            let written = serde_json::to_value(&stopped).expect("JSON");
            for (name, value) in body.as_object().expect("an object") {
                assert_eq!(&written[name], value);
            }
        }
        assert_eq!(
            parse(&json!({"Error": "X"})).expect("valid").status,
            StoppedAs::Failed
        );
    }

    #[test]
    fn the_field_at_fault_is_named() {
        for (body, field) in [
            (json!({}), None),
            (json!({"SellerId": null}), None),
            (json!({"SellerId": "a b"}), Some("SellerId")),
            (json!({"Status": "ANNOUNCED"}), Some("Status")),
            (json!({"Error": ""}), Some("Error")),
            (json!({"Error": "two words"}), Some("Error")),
            (json!({"Error": "x".repeat(257)}), Some("Error")),
            (json!({"Since": "yesterday"}), Some("Since")),
            (json!({"ReportIds": "1"}), Some("ReportIds")),
            (json!({"ReportIds": []}), Some("ReportIds")),
            (json!({"ReportIds": [1]}), Some("ReportIds")),
            (json!({"ReportIds": vec!["1"; 101]}), Some("ReportIds")),
            (json!({"SellerID": "A3"}), Some("SellerID")),
        ] {
            let error = parse(&body).expect_err("invalid");
            assert_eq!(error.field.as_deref(), field, "{body}");
        }
    }

    #[test]
    fn a_job_is_named_as_it_was_answered() {
        let job = |id: &str| NamedJob::parse(Parameters::new([("jobId", id)]).expect("pairs"));
        assert!(job("redelivery-0123456789abcdef").is_ok());
        for id in ["", "a/b", &"x".repeat(81)] {
            assert_eq!(job(id).expect_err("invalid").field.as_deref(), Some("jobId"));
        }
    }
}
