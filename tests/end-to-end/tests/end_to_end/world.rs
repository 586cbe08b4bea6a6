//! What the tests have in common: a stack, a caller, a seller.

use std::io::Read;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_sfn::types::ExecutionStatus;
use encoding_rs::Encoding;
use end_to_end::{
    Answer, Caller, Email, Execution, Executions, Mailbox, ReportsApi, Simulator, Stack, sha256,
};
use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

/// For what a healthy stack does within seconds, on a machine however busy.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A type that needs nothing special.
pub const LISTINGS: &str = "GET_MERCHANT_LISTINGS_ALL_DATA";

/// The stack, seen by a caller in the invoke role.
pub struct World {
    pub stack: Stack,
    pub api: ReportsApi,
    pub role: Caller,
    pub simulator: Simulator,
    pub executions: Executions,
    pub mailbox: Mailbox,
}

/// A selling partner of one test.
pub struct Seller {
    pub id: String,
    pub refresh_token: String,
}

/// A marketplace of the region.
pub fn marketplace_of(region: &str) -> &'static str {
    match region {
        "NA" => "ATVPDKIKX0DER",
        "EU" => "A1PA6795UKMFR9",
        "FE" => "A1VC38T7YXB528",
        other => panic!("{other} is no region"),
    }
}

impl World {
    /// The running stack; `None`, visibly, where there is none.
    pub async fn find() -> Option<Self> {
        if !Stack::is_up() {
            return skipped("no local stack (cargo local up, then . target/local/stack.env)");
        }
        let stack = Stack::from_env()
            .await
            .expect("the stack's environment is complete");
        let api = stack.reports_api().expect("the API is described");
        let role = stack
            .invoke_role()
            .await
            .expect("the invoke user may assume the role");
        let simulator = stack.simulator().expect("the simulator is described");
        let executions = stack.executions().expect("the state machine is described");
        let mailbox = stack.mailbox().expect("the mailbox is described");
        Some(Self {
            stack,
            api,
            role,
            simulator,
            executions,
            mailbox,
        })
    }

    /// The running stack, if it has the express lane; `None`, visibly, if not.
    pub async fn with_express_lane() -> Option<Self> {
        let world = Self::find().await?;
        if !world.stack.has_express_lane() {
            return skipped("no express lane (cargo local up -c workflowType=express)");
        }
        Some(world)
    }

    /// The running stack, if its e-mails have links of our own; `None`, visibly, if not.
    pub async fn with_own_links() -> Option<Self> {
        let world = Self::find().await?;
        if !world.stack.has_own_links() {
            return skipped("links are presigned URLs here (cargo local up)");
        }
        Some(world)
    }

    /// The running stack, if its e-mails have presigned URLs; `None`, visibly, if not.
    pub async fn with_presigned_urls() -> Option<Self> {
        let world = Self::find().await?;
        if world.stack.has_own_links() {
            return skipped("links are our own here (cargo local up -c links=presigned)");
        }
        Some(world)
    }

    /// The running stack, if SES sends its e-mails; `None`, visibly, if not.
    pub async fn with_ses() -> Option<Self> {
        let world = Self::find().await?;
        if !world.stack.mails_by_ses() {
            return skipped("SNS sends e-mails here (cargo local up -c mail=ses)");
        }
        Some(world)
    }

    /// The running stack, if its client secret rotates itself; `None`, visibly, if not.
    pub async fn with_rotation() -> Option<Self> {
        let world = Self::find().await?;
        if world.stack.output("CLIENT_SECRET_QUEUE_ARN").is_err() {
            return skipped("no rotation of the secret (cargo local up -c rotateSecret=on)");
        }
        Some(world)
    }

    /// The running stack, if sellers can join it in a browser; `None`, visibly, if not.
    pub async fn with_onboarding() -> Option<Self> {
        let world = Self::find().await?;
        if !world.stack.onboards() {
            return skipped("no onboarding here (cargo local up -c onboarding=on)");
        }
        Some(world)
    }

