use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use pipeline::adapters::Ledger;
use serde_json::{Value, json};
use test_doubles::{
    SELLER_TOKEN, invoked, lines_about, metered_amazon, selling_partners, token_server, written,
};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

/// The report.
const ID: &str = "54517018502";

const RESTRICTED_TOKEN: &str = "Atz.sprdt|1";

/// Of the catalogue's types, one that needs a restricted data token, and one that does not.
const RESTRICTED: &str = "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_INVOICING";
const OPEN: &str = "GET_MERCHANT_LISTINGS_ALL_DATA";

fn refusal(code: &str, message: &str) -> Value {
    json!({"errors": [{"code": code, "message": message, "details": ""}]})
}

/// Amazon answers whoever asks for the document with this token so.
async fn document_answers(server: &MockServer, token: &str, status: u16) {
    let body = match status {
        200 => json!({"url": "https://example.com/d", "compressionAlgorithm": "GZIP"}),
        _ => refusal("Unauthorized", "Access to requested resource is denied."),
    };
    Mock::given(method("GET"))
        .and(path("/eu/reports/2021-06-30/documents/d"))
        .and(header("x-amz-access-token", token))
        .respond_with(ResponseTemplate::new(status).set_body_json(body))
        .mount(server)
        .await;
}

/// Amazon grants restricted data tokens, or answers so.
async fn restricted_tokens(server: &MockServer, status: u16) {
    let body = match status {
        200 => json!({"restrictedDataToken": RESTRICTED_TOKEN, "expiresIn": 3600}),
        400 => refusal("InvalidInput", "Invalid or unsupported document ID found"),
        _ => refusal("Unauthorized", "The application has no role for that."),
    };
    Mock::given(method("POST"))
        .and(path("/eu/tokens/2021-03-01/restrictedDataToken"))
        .respond_with(ResponseTemplate::new(status).set_body_json(body))
        .mount(server)
        .await;
}

async fn retrieve(server: &MockServer, report_type: &str) -> Result<Retrieved, PipelineError> {
    retrieve_with(server, report_type, &[]).await
}

/// The ledger answers by these rules first.
async fn retrieve_with(
    server: &MockServer,
    report_type: &str,
    rules: &[&Rule],
) -> Result<Retrieved, PipelineError> {
    let row = mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| {
        GetItemOutput::builder()
            .item("regionCode", AttributeValue::S("EU".into()))
            .build()
    });
    let noted = written();
    let rules = [rules, &[&row, &noted]].concat();
    let ledger = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &rules);
    let retrieval = Retrieval {
        amazon: metered_amazon(server, &written()),
        ledger: Ledger::new(ledger, "reports".into()),
        partners: selling_partners(&written()),
    };
    let request = json!({
        "Report": {"SellerId": "A3", "ReportId": ID, "ReportType": report_type,
            "ProcessingStatus": "DONE", "ReportDocumentId": "d"},
        "RetryCount": 3, "StartedAt": "2026-11-22T05:00:00Z", "Execution": "A3_1",
    });
    let request = serde_json::from_value(request).expect("a request");
    retrieval.retrieve(request).await
}

async fn calls(server: &MockServer, operation: &str) -> usize {
    let requests = server.received_requests().await.expect("recorded");
    requests
        .iter()
        .filter(|it| it.url.path().contains(operation))
        .count()
}

#[tokio::test]
async fn a_restricted_token_that_is_refused_for_good_leaves_the_plain_one() {
    for status in [400, 403, 404] {
        let server = token_server().await;
        restricted_tokens(&server, status).await;
        document_answers(&server, SELLER_TOKEN, 200).await;
        let document = retrieve(&server, RESTRICTED).await.expect("retrieved").document;
        assert!(document.is_some(), "{status}");
    }
}

#[tokio::test]
async fn a_restricted_token_that_is_not_to_be_had_now_is_asked_for_again() {
    let server = token_server().await;
    restricted_tokens(&server, 503).await;
    document_answers(&server, SELLER_TOKEN, 200).await;
    let error = retrieve(&server, RESTRICTED).await.expect_err("later");
    assert_eq!(error.name(), "Transient");
    assert_eq!(calls(&server, "/documents/").await, 0);
}

#[tokio::test]
async fn a_restricted_type_that_the_catalogue_does_not_know_gets_a_restricted_token_once() {
    let server = token_server().await;
    document_answers(&server, SELLER_TOKEN, 403).await;
    restricted_tokens(&server, 200).await;
    document_answers(&server, RESTRICTED_TOKEN, 200).await;
    let document = retrieve(&server, OPEN).await.expect("retrieved").document;
    assert!(document.is_some());
    assert_eq!(calls(&server, "/restrictedDataToken").await, 1);
}

