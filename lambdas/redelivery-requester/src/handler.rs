use lambda_http::http::StatusCode;
use pipeline::answers::{JobBegun, Running};
use pipeline::api::ApiError;
use pipeline::redelivery::Redeliveries;
use pipeline::requests::{InvalidRequest, NamedJob, Parameters, Redeliver};
use serde_json::Value;

/// What redelivering needs.
pub struct Requester {
    pub redeliveries: Redeliveries,
}

impl Requester {
    /// Begins a job that has those deliveries begin again that `body` describes.
    pub async fn begin(&self, body: &[u8]) -> Result<JobBegun, ApiError> {
        let Redeliver(which) = Redeliver::parse(body)?;
        Ok(JobBegun {
            job_id: self.redeliveries.begin_again(&which).await?,
            status: Running::Running,
        })
    }

    /// Says how far the job is that `parameters` name.
    pub async fn job(&self, parameters: Result<Parameters, InvalidRequest>) -> Result<Value, ApiError> {
        let NamedJob { job_id } = NamedJob::parse(parameters?)?;
        let job = self.redeliveries.job(&job_id).await?;
        job.ok_or_else(|| {
            let message = format!("no job {job_id} is known here (any more)");
            ApiError::new(StatusCode::NOT_FOUND, "JobNotFound", message).about("jobId")
        })
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::types::AttributeValue;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use pipeline::adapters::{Ledger, StateMachine};
    use serde_json::json;
    use test_doubles::{answer, execution, written};

    use super::*;

    fn requester(dynamodb: &Rule, sfn: &Rule) -> Requester {
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[dynamodb]);
        let sfn = mock_client!(aws_sdk_sfn, RuleMode::MatchAny, &[sfn]);
        Requester {
            redeliveries: Redeliveries::new(
                StateMachine::new(sfn, "arn:machine".into()),
                Ledger::new(dynamodb, "reports".into()),
            ),
        }
    }

    fn started() -> Rule {
        mock!(aws_sdk_sfn::Client::start_execution)
            .match_requests(|request| {
                request.input() == Some(r#"{"Task":{"Stopped":{"SellerId":"A3","Status":"FAILED"}}}"#)
            })
            .then_output(execution)
    }

    #[tokio::test]
    async fn a_job_is_begun_under_a_name_of_its_own() {
        let (row, execution) = (written(), started());
        let requester = requester(&row, &execution);
        let (status, body) = answer(requester.begin(br#"{"SellerId": "A3"}"#).await);
        assert_eq!((status, &body["status"]), (200, &json!("RUNNING")));
        let job = body["jobId"].as_str().expect("a name");
        assert!(job.starts_with("redelivery-"), "{job}");
        assert_eq!((row.num_calls(), execution.num_calls()), (1, 1));
    }

    #[tokio::test]
    async fn nothing_to_go_by_begins_nothing() {
        let (row, execution) = (written(), started());
        let requester = requester(&row, &execution);
        let (status, body) = answer(requester.begin(b"{}").await);
        assert_eq!((status, &body["code"]), (400, &json!("InvalidRequest")));
        assert_eq!((row.num_calls(), execution.num_calls()), (0, 0));
    }

    #[tokio::test]
    async fn a_job_says_how_far_it_is_and_another_is_not_known() {
        let get = mock!(aws_sdk_dynamodb::Client::get_item)
            .sequence()
            .output(|| {
                let number = |value: &str| AttributeValue::N(value.into());
                GetItemOutput::builder()
                    .item("status", AttributeValue::S("RUNNING".into()))
                    .item("matched", number("300"))
                    .item("started", number("200"))
                    .build()
            })
            .output(|| GetItemOutput::builder().build())
            .build();
        let requester = requester(&get, &started());
        let job = || Parameters::new([("jobId", "redelivery-1")]);
        let shown = json!({"jobId": "redelivery-1", "status": "RUNNING", "matched": 300, "started": 200});
        assert_eq!(answer(requester.job(job()).await), (200, shown));
        let (status, body) = answer(requester.job(job()).await);
        assert_eq!((status, &body["code"]), (404, &json!("JobNotFound")));
    }
}
