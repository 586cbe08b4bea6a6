//! `POST /reports/{reportId}/delivery`: one report that is to be delivered after all, or again.

use jiff::Timestamp;
use lambda_http::http::StatusCode;
use pipeline::adapters::Named;
use pipeline::answers::Delivery;
use pipeline::api::ApiError;
use pipeline::delivering::{Asked, Deliverer};
use pipeline::domain::ledger::FINAL_PROGRESS;
use pipeline::linking::{LinkMaker, StoredReport};
use pipeline::logging::About;
use pipeline::requests::{InvalidRequest, NamedReport, Parameters};

/// Has the report delivered that `parameters` name, if it was skipped or stopped. Makes a new link if it has
/// been delivered.
pub async fn deliver(
    deliverer: &Deliverer,
    maker: &LinkMaker,
    parameters: Result<Parameters, InvalidRequest>,
) -> Result<Delivery, ApiError> {
    let NamedReport {
        seller_id,
        region,
        name,
    } = NamedReport::parse(parameters?)?;
    let id = name.as_str();
    let (account, report_id, row) = match deliverer.ledger.find_report(&seller_id, region, id).await? {
        Some(Named::Report { account, report, row }) => (account, report, row),
        Some(Named::Order(row)) => return Err(not_deliverable(id, row.status())),
        Some(Named::Placed(_)) | None => return Err(ApiError::unknown_report(&seller_id, id)),
    };
    let about = About::report(&account, &report_id).as_in(Some(&row));
    about.is_all_of_the_invocation();
    let (status, begins) = match deliverer.deliver(&account, &report_id, &row).await? {
        Asked::Begun(status) => (status, true),
        Asked::Before(status) => (status, false),
        Asked::TooEarly(status) => return Err(not_deliverable(report_id.as_str(), &status)),
    };
    let mut link = None;
    // A report that was stored and whose delivery goes on, or begins, has its link in the e-mail.
    if !begins
        && row.progress() == FINAL_PROGRESS
        && let Some(stored) = StoredReport::of(&account, &report_id, &row)
    {
        link = maker.link_to(&stored, None, Timestamp::now()).await?;
    }
    let expires_at = link.as_ref().map(|link| link.expires_at);
    tracing::info!(
        status,
        begins,
        has_link = link.is_some(),
        "{about} was to be delivered"
    );
    Ok(Delivery {
        report_id,
        status,
        link: link.map(|link| link.url),
        expires_at,
        begins,
    })
}

