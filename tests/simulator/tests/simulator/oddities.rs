//! The oddities' control, and the mode in which every so many are odd.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::common::{Amazon, LISTINGS, QUEUE, REFRESH_TOKEN, RESTRICTED, SELLER};

#[tokio::test]
async fn bad_orders_are_refused_and_the_field_is_named() {
    let amazon = Amazon::start().await;
    let cases = [
        (json!({ "kind": "normal" }), "kind"),
        (json!({}), "kind"),
        (json!({ "kind": "forbidden", "times": 0 }), "times"),
        (
            json!({ "kind": "forbidden", "times": 1, "always": true }),
            "times",
        ),
        (json!({ "kind": "forbidden", "operation": "lwa" }), "operation"),
        (
            json!({ "kind": "lwa-empty", "operation": "getReport" }),
            "operation",
        ),
        (
            json!({ "kind": "seller-only", "operation": "getReport" }),
            "operation",
        ),
        (json!({ "kind": "seller-only", "count": 1 }), "count"),
        (json!({ "seed": 1 }), "every"),
        (json!({ "seed": 1, "every": { "messages": 0 } }), "messages"),
        (json!({ "seed": 1, "every": { "mails": 1 } }), "mails"),
        (json!({ "seed": 1, "every": {}, "kind": "forbidden" }), "kind"),
    ];
    for (body, field) in cases {
        let (status, answer) = amazon.try_control("/oddities", &body).await;
        assert_eq!(
            (status.as_u16(), &answer["field"]),
            (400, &json!(field)),
            "{body}: {answer}"
        );
    }
    let fault = json!({ "operation": "getReport", "kind": "status", "status": 503, "shape": "round" });
    assert_eq!(amazon.try_control("/faults", &fault).await.1["field"], "shape");
    let fault = json!({ "operation": "getReport", "kind": "status", "status": 200 });
    assert_eq!(amazon.try_control("/faults", &fault).await.1["field"], "status");
}

/// A simulator in which everything is odd, but for the groups that are left out.
async fn odd(seed: u64, every: &Value) -> Amazon {
    let amazon = Amazon::start().await;
    amazon.subscribe(REFRESH_TOKEN).await;
    let mode = json!({ "seed": seed, "every": every, "reportOption": "order" });
    amazon.control("/oddities", &mode).await;
    amazon
}

/// Reports of all kinds, told apart by an option.
async fn reports(amazon: &Amazon, count: usize) -> Vec<Value> {
    let mut reports = Vec::new();
    for order in 0..count {
        let report_type = [LISTINGS, RESTRICTED][order % 2];
        let outcome = json!({ "reportOptions": { "order": order.to_string() }, "gzip": order % 3 == 0 });
        reports.push(amazon.finished_report(report_type, &outcome).await);
    }
    reports
}

async fn sent(amazon: &Amazon) -> Value {
    amazon.look("/oddities").await["sent"].clone()
}

#[tokio::test]
async fn the_same_seed_makes_the_same_odd() {
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let amazon = odd(seed, &json!({ "messages": 2, "documents": 2 })).await;
        let reports = reports(&amazon, 20).await;
        let oddities: Vec<_> = reports.iter().map(|report| report["oddity"].clone()).collect();
        let last = reports.last().expect("a report")["reportId"]
            .as_str()
            .expect("an id");
        amazon.report_when(last, |report| report["notified"] == 1).await;
        let count = oddities.iter().filter(|oddity| !oddity.is_null()).count();
        assert!((3..18).contains(&count), "{count} of 20 at one in two");
        runs.push((oddities, sent(&amazon).await));
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

/// Enough of them to have every kind that a report can survive.
#[tokio::test]
async fn every_kind_has_its_turn_and_none_is_for_good() {
    let amazon = odd(1, &json!({ "messages": 1, "documents": 1, "answers": 1 })).await;
    let token = amazon.seller_token_at_last().await;
    let mut oddities = BTreeMap::<String, u64>::new();
    for report in reports(&amazon, 120).await {
        let kind = report["oddity"]
            .as_str()
            .expect("every document is odd")
            .to_owned();
        *oddities.entry(kind).or_default() += 1;
        read_at_last(&amazon, &report, &token).await;
    }
    let sent = sent(&amazon).await;
    assert_eq!(sent["documents"], json!(oddities));
    assert!(oddities.len() >= 14, "{oddities:?}");
    for kind in [
        "bytes-behind-gzip",
        "gzip-broken-off",
        "fatal-reason",
        "utf8-over-shift-jis",
    ] {
        assert!(!oddities.contains_key(kind), "{kind} would lose the document");
    }
    let answers: BTreeSet<_> = sent["answers"].as_object().expect("counts").keys().collect();
    for kind in [
        "forbidden",
        "document-id-invalid",
        "restricted-enforced",
        "restricted-token-refused",
    ] {
        assert!(answers.contains(&kind.to_owned()), "{answers:?}");
    }
    for kind in [
        "secret-expired",
        "role-missing",
        "unauthorized-client",
        "state-conflict",
    ] {
        assert!(!answers.contains(&kind.to_owned()), "{answers:?}");
    }
}

impl Amazon {
    /// LWA is odd once in a row at most.
    async fn seller_token_at_last(&self) -> String {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", REFRESH_TOKEN),
            ("client_id", "id"),
            ("client_secret", "secret"),
        ];
        let odd = self.login(&form).await.1;
        assert_eq!(odd.get("access_token"), None);
        self.seller_token().await
    }
}

