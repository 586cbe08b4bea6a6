//! The functions: what each is told when it starts, and an event of the kind it gets.

use serde_json::{Value, json};

use super::stand_in::StandIn;

/// The queue that Amazon sends notifications to.
pub const QUEUE_ARN: &str = "arn:aws:sqs:us-east-1:000000000000:notifications";

const SELLER: &str = "A3TH9S8BH6GOGM";
const REPORT: &str = "54517018502";
const TYPE: &str = "GET_MERCHANT_LISTINGS_ALL_DATA";
const ORDER: &str = "order-0123456789abcdef0123456789abcdef";

/// A function and what happens to it.
pub struct Example {
    /// The function's and its binary's name.
    pub name: &'static str,
    /// As deployed, in MiB.
    pub memory: u32,
    /// What it is asked for.
    pub event: Value,
}

fn example(name: &'static str, event: Value) -> Example {
    let memory = if name == "report-document-storage" {
        512
    } else {
        256
    };
    Example { name, memory, event }
}

/// All of them, in the README's order.
pub fn examples(stand_in: &StandIn) -> Vec<Example> {
    let seller = json!({ "SellerId": SELLER });
    let order = json!({
        "SellerId": SELLER, "RegionCode": "EU", "ReportType": TYPE, "MarketplaceIds": "A1PA6795UKMFR9",
    });
    let subscription = json!({
        "SellerId": SELLER, "RegionCode": "EU", "NotificationType": "REPORT_PROCESSING_FINISHED",
    });
    let report = json!({ "reportId": REPORT });
    let region = json!({ "SellerId": SELLER, "RegionCode": "EU", "ReportTypes": TYPE });
    let token = json!({ "SellerId": SELLER, "RefreshToken": "Atzr|token" });
    let of_region = json!({ "SellerId": SELLER, "RegionCode": "EU" });
    let token_of_a_link = json!({ "token": "A".repeat(43) });
    let invitation = json!({ "invitation": "A".repeat(43) });
    let no = &Value::Null;
    vec![
        example("token-storage", call("POST", "/tokens", no, no, &token)),
        example(
            "notifications-subscriber",
            call("POST", "/notifications", no, no, &subscription),
        ),
        example("report-creator", call("POST", "/reports", no, no, &order)),
        example(
            "report-reader",
            call("GET", "/reports/{reportId}", &report, &seller, no),
        ),
        example("seller-reader", call("GET", "/sellers", no, no, no)),
        example(
            "report-canceller",
            call("DELETE", "/reports/{reportId}", &report, &seller, no),
        ),
        example("report-scheduler", call("GET", "/schedules", no, &region, no)),
        example("order-placer", placement()),
        example("notifications-processor", notification()),
        example("report-document-retrieval", retrieval()),
        example("report-document-storage", storage(stand_in)),
        example(
            "presigned-url-generator",
            json!({ "SellerId": SELLER, "ReportId": REPORT, "ObjectKey": "a.tsv" }),
        ),
        example("report-notifier", outcome()),
        example("mail-gatherer", json!({"Recipient": "owner"})),
        example(
            "link-opener",
            call("GET", "/links/{token}", &token_of_a_link, no, no),
        ),
        example(
            "document-access",
            call("DELETE", "/reports/{reportId}/links", &report, &of_region, no),
        ),
        example(
            "onboarding-inviter",
            call("POST", "/onboardings", no, no, &json!({ "RegionCode": "EU" })),
        ),
        example(
            "onboarding",
            call("GET", "/onboarding/{invitation}", &invitation, no, no),
        ),
        example("report-reconciler", json!({})),
        example(
            "redelivery-requester",
            call("POST", "/deliveries", no, no, &seller),
        ),
        example(
            "redelivery-worker",
            json!({
                "Task": {"Obstacle": format!("authorization/{SELLER}")}, "StartedAt": "2026-11-22T05:00:00Z",
                "Name": "execution",
            }),
        ),
        example("mail-feedback", complaint()),
        // Its schedule.
        example("secret-rotator", json!({})),
    ]
}

/// All functions' own variables; each reads those it knows.
pub fn variables(stand_in: &StandIn) -> Vec<(&'static str, String)> {
    let machine = |name: &str| format!("arn:aws:states:us-east-1:000000000000:stateMachine:{name}");
    let arn = |service: &str, name: &str| format!("arn:aws:{service}:us-east-1:000000000000:{name}");
    vec![
        ("AWS_ENDPOINT_URL", stand_in.url()),
        ("AWS_ENDPOINT_URL_S3", stand_in.s3_url()),
        ("SP_API_ENVIRONMENT", stand_in.url()),
        ("LWA_SECRET_NAME", "lwa".to_owned()),
        ("REJECTED_SECRET_NAME", "rejected".to_owned()),
        ("SELLING_PARTNERS_TABLE", "partners".to_owned()),
        ("REPORTS_TABLE", "reports".to_owned()),
        ("QUOTAS_TABLE", "quotas".to_owned()),
        ("REPORTS_BUCKET", "reports".to_owned()),
        ("TOKEN_KEY_ARN", arn("kms", "key/tokens")),
        ("TOPIC_ARN", arn("sns", "reports")),
        ("EVENTS", "off".to_owned()),
        ("MAIL", "sns".to_owned()),
        ("MAIL_STATE_MACHINE_ARN", machine("mail")),
        ("GATHER_MAIL_SECONDS", "60".to_owned()),
        ("NOTIFICATIONS_QUEUE_ARN", QUEUE_ARN.to_owned()),
        (
            "DEAD_LETTER_QUEUE_URL",
            format!("{}/000000000000/dead", stand_in.url()),
        ),
        ("STATE_MACHINE_ARN", machine("delivery")),
        ("ORDER_STATE_MACHINE_ARN", machine("order")),
        ("REDELIVERY_STATE_MACHINE_ARN", machine("redelivery")),
        ("REPORT_RETENTION_DAYS", "540".to_owned()),
        ("MAX_RECEIVE_COUNT", "5".to_owned()),
        ("DELIVER", "all".to_owned()),
        ("OVERDUE_SECONDS", "1800".to_owned()),
        ("SLOW_AFTER_HOURS", "24".to_owned()),
        ("REAUTHORIZATION_DAYS", "365".to_owned()),
        ("LINKS_TABLE", "links".to_owned()),
        ("LINK_LIFETIME_DAYS", "7".to_owned()),
        ("ONBOARDINGS_TABLE", "onboardings".to_owned()),
        ("ONBOARDING_APPLICATION_ID", "amzn1.sp.solution.1".to_owned()),
        ("ONBOARDING_NAME", "Example".to_owned()),
        ("ONBOARDING_DRAFT", "off".to_owned()),
        ("APPSTORE_LOGIN", "off".to_owned()),
        ("API_URL", "https://api.example.com/prod".to_owned()),
        ("DOCUMENT_FORMAT", "as-is".to_owned()),
        ("GZIP_CHECK", "contents".to_owned()),
    ]
}