fn not_deliverable(id: &str, status: &str) -> ApiError {
    let message = format!("{id} can't be delivered: Amazon has not finished it, it is {status} here");
    ApiError::new(StatusCode::CONFLICT, "NotDeliverable", message)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::time::Duration;

    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::put_item::PutItemOutput;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
    use aws_sdk_dynamodb::types::AttributeValue;
    use aws_sdk_sfn::operation::start_execution::StartExecutionError;
    use aws_sdk_sfn::types::error::StateMachineDoesNotExist;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use pipeline::adapters::{Ledger, Links, StateMachine};
    use pipeline::api::respond_with;
    use pipeline::domain::Lifetimes;
    use serde_json::{Value, json};
    use test_doubles::{execution, no_further_account, unmet};

    use super::*;

    const ORDER: &str = "order-0123456789abcdef0123456789abcdef";

    type Row = HashMap<String, AttributeValue>;

    /// A row in this status, with this progress.
    fn row(status: &str, progress: u8) -> Row {
        let text = |value: &str| AttributeValue::S(value.to_owned());
        HashMap::from([
            ("status".to_owned(), text(status)),
            ("progress".to_owned(), AttributeValue::N(progress.to_string())),
            ("reportType".to_owned(), text("GET_X")),
        ])
    }

    fn is_read(row: Option<Row>) -> Rule {
        mock!(aws_sdk_dynamodb::Client::get_item)
            .then_output(move || GetItemOutput::builder().set_item(row.clone()).build())
    }

    /// The row that was read changes into a delivery's; after the `releases`th release, if there was one.
    fn changes(releases: Option<u8>) -> Rule {
        mock!(aws_sdk_dynamodb::Client::update_item).then_output(move || {
            let mut changed = row("NOTIFIED", 20);
            changed.extend(releases.map(|it| ("releases".to_owned(), AttributeValue::N(it.to_string()))));
            UpdateItemOutput::builder().set_attributes(Some(changed)).build()
        })
    }

    fn starts(name: &'static str) -> Rule {
        mock!(aws_sdk_sfn::Client::start_execution)
            .match_requests(move |request| {
                let input: Value = serde_json::from_str(request.input().expect("an input")).expect("JSON");
                let report = json!({"SellerId": "A3", "ReportId": "7", "ReportType": "GET_X"});
                request.name() == Some(name) && input == report
            })
            .then_output(execution)
    }

    async fn ask(id: &str, dynamodb: &[&Rule], sfn: &[&Rule]) -> (u16, Value) {
        let [first, rest @ ..] = dynamodb else {
            return ask_of(&[], id, sfn).await;
        };
        // The seller's other regions are looked through before what follows.
        let [na, eu, fe] = std::array::from_fn(|_| no_further_account());
        let rules = [&[*first, &na, &eu, &fe], rest].concat();
        ask_of(&rules, id, sfn).await
    }

    async fn ask_of(dynamodb: &[&Rule], id: &str, sfn: &[&Rule]) -> (u16, Value) {
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::Sequential, dynamodb);
        let lifetimes = Lifetimes {
            link_days: 7,
            document_days: 540,
        };
        let links = Links::new(dynamodb.clone(), "links".into());
        let maker = LinkMaker::new(links, "https://api.example".into(), lifetimes);
        let sfn = mock_client!(aws_sdk_sfn, RuleMode::Sequential, sfn);
        let deliverer = Deliverer {
            ledger: Ledger::new(dynamodb, "reports".into()),
            deliveries: StateMachine::new(sfn, "arn:machine".into()),
            overdue: Duration::from_secs(60),
        };
        let parameters = Parameters::new([("reportId", id), ("SellerId", "A3")]);
        let response = respond_with(
            Delivery::http_status,
            deliver(&deliverer, &maker, parameters).await,
        );
        let body = serde_json::from_slice(response.body()).expect("JSON");
        (response.status().as_u16(), body)
    }

    #[tokio::test]
    async fn a_skipped_report_is_delivered_under_its_usual_name() {
        let execution = starts("A3_7");
        let rules = [&is_read(Some(row("SKIPPED", 5))), &changes(None)];
        let begun = (202, json!({"reportId": "7", "status": "NOTIFIED"}));
        assert_eq!(ask("7", &rules, &[&execution]).await, begun);
        assert_eq!(execution.num_calls(), 1);
        // What can't be started now is in the row, for the reconciler.
        let down = mock!(aws_sdk_sfn::Client::start_execution).then_error(|| {
            StartExecutionError::StateMachineDoesNotExist(StateMachineDoesNotExist::builder().build())
        });
        let rules = [&is_read(Some(row("SKIPPED", 5))), &changes(None)];
        assert_eq!(ask("7", &rules, &[&down]).await, begun);
    }

    #[tokio::test]
    async fn one_that_stopped_begins_again_under_a_new_name() {
        for (status, progress) in [("FAILED", 25), ("WAITING_FOR_OWNER", 20)] {
            let execution = starts("A3_7_released2");
            let rules = [&is_read(Some(row(status, progress))), &changes(Some(2))];
            let (code, body) = ask("7", &rules, &[&execution]).await;
            assert_eq!((code, execution.num_calls()), (202, 1), "{status}: {body}");
        }
    }

    #[tokio::test]
    async fn a_delivery_that_has_begun_is_left_alone() {
        for (status, progress) in [
            ("NOTIFIED", 20),
            ("STORED", 40),
            ("ANNOUNCED", 60),
            ("DROPPED", 60),
        ] {
            let before = ask("7", &[&is_read(Some(row(status, progress)))], &[]).await;
            assert_eq!(before, (200, json!({"reportId": "7", "status": status})));
        }
        // Somebody else asks in the same moment, and is quicker.
        let refused = mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| unmet(None));
        let (skipped, begun) = (
            is_read(Some(row("SKIPPED", 5))),
            is_read(Some(row("NOTIFIED", 20))),
        );
        let before = ask("7", &[&skipped, &refused, &begun], &[]).await;
        assert_eq!(before, (200, json!({"reportId": "7", "status": "NOTIFIED"})));
    }

    #[tokio::test]
    async fn one_that_was_delivered_gets_a_new_link() {
        let put = mock!(aws_sdk_dynamodb::Client::put_item).then_output(|| PutItemOutput::builder().build());
        let mut delivered = row("ANNOUNCED", 60);
        let stored_at = Timestamp::now().to_string();
        for (name, value) in [("objectKey", "k"), ("storedAt", stored_at.as_str())] {
            delivered.insert(name.to_owned(), AttributeValue::S(value.to_owned()));
        }
        let (status, body) = ask("7", &[&is_read(Some(delivered)), &put], &[]).await;
        assert_eq!((status, &body["status"]), (200, &json!("ANNOUNCED")));
        let link = body["link"].as_str().expect("a link");
        assert!(link.starts_with("https://api.example/links/"), "{link}");
        assert!(body["expiresAt"].is_string() && put.num_calls() == 1, "{body}");
    }

    #[tokio::test]
    async fn what_amazon_has_not_finished_can_not_be_delivered() {
        let (status, body) = ask("7", &[&is_read(Some(row("ORDERED", 10)))], &[]).await;
        assert_eq!((status, &body["code"]), (409, &json!("NotDeliverable")));
        let (status, body) = ask(ORDER, &[&is_read(Some(row("QUEUED", 0)))], &[]).await;
        assert_eq!((status, &body["code"]), (409, &json!("NotDeliverable")));
        assert!(
            body["message"].as_str().is_some_and(|it| it.contains("QUEUED")),
            "{body}"
        );
    }

    #[tokio::test]
    async fn an_order_is_delivered_as_the_report_that_it_became() {
        let mut order = row("PLACED", 0);
        order.insert("placedAs".to_owned(), AttributeValue::S("7".into()));
        let execution = starts("A3_7_released1");
        let rules = [
            &is_read(Some(order)),
            &is_read(Some(row("FAILED", 25))),
            &changes(Some(1)),
        ];
        let (status, body) = ask(ORDER, &rules, &[&execution]).await;
        assert_eq!((status, &body["reportId"]), (202, &json!("7")));
    }

    #[tokio::test]
    async fn what_is_unknown_or_no_id_is_named() {
        for id in ["7", ORDER] {
            let (status, body) = ask(id, &[&is_read(None)], &[]).await;
            assert_eq!((status, &body["code"]), (404, &json!("ReportNotFound")), "{id}");
        }
        let (status, body) = ask("order-7", &[], &[]).await;
        assert_eq!((status, &body["field"]), (400, &json!("reportId")));
    }
}