/// Asks for a document as a pipeline that is right does: again after one refusal, and with the other token
/// if one is refused.
async fn read_at_last(amazon: &Amazon, report: &Value, token: &str) {
    let path = amazon.document_path(report).await;
    let resource = json!({ "restrictedResources": [{ "method": "GET", "path": path }] });
    let (_, restricted) = amazon
        .post("/tokens/2021-03-01/restrictedDataToken", token, &resource)
        .await;
    let tokens = [restricted["restrictedDataToken"].as_str().unwrap_or(token), token];
    let mut answers = Vec::new();
    for token in [tokens[1], tokens[0], tokens[0]] {
        let (status, answer) = amazon.get(&path, token).await;
        if status == 200 {
            return;
        }
        answers.push(answer);
    }
    panic!("{report} can't be read: {answers:?}");
}

#[tokio::test]
async fn a_subscription_finds_its_destination_at_last() {
    let amazon = Amazon::start().await;
    let grantless = amazon.grantless_token().await;
    let resource = json!({ "name": "odd", "resourceSpecification": { "sqs": { "arn": QUEUE } } });
    let (_, made) = amazon
        .post("/notifications/v1/destinations", &grantless, &resource)
        .await;
    amazon
        .control("/oddities", &json!({ "seed": 1, "every": { "answers": 1 } }))
        .await;
    let token = amazon.seller_token_at_last().await;
    let path = "/notifications/v1/subscriptions/REPORT_PROCESSING_FINISHED";
    let destination = &made["payload"]["destinationId"];
    let wanted = json!({ "payloadVersion": "1.0", "destinationId": destination });
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(amazon.post(path, &token, &wanted).await.0.as_u16());
    }
    assert_eq!(statuses, [400, 400, 200]);
}

#[tokio::test]
async fn what_is_taken_back_does_not_happen_and_what_happened_is_counted_until_the_reset() {
    let amazon = odd(3, &json!({ "documents": 1 })).await;
    let mode = amazon.look("/oddities").await["seeded"].clone();
    assert_eq!(
        (&mode["seed"], &mode["reportOption"]),
        (&json!(3), &json!("order"))
    );
    reports(&amazon, 1).await;
    amazon
        .control("/oddities", &json!({ "kind": "seller-only", "sellerId": SELLER }))
        .await;
    let url = format!("{}/oddities", amazon.simulator.control_url());
    amazon.http.delete(url).send().await.expect("an answer");
    assert_eq!(reports(&amazon, 1).await[0]["oddity"], Value::Null);
    let answer = amazon.look("/oddities").await;
    assert_eq!((&answer["seeded"], &answer["orders"]), (&Value::Null, &json!([])));
    let counts = answer["sent"]["documents"].as_object().expect("counts").clone();
    assert_eq!(counts.values().filter_map(Value::as_u64).sum::<u64>(), 1);
    amazon.control("/reset", &json!({})).await;
    assert_eq!(sent(&amazon).await["documents"], json!({}));
}