    /// `POST`s as the invoke role.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.api
            .post(&self.role, path, body)
            .await
            .expect("the API answers")
    }

    /// `POST`s as the invoke role what must succeed.
    pub async fn post_ok(&self, path: &str, body: &Value) -> Value {
        let answer = self.post(path, body).await;
        assert_eq!(answer.status, 200, "{path} answered {}", answer.body);
        answer.body
    }

    /// `GET`s as the invoke role, with a query.
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Answer {
        self.api
            .get(&self.role, &with_query(path, query))
            .await
            .expect("the API answers")
    }

    /// `GET`s as the invoke role what must be there.
    pub async fn get_ok(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let answer = self.get(path, query).await;
        assert_eq!(answer.status, 200, "{path} {query:?} answered {}", answer.body);
        answer.body
    }

    /// `DELETE`s as the invoke role, with a query.
    pub async fn delete(&self, path: &str, query: &[(&str, &str)]) -> Answer {
        self.api
            .delete(&self.role, &with_query(path, query))
            .await
            .expect("the API answers")
    }

    /// Forgets a seller, again and again while Amazon's quotas for that, which all sellers share, are used up.
    pub async fn forget(&self, seller: &Seller, query: &[(&str, &str)]) -> Answer {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.delete(&format!("/tokens/{}", seller.id), query).await;
            if answer.body["code"] != "StillSubscribed" || Instant::now() > deadline {
                return answer;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// A report's row or an order's, as `GET /reports/{reportId}` shows it.
    pub async fn shown(&self, seller: &Seller, id: &str) -> Value {
        self.get_ok(&format!("/reports/{id}"), &[("SellerId", &seller.id)])
            .await
    }

    /// Asks for the cancellation of a report or an order.
    pub async fn cancel(&self, seller: &Seller, id: &str) -> Answer {
        self.delete(&format!("/reports/{id}"), &[("SellerId", &seller.id)])
            .await
    }

    /// Waits until the simulator has a report for which `is_it` says so.
    pub async fn amazon_has(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let reports = self.simulator.reports(false).await.expect("it answers");
            if let Some(report) = reports.into_iter().find(&is_it) {
                return report;
            }
            assert!(Instant::now() < deadline, "Amazon has no {what}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Waits until Amazon has finished a report.
    pub async fn finished(&self, seller: &Seller, report: &str) -> Value {
        self.amazon_has("finished report", |it| {
            it["sellerId"] == seller.id && it["reportId"] == report && it["status"] == "DONE"
        })
        .await
    }

    /// A seller whose refresh token is stored here.
    pub async fn seller(&self) -> Seller {
        self.selling_partner(new_seller_id()).await
    }

    /// A selling partner under that id, whose refresh token is stored here.
    pub async fn selling_partner(&self, id: String) -> Seller {
        let seller = Seller {
            refresh_token: format!("Atzr|{id}|end-to-end"),
            id,
        };
        self.authorize(&seller).await;
        seller
    }

    /// A selling partner authorizes the application, and the refresh token is stored here.
    pub async fn authorize(&self, seller: &Seller) {
        self.simulator
            .register_seller(&seller.id, &seller.refresh_token)
            .await
            .expect("registered");
        let body = json!({"SellerId": seller.id, "RefreshToken": seller.refresh_token});
        self.post_ok("/tokens", &body).await;
    }

    /// A seller that is subscribed in `region`, too.
    pub async fn subscribed_seller(&self, region: &str) -> Seller {
        let seller = self.seller().await;
        self.subscribe(&seller, region).await;
        seller
    }

    /// A subscribed seller whose finished reports Amazon does not announce.
    pub async fn silent_seller(&self, region: &str) -> Seller {
        let seller = self.subscribed_seller(region).await;
        let silent = json!({"notify": false});
        let scripted = self.simulator.script(&seller.id, silent).await;
        scripted.expect("scripted");
        seller
    }

    pub async fn subscribe(&self, seller: &Seller, region: &str) -> Value {
        let body = json!({
            "SellerId": seller.id, "RegionCode": region, "NotificationType": "REPORT_PROCESSING_FINISHED",
        });
        self.post_ok("/notifications", &body).await
    }

    /// Orders a report, and gives its id.
    pub async fn order(&self, seller: &Seller, region: &str, report_type: &str) -> String {
        let body = json!({
            "SellerId": seller.id, "RegionCode": region, "ReportType": report_type,
            "MarketplaceIds": marketplace_of(region),
        });
        let answer = self.post_ok("/reports", &body).await;
        answer["reportId"].as_str().expect("a report id").to_owned()
    }

    /// Waits for the report's execution, then for its e-mail.
    pub async fn ended(&self, seller: &Seller, report: &str) -> (Execution, Email) {
        let execution = self
            .executions
            .wait_for(&seller.id, report, PATIENCE)
            .await
            .expect("it ends");
        let email = self
            .mailbox
            .wait_for(&seller.id, report, PATIENCE)
            .await
            .expect("an e-mail comes");
        (execution, email)
    }

    /// As [`Self::ended`], and it has ended well. In the express lane there is nothing to ask about how
    /// it ended, but for the row.
    pub async fn delivered(&self, seller: &Seller, report: &str) -> Email {
        if self.stack.has_express_lane() {
            let email = self.mailbox.wait_for(&seller.id, report, PATIENCE).await;
            let email = email.expect("an e-mail comes");
            let deadline = Instant::now() + PATIENCE;
            while self.row(seller, report).await.text("announcedAt").is_none() {
                assert!(Instant::now() < deadline, "the row of {report} is not completed");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            return email;
        }
        self.delivered_by_workflow(seller, report).await
    }

    /// As [`Self::ended`], and the workflow has ended well, with or without an express lane before it.
    pub async fn delivered_by_workflow(&self, seller: &Seller, report: &str) -> Email {
        let (execution, email) = self.ended(seller, report).await;
        assert_eq!(
            execution.status,
            ExecutionStatus::Succeeded,
            "{:?}",
            execution.error
        );
        email
    }

    /// The e-mail's link leads to the very bytes that Amazon served, or, on a stack that stores UTF-8, to
    /// the very text.
    pub async fn assert_linked(&self, email: &Email, seller: &Seller, report: &str) {
        let (_, bytes) = self.follow(email).await;
        if !self.stack.stores_utf8() {
            assert_eq!(sha256(&bytes), self.served_sha256(seller, report).await);
            return;
        }
        let truth = self.truth(seller, report).await;
        let mut text = bytes;
        if truth["compressionAlgorithm"] == "GZIP" {
            let gzip = std::mem::take(&mut text);
            MultiGzDecoder::new(gzip.as_slice())
                .read_to_end(&mut text)
                .expect("whole gzip");
        }
        let label = truth["contentType"]
            .as_str()
            .and_then(|it| it.split_once("charset="));
        let (_, label) = label.expect("a charset");
        let charset = Encoding::for_label(label.as_bytes()).expect("a known charset");
        let text = String::from_utf8(text).expect("UTF-8");
        let (as_sent, _, _) = charset.encode(&text);
        assert_eq!(
            sha256(&as_sent),
            truth["contentSha256"].as_str().expect("a checksum")
        );
    }

    /// What the link in an e-mail leads to, with its headers.
    pub async fn follow(&self, email: &Email) -> (http::HeaderMap, Vec<u8>) {
        let response = self
            .stack
            .open(email.link().expect("a link"))
            .await
            .expect("the link opens");
        assert_eq!(response.status(), 200);
        let headers = response.headers().clone();
        (
            headers,
            response.bytes().await.expect("the bytes arrive").to_vec(),
        )
    }

    /// The SHA-256 of what Amazon served for a report.
    pub async fn served_sha256(&self, seller: &Seller, report: &str) -> String {
        let truth = self.truth(seller, report).await;
        truth["sha256"].as_str().expect("a checksum").to_owned()
    }

    /// What the simulator knows of a report's document.
    pub async fn truth(&self, seller: &Seller, report: &str) -> Value {
        let document = self.simulator.document(&seller.id, report).await;
        document.expect("there is a document")
    }

    /// A report's row; empty if there is none.
    pub async fn row(&self, seller: &Seller, report: &str) -> Row {
        use aws_sdk_dynamodb::types::AttributeValue;
        let answer = self
            .stack
            .dynamodb()
            .get_item()
            .table_name(self.stack.output("REPORTS_TABLE").expect("set"))
            .key("sellerId", AttributeValue::S(seller.id.clone()))
            .key("reportId", AttributeValue::S(report.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .expect("the table can be read");
        Row(answer.item.unwrap_or_default())
    }

    /// The keys of a seller's objects.
    pub async fn objects(&self, seller: &Seller) -> Vec<String> {
        let listed = self
            .stack
            .s3()
            .list_objects_v2()
            .bucket(self.stack.output("REPORTS_BUCKET").expect("set"))
            .prefix(format!("SellerId={}/", seller.id))
            .send()
            .await
            .expect("the bucket can be listed");
        listed
            .contents()
            .iter()
            .filter_map(|object| object.key().map(str::to_owned))
            .collect()
    }
}

/// A row of the reports table.
pub struct Row(std::collections::HashMap<String, aws_sdk_dynamodb::types::AttributeValue>);

impl Row {
    pub fn text(&self, attribute: &str) -> Option<&str> {
        self.0.get(attribute)?.as_s().ok().map(String::as_str)
    }

    pub fn number(&self, attribute: &str) -> Option<i64> {
        self.0.get(attribute)?.as_n().ok()?.parse().ok()
    }
}

/// Says so past the test harness, which would keep it to itself.
fn skipped(why: &str) -> Option<World> {
    let note = format!("skipped: {why}\n");
    std::io::Write::write_all(&mut std::io::stderr(), note.as_bytes()).expect("said");
    None
}

/// A path with a query that is escaped as clients do.
fn with_query(path: &str, query: &[(&str, &str)]) -> String {
    let url = reqwest::Url::parse_with_params("https://localhost", query).expect("a URL");
    match url.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

/// An id that no other test, and no earlier run on the same stack, has used.
pub fn new_seller_id() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let now = jiff::Timestamp::now().as_millisecond();
    format!("A{now:X}{count:03}")
}