/// Why an answer is none that a function gives when all is well.
pub fn problem(answer: &Value) -> Option<String> {
    let status = answer["statusCode"].as_u64()?;
    (status >= 400).then(|| format!("HTTP {status}: {}", answer["body"]))
}

/// A request as API Gateway hands it over.
fn call(method: &str, resource: &str, path: &Value, query: &Value, body: &Value) -> Value {
    let listed = |single: &Value| {
        let fields = single.as_object()?.iter();
        Some(
            fields
                .map(|(name, value)| (name.clone(), json!([value])))
                .collect::<serde_json::Map<_, _>>(),
        )
    };
    let place = resource
        .replace("{reportId}", REPORT)
        .replace("{token}", "token")
        .replace("{invitation}", "invitation");
    json!({
        "resource": resource, "path": place, "httpMethod": method,
        "headers": { "content-type": "application/json", "host": "api.example.com" },
        "multiValueHeaders": { "content-type": ["application/json"], "host": ["api.example.com"] },
        "queryStringParameters": query, "multiValueQueryStringParameters": listed(query),
        "pathParameters": path, "stageVariables": null,
        "requestContext": {
            "resourceId": "r", "resourcePath": resource, "httpMethod": method, "path": format!("/prod{place}"),
            "accountId": "000000000000", "protocol": "HTTP/1.1", "stage": "prod", "requestId": "1", "apiId": "a",
            "identity": { "sourceIp": "192.0.2.1" },
        },
        "body": body.is_object().then(|| body.to_string()), "isBase64Encoded": false,
    })
}

fn finished_report() -> Value {
    json!({
        "SellerId": SELLER, "ReportId": REPORT, "ReportType": TYPE, "ProcessingStatus": "DONE",
        "ReportDocumentId": "document",
    })
}

fn placement() -> Value {
    json!({ "RetryCount": 0, "Order": {
        "SellerId": SELLER, "RequestId": ORDER, "RegionCode": "EU", "ReportType": TYPE,
        "Placement": { "Status": "WAITING", "ReportId": null, "Slot": {
            "Operation": "createReport", "NotBefore": "2026-11-22T08:00:00Z", "Refusals": 0,
        } },
    } })
}

fn notification() -> Value {
    let message = json!({
        "notificationVersion": "2020-09-04", "notificationType": "REPORT_PROCESSING_FINISHED",
        "payloadVersion": "2020-09-04", "eventTime": "2026-11-22T08:00:00.000Z",
        "payload": { "reportProcessingFinishedNotification": {
            "sellerId": SELLER, "reportId": REPORT, "reportType": TYPE, "processingStatus": "DONE",
            "reportDocumentId": "document",
        } },
    });
    json!({ "Records": [{
        "messageId": "1", "receiptHandle": "r", "body": message.to_string(), "md5OfBody": "",
        "attributes": { "ApproximateReceiveCount": "1" }, "messageAttributes": {},
        "eventSource": "aws:sqs", "eventSourceARN": QUEUE_ARN, "awsRegion": "us-east-1",
    }] })
}

/// One that says nobody's name, so that there is nothing to tell.
fn complaint() -> Value {
    let event = json!({
        "source": "aws.ses", "detail-type": "Email Complaint Received",
        "detail": { "eventType": "Complaint", "complaint": { "complainedRecipients": [] } },
    });
    json!({ "Records": [{
        "messageId": "1", "receiptHandle": "r", "body": event.to_string(), "md5OfBody": "",
        "attributes": { "ApproximateReceiveCount": "1" }, "messageAttributes": {},
        "eventSource": "aws:sqs", "eventSourceARN": QUEUE_ARN, "awsRegion": "us-east-1",
    }] })
}

fn retrieval() -> Value {
    json!({ "Report": finished_report(), "RetryCount": 0, "StartedAt": "2026-11-22T08:00:00Z" })
}

fn storage(stand_in: &StandIn) -> Value {
    json!({
        "SellerId": SELLER, "ReportId": REPORT, "ReportType": TYPE,
        "Document": {
            "RegionCode": "EU", "Url": format!("{}/document", stand_in.url()), "CompressionAlgorithm": null,
            "KeyTime": "2026-11-22T08:00:00Z",
        },
    })
}

fn outcome() -> Value {
    let mut outcome = finished_report();
    outcome["Link"] = json!({ "Url": "https://example.com/a.tsv", "ExpiresAt": "2026-11-22T14:00:00Z" });
    outcome
}