#[tokio::test]
async fn both_tokens_denied_have_the_report_wait_for_the_role() {
    for (report_type, granted) in [(OPEN, 400), (OPEN, 403), (OPEN, 200), (RESTRICTED, 403)] {
        let server = token_server().await;
        document_answers(&server, SELLER_TOKEN, 403).await;
        restricted_tokens(&server, granted).await;
        document_answers(&server, RESTRICTED_TOKEN, 403).await;
        let noted = noted_obstacle();
        let retrieved = retrieve_with(&server, report_type, &[&noted])
            .await
            .expect("parked");
        assert!(
            retrieved.is_parked && retrieved.document.is_none(),
            "{report_type} {granted}"
        );
        assert_eq!(noted.num_calls(), 1);
    }
}

/// The obstacle is noted with both reasons.
fn noted_obstacle() -> Rule {
    mock!(aws_sdk_dynamodb::Client::update_item)
        .match_requests(|request| {
            let is_obstacle =
                |value: &AttributeValue| value.as_s().is_ok_and(|key| key.starts_with("obstacle/role/A3/"));
            request.key().is_some_and(|key| key.values().any(is_obstacle))
                && request.expression_attribute_values().is_some_and(|values| {
                    let cause = values[":cause"].as_s().expect("a text");
                    values[":error"] == AttributeValue::S("AccessDenied".into())
                        && cause.contains("restricted data token")
                })
        })
        .then_output(|| UpdateItemOutput::builder().build())
}

#[tokio::test]
async fn what_is_denied_again_and_again_when_others_are_not_is_its_own_affair() {
    let server = token_server().await;
    document_answers(&server, SELLER_TOKEN, 403).await;
    restricted_tokens(&server, 403).await;
    let denied_alone = mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| {
        GetItemOutput::builder()
            .item("regionCode", AttributeValue::S("EU".into()))
            .item("provenReleases", AttributeValue::N("3".into()))
            .build()
    });
    let error = retrieve_with(&server, OPEN, &[&denied_alone])
        .await
        .expect_err("denied");
    assert_eq!(error.name(), "AccessDenied");
}

#[tokio::test]
async fn what_neither_token_is_the_reason_for_is_passed_on() {
    let server = token_server().await;
    Mock::given(method("GET"))
        .respond_with(
            ResponseTemplate::new(400).set_body_json(refusal("InvalidInput", "Invalid reportDocumentId")),
        )
        .mount(&server)
        .await;
    let error = retrieve(&server, OPEN).await.expect_err("not yet");
    assert_eq!(error.name(), "DocumentRejected");
    assert_eq!(calls(&server, "/restrictedDataToken").await, 0);
}

/// Nothing that opens a door is in the log: neither the document's URL, nor a token.
fn has_no_secret(log: &str) -> bool {
    [
        SELLER_TOKEN,
        RESTRICTED_TOKEN,
        "Atzr|",
        "example.com",
        "\"secret\"",
    ]
    .iter()
    .all(|secret| !log.contains(secret))
}

#[tokio::test]
async fn the_log_says_of_which_report_the_document_is_at_hand() {
    let server = token_server().await;
    restricted_tokens(&server, 403).await;
    document_answers(&server, SELLER_TOKEN, 200).await;
    let (retrieved, log) = invoked(retrieve(&server, RESTRICTED)).await;
    assert!(retrieved.expect("retrieved").document.is_some());
    let lines = lines_about(ID, &log);
    // What is logged deep within names it, too.
    assert!(
        lines[0].starts_with("WARN Report 54517018502 of A3: no restricted data token: "),
        "{lines:?}"
    );
    let last = lines.last().map(String::as_str);
    assert_eq!(
        last,
        Some("INFO Report 54517018502 of A3 has its document at hand, as Amazon says")
    );
    for field in [r#""seller":"A3""#, r#""region":"EU""#, r#""execution":"A3_1""#] {
        assert!(log.contains(field), "{field} in {log}");
    }
    assert!(has_no_secret(&log), "{log}");
}

#[tokio::test]
async fn the_log_says_in_words_why_a_document_is_not_to_be_had() {
    let server = token_server().await;
    Mock::given(method("GET"))
        .respond_with(
            ResponseTemplate::new(400).set_body_json(refusal("InvalidInput", "Invalid reportDocumentId")),
        )
        .mount(&server)
        .await;
    let failed = async { retrieve(&server, OPEN).await.map_err(StageError::from) };
    let (retrieved, log) = invoked(failed).await;
    assert!(retrieved.is_err());
    let expected = "ERROR Report 54517018502 of A3: DocumentRejected: Amazon rejected getReportDocument with 400: \
                    InvalidInput: Invalid reportDocumentId";
    assert_eq!(lines_about(ID, &log), [expected]);
    assert!(has_no_secret(&log), "{log}");
}
