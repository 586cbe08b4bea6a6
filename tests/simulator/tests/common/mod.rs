//! What the tests share: a simulator, and a caller that knows the way.

#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "not every test program uses all of it"
)]

use std::time::Duration;

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sp_api::RegionCode;
use sp_api_simulator::{Options, Simulator};

pub const SELLER: &str = "A3TH9S8BH6GOGM";
pub const REFRESH_TOKEN: &str = "Atzr|A3TH9S8BH6GOGM|IwEBIHeC";
pub const LISTINGS: &str = "GET_MERCHANT_LISTINGS_ALL_DATA";
pub const RESTRICTED: &str = "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_TAX";
pub const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:notifications";

pub struct Amazon {
    pub simulator: Simulator,
    pub http: reqwest::Client,
    /// What SP-API calls begin with: a region's URL.
    pub endpoint: String,
}

impl Amazon {
    /// A simulator whose quotas are out of the way.
    pub async fn start() -> Self {
        Self::with(Options {
            speed_up: 1e9,
            ..Options::default()
        })
        .await
    }

    pub async fn with(options: Options) -> Self {
        let simulator = Simulator::start(options).await.expect("a free port");
        let endpoint = simulator.region_url(RegionCode::Na);
        Self {
            simulator,
            http: reqwest::Client::new(),
            endpoint,
        }
    }

    pub async fn login(&self, form: &[(&str, &str)]) -> (StatusCode, Value) {
        let response = self.http.post(self.simulator.token_url()).form(form).send().await;
        read(response.expect("an answer")).await
    }

    pub async fn token_of(&self, refresh_token: &str) -> String {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        self.token(&form).await
    }

    pub async fn seller_token(&self) -> String {
        self.token_of(REFRESH_TOKEN).await
    }

    pub async fn grantless_token(&self) -> String {
        self.token_of_scope("sellingpartnerapi::notifications").await
    }

    pub async fn rotation_token(&self) -> String {
        self.token_of_scope("sellingpartnerapi::client_credential:rotation")
            .await
    }

    async fn token_of_scope(&self, scope: &str) -> String {
        self.token(&[("grant_type", "client_credentials"), ("scope", scope)])
            .await
    }

    async fn token(&self, form: &[(&str, &str)]) -> String {
        let form = [form, &[("client_id", "id"), ("client_secret", "secret")]].concat();
        let (status, answer) = self.login(&form).await;
        assert_eq!(status, 200, "{answer}");
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    pub async fn send(&self, method: Method, path: &str, token: &str, body: Option<&Value>) -> Response {
        let mut request = self.http.request(method, format!("{}{path}", self.endpoint));
        if !token.is_empty() {
            request = request.header("x-amz-access-token", token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.expect("an answer")
    }

    pub async fn get(&self, path: &str, token: &str) -> (StatusCode, Value) {
        read(self.send(Method::GET, path, token, None).await).await
    }

    pub async fn post(&self, path: &str, token: &str, body: &Value) -> (StatusCode, Value) {
        read(self.send(Method::POST, path, token, Some(body)).await).await
    }

    pub async fn delete(&self, path: &str, token: &str) -> (StatusCode, Value) {
        read(self.send(Method::DELETE, path, token, None).await).await
    }

    /// A control request, refused or not.
    pub async fn try_control(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let url = format!("{}{path}", self.simulator.control_url());
        read(self.http.post(url).json(body).send().await.expect("an answer")).await
    }

    pub async fn control(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.try_control(path, body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    pub async fn look(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.simulator.control_url());
        let (status, answer) = read(self.http.get(url).send().await.expect("an answer")).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// Asks for a report that ends at once as `outcome` says, and waits for its end.
    pub async fn finished_report(&self, report_type: &str, outcome: &Value) -> Value {
        let mut wanted = json!({ "sellerId": SELLER, "region": "NA", "reportType": report_type });
        for (name, value) in outcome.as_object().expect("an object") {
            wanted[name] = value.clone();
        }
        let report_id = self.control("/reports", &wanted).await["reportId"].clone();
        let report_id = report_id.as_str().expect("an id");
        self.report_when(report_id, |report| {
            report["status"] != "IN_QUEUE" && report["status"] != "IN_PROGRESS"
        })
        .await
    }

    /// The truth about a report, as soon as it is as wanted.
    pub async fn report_when(&self, report_id: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/reports?reportId={report_id}");
        wait_for(async || {
            let report = self.look(&format!("{path}&checksums=no")).await["reports"][0].clone();
            is_it(&report).then_some(())
        })
        .await;
        self.look(&path).await["reports"][0].clone()
    }

    pub async fn document_path(&self, report: &Value) -> String {
        let id = report["documentId"].as_str().expect("a document");
        format!("/reports/2021-06-30/documents/{id}")
    }

    /// A fresh URL of a report's document.
    pub async fn document_url(&self, report: &Value) -> String {
        let path = self.document_path(report).await;
        let (status, answer) = self.get(&path, &self.seller_token().await).await;
        assert_eq!(status, 200, "{answer}");
        answer["url"].as_str().expect("a URL").to_owned()
    }

    /// A destination and the seller's subscription to it; their ids.
    pub async fn subscribe(&self, refresh_token: &str) -> (String, String) {
        let destination = json!({ "name": "queue", "resourceSpecification": { "sqs": { "arn": QUEUE } } });
        let grantless = self.grantless_token().await;
        let (status, answer) = self
            .post("/notifications/v1/destinations", &grantless, &destination)
            .await;
        assert_eq!(status, 200, "{answer}");
        let destination_id = answer["payload"]["destinationId"]
            .as_str()
            .expect("an id")
            .to_owned();
        let subscription = json!({ "payloadVersion": "1.0", "destinationId": destination_id });
        let path = "/notifications/v1/subscriptions/REPORT_PROCESSING_FINISHED";
        let (status, answer) = self
            .post(path, &self.token_of(refresh_token).await, &subscription)
            .await;
        assert_eq!(status, 200, "{answer}");
        (
            destination_id,
            answer["payload"]["subscriptionId"]
                .as_str()
                .expect("an id")
                .to_owned(),
        )
    }

    pub async fn journal(&self, query: &str) -> Vec<Value> {
        let answer = self.look(&format!("/journal?{query}")).await;
        answer["entries"].as_array().expect("a list").clone()
    }
}

pub async fn read(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let text = response.text().await.expect("a body");
    let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (status, value)
}

/// Asks until there is an answer. The limit is for a broken simulator only.
pub async fn wait_for<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..3000 {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it has not happened within a minute");
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

pub fn code(answer: &Value) -> &str {
    answer["errors"][0]["code"].as_str().unwrap_or_default()
}

pub fn listings_report() -> Value {
    json!({
        "reportType": LISTINGS,
        "dataStartTime": "2024-03-10T20:11:24.000Z",
        "marketplaceIds": ["A1PA6795UKMFR9", "ATVPDKIKX0DER"],
    })
}
