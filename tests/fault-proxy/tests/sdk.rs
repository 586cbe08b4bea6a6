//! The proxy between real SDKs and an endpoint that takes everything.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use aws_config::retry::RetryConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_sns::types::MessageAttributeValue;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request};
use axum::response::IntoResponse;
use fault_proxy::{FaultProxy, Options, TlsFiles};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const ANYWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A request as it came to the endpoint: its headers, and its body or none if it broke off.
type Arrived = (String, HeaderMap, Option<Vec<u8>>);

/// An endpoint that answers nothing much to everything and remembers it.
#[derive(Clone, Default)]
struct Endpoint(Arc<Mutex<Vec<Arrived>>>);

impl Endpoint {
    async fn start() -> Result<(Self, String)> {
        let endpoint = Self::default();
        let listener = TcpListener::bind(ANYWHERE).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let router = Router::new().fallback(take).with_state(endpoint.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok((endpoint, url))
    }

    fn arrived(&self) -> Vec<Arrived> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn bodies(&self) -> Vec<Option<Vec<u8>>> {
        self.arrived().into_iter().map(|(.., body)| body).collect()
    }
}

async fn take(State(endpoint): State<Endpoint>, request: Request<Body>) -> impl IntoResponse {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await;
    let arrived = (
        parts.uri.to_string(),
        parts.headers,
        body.ok().map(|bytes| bytes.to_vec()),
    );
    let is_form = arrived
        .1
        .get("content-type")
        .is_some_and(|value| value.as_bytes().ends_with(b"form-urlencoded"));
    endpoint
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(arrived);
    let (content_type, answer) = if is_form {
        ("text/xml", "<PublishResponse><PublishResult/></PublishResponse>")
    } else {
        ("application/x-amz-json-1.0", "{}")
    };
    ([("content-type", content_type)], answer)
}

/// A proxy, what is behind it, and an SDK in front.
struct Setting {
    proxy: FaultProxy,
    endpoint: Endpoint,
    sdk: SdkConfig,
}

impl Setting {
    async fn new(attempts: u32) -> Result<Self> {
        let (endpoint, upstream) = Endpoint::start().await?;
        let options = Options {
            listen: ANYWHERE,
            upstream: upstream.parse()?,
            tls: None,
            authority: None,
        };
        let proxy = FaultProxy::start(options).await?;
        let retries = RetryConfig::standard()
            .with_max_attempts(attempts)
            .with_initial_backoff(Duration::from_millis(1));
        let sdk = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .endpoint_url(proxy.url())
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .retry_config(retries)
            .load()
            .await;
        Ok(Self { proxy, endpoint, sdk })
    }

    fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.sdk).force_path_style(true);
        aws_sdk_s3::Client::from_conf(config.build())
    }

    async fn control(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> Result<Value> {
        let url = format!("{}/_faults/{path}", self.proxy.url());
        let mut request = reqwest::Client::new().request(method, url);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let status = response.status();
        let answer = response.json().await?;
        ensure!(status.is_success(), "{answer}");
        Ok(answer)
    }

    async fn rules(&self, rules: Value) -> Result<()> {
        self.control(reqwest::Method::PUT, "rules", Some(rules))
            .await
            .map(drop)
    }

    async fn fired(&self) -> Result<Value> {
        self.control(reqwest::Method::GET, "fired", None).await
    }
}

fn code(error: Option<&(impl ProvideErrorMetadata + ?Sized)>) -> Option<String> {
    error.and_then(|error| error.code()).map(str::to_owned)
}

#[tokio::test]
async fn every_service_throttles_in_its_own_words() -> Result<()> {
    let setting = Setting::new(1).await?;
    let services = ["dynamodb", "kms", "s3", "secretsmanager", "sns", "sqs", "states"];
    let rules = services.map(|service| json!({"service": service, "kind": "throttle"}));
    setting.rules(json!(rules)).await?;

    let tables = aws_sdk_dynamodb::Client::new(&setting.sdk);
    let error = tables
        .get_item()
        .table_name("t")
        .send()
        .await
        .err()
        .context("an answer")?;
    assert!(
        error
            .into_service_error()
            .is_provisioned_throughput_exceeded_exception()
    );
    let error = setting.s3().get_object().bucket("b").key("k").send().await.err();
    assert_eq!(code(error.as_ref()).as_deref(), Some("SlowDown"));
    let error = setting.s3().head_object().bucket("b").key("k").send().await.err();
    let status = error.and_then(|error| error.raw_response().map(|answer| answer.status().as_u16()));
    assert_eq!(status, Some(503));
    let error = aws_sdk_kms::Client::new(&setting.sdk)
        .list_keys()
        .send()
        .await
        .err();
    assert_eq!(code(error.as_ref()).as_deref(), Some("ThrottlingException"));
    let secrets = aws_sdk_secretsmanager::Client::new(&setting.sdk);
    let error = secrets.get_secret_value().secret_id("s").send().await.err();
    assert_eq!(code(error.as_ref()).as_deref(), Some("ThrottlingException"));
    let topics = aws_sdk_sns::Client::new(&setting.sdk);
    let error = topics.publish().topic_arn("t").message("m").send().await.err();
    assert_eq!(code(error.as_ref()).as_deref(), Some("Throttling"));
    let queues = aws_sdk_sqs::Client::new(&setting.sdk);
    let send = queues
        .send_message()
        .queue_url(setting.proxy.url())
        .message_body("m");
    let error = send.send().await.err().context("an answer")?;
    assert!(error.into_service_error().is_request_throttled());
    let workflows = aws_sdk_sfn::Client::new(&setting.sdk);
    let error = workflows
        .start_execution()
        .state_machine_arn("a")
        .send()
        .await
        .err();
    assert_eq!(code(error.as_ref()).as_deref(), Some("ThrottlingException"));

    let once = |service, operation| json!({"service": service, "operation": operation, "kind": "throttle", "count": 1});
    assert_eq!(
        setting.fired().await?,
        json!([
            once("dynamodb", "GetItem"),
            once("kms", "ListKeys"),
            once("s3", "GetObject"),
            once("s3", "HeadObject"),
            once("secretsmanager", "GetSecretValue"),
            once("sns", "Publish"),
            once("sqs", "SendMessage"),
            once("states", "StartExecution"),
        ])
    );
    assert!(setting.endpoint.arrived().is_empty());
    Ok(())
}

#[tokio::test]
async fn sdks_retry_every_kind_of_failure() -> Result<()> {
    let setting = Setting::new(2).await?;
    let tables = aws_sdk_dynamodb::Client::new(&setting.sdk);
    let topics = aws_sdk_sns::Client::new(&setting.sdk);
    for kind in ["throttle", "internalError", "unavailable", "reset", "cutUpload"] {
        let rule = |service| json!({"service": service, "kind": kind, "count": 1});
        setting
            .rules(json!([rule("dynamodb"), rule("s3"), rule("sns")]))
            .await?;
        tables.get_item().table_name("t").send().await.context(kind)?;
        topics
            .publish()
            .topic_arn("t")
            .message("m")
            .send()
            .await
            .context(kind)?;
        let body = ByteStream::from_static(b"content");
        setting
            .s3()
            .put_object()
            .bucket("b")
            .key("k")
            .body(body)
            .send()
            .await
            .context(kind)?;
    }
    let answered = setting
        .endpoint
        .bodies()
        .iter()
        .filter(|body| body.is_some())
        .count();
    assert_eq!(answered, 15);
    Ok(())
}

#[tokio::test]
async fn a_stubborn_failure_outlasts_the_sdks_retries() -> Result<()> {
    let setting = Setting::new(3).await?;
    let rule = json!({"service": "dynamodb", "kind": "throttle", "code": "ThrottlingException", "count": 1, "stubborn": true});
    setting.rules(json!([rule])).await?;
    let tables = aws_sdk_dynamodb::Client::new(&setting.sdk);
    let error = tables.get_item().table_name("t").send().await.err();
    assert_eq!(code(error.as_ref()).as_deref(), Some("ThrottlingException"));
    assert_eq!(setting.fired().await?[0]["count"], 3);
    tables.get_item().table_name("t").send().await?;
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_was_given_and_a_reset_call_never_arrived() -> Result<()> {
    let setting = Setting::new(1).await?;
    let tables = aws_sdk_dynamodb::Client::new(&setting.sdk);
    for (kind, arrivals) in [("reset", 0), ("lostAnswer", 1), ("cutAnswer", 2)] {
        setting
            .rules(json!([{"service": "dynamodb", "kind": kind}]))
            .await?;
        assert!(tables.get_item().table_name("t").send().await.is_err(), "{kind}");
        assert_eq!(setting.endpoint.arrived().len(), arrivals, "{kind}");
    }
    setting.control(reqwest::Method::DELETE, "rules", None).await?;
    tables.get_item().table_name("t").send().await?;
    let calls = setting.control(reqwest::Method::GET, "calls", None).await?;
    assert_eq!(
        calls,
        json!([{"service": "dynamodb", "operation": "GetItem", "count": 4}])
    );
    Ok(())
}

#[tokio::test]
async fn a_cut_upload_breaks_off_at_the_endpoint_too() -> Result<()> {
    let setting = Setting::new(2).await?;
    setting
        .rules(json!([{"service": "s3", "operation": "PutObject", "kind": "cutUpload", "count": 1}]))
        .await?;
    let document = vec![7; 8 * 1024 * 1024];
    let upload = setting.s3().put_object().bucket("b").key("k");
    upload.body(ByteStream::from(document.clone())).send().await?;
    assert_eq!(setting.endpoint.bodies(), [None, Some(document)]);
    Ok(())
}

#[tokio::test]
async fn what_goes_on_to_sns_is_known_with_its_sender() -> Result<()> {
    let setting = Setting::new(2).await?;
    let publishes = || setting.control(reqwest::Method::GET, "publishes", None);
    let rules = json!([{"service": "sns", "kind": "throttle", "count": 1}]);
    setting.rules(rules).await?;
    let sender = setting
        .sdk
        .to_builder()
        .app_name(AppName::new("sender-1")?)
        .build();
    let seller = MessageAttributeValue::builder()
        .data_type("String")
        .string_value("A1");
    let publish = aws_sdk_sns::Client::new(&sender).publish().topic_arn("t");
    publish
        .message("Größe = 5 & mehr\n")
        .message_attributes("SellerId", seller.build()?)
        .send()
        .await?;
    let nameless = aws_sdk_sns::Client::new(&setting.sdk).publish().topic_arn("t");
    nameless.message("m").send().await?;
    let mut passed = publishes().await?;
    let times: Vec<_> = passed.as_array_mut().into_iter().flatten().collect();
    assert_eq!(times.len(), 2, "what is refused goes nowhere");
    for publish in times {
        let at = publish.as_object_mut().and_then(|it| it.remove("at"));
        let at: Timestamp = serde_json::from_value(at.context("a time")?)?;
        assert!(at <= Timestamp::now());
    }
    assert_eq!(
        passed,
        json!([
            {"sender": "sender-1", "message": "Größe = 5 & mehr\n", "attributes": {"SellerId": "A1"}},
            {"message": "m", "attributes": {}},
        ])
    );
    setting.control(reqwest::Method::DELETE, "fired", None).await?;
    assert_eq!(publishes().await?, json!([]));
    Ok(())
}

#[tokio::test]
async fn what_passes_is_unchanged() -> Result<()> {
    let setting = Setting::new(1).await?;
    let document = vec![7; 8 * 1024 * 1024];
    let upload = setting.s3().put_object().bucket("b").key("a b/../c%2F\u{e9}");
    upload.body(ByteStream::from(document.clone())).send().await?;
    let arrived = setting.endpoint.arrived();
    let (uri, headers, body) = arrived.first().context("nothing arrived")?;
    assert!(uri.starts_with("/b/a%20b/../c%252F%C3%A9?"), "{uri}");
    let host = headers.get("host").and_then(|host| host.to_str().ok());
    assert_eq!(host, setting.proxy.url().strip_prefix("http://"));
    assert!(headers.contains_key("authorization"));
    assert_eq!(body.as_ref(), Some(&document));
    Ok(())
}

#[tokio::test]
async fn links_always_work() -> Result<()> {
    let setting = Setting::new(1).await?;
    setting
        .rules(json!([{"service": "s3", "kind": "throttle"}]))
        .await?;
    let lifetime = PresigningConfig::expires_in(Duration::from_secs(60))?;
    let link = setting
        .s3()
        .get_object()
        .bucket("b")
        .key("k")
        .presigned(lifetime)
        .await?;
    assert_eq!(reqwest::get(link.uri()).await?.status(), 200);
    assert_eq!(setting.fired().await?, json!([]));
    Ok(())
}

#[tokio::test]
async fn rules_that_make_no_sense_change_nothing() -> Result<()> {
    let setting = Setting::new(1).await?;
    setting
        .rules(json!([{"service": "s3", "kind": "throttle"}]))
        .await?;
    for wrong in [
        json!([{"service": "s3", "kind": "explode"}]),
        json!([{"service": "s3", "kind": "delay"}]),
    ] {
        assert!(setting.rules(wrong.clone()).await.is_err(), "{wrong}");
    }
    let rules = setting.control(reqwest::Method::GET, "rules", None).await?;
    assert_eq!(rules[0]["kind"], "throttle");
    Ok(())
}

#[tokio::test]
async fn callers_and_endpoint_may_speak_tls() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let files = TlsFiles {
        certificate: folder.path().join("certificate.pem"),
        key: folder.path().join("key.pem"),
    };
    std::fs::write(&files.certificate, made.cert.pem())?;
    std::fs::write(&files.key, made.signing_key.serialize_pem())?;
    let (_, upstream) = Endpoint::start().await?;
    let start = |upstream: String, authority| {
        let tls = Some(files.clone());
        async move {
            let options = Options {
                listen: ANYWHERE,
                upstream: upstream.parse()?,
                tls,
                authority,
            };
            FaultProxy::start(options).await
        }
    };
    // A proxy is a good endpoint for another.
    let behind = start(upstream, None).await?;
    let before = start(behind.url().to_owned(), Some(files.certificate.clone())).await?;
    let certificate = reqwest::Certificate::from_pem(made.cert.pem().as_bytes())?;
    let client = reqwest::Client::builder().tls_certs_only([certificate]).build()?;
    let signed = || {
        let request = client
            .post(before.url())
            .header("x-amz-target", "DynamoDB_20120810.GetItem");
        request.header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=a/20261122/us-east-1/dynamodb/aws4_request",
        )
    };
    assert_eq!(signed().send().await?.text().await?, "{}");
    let rules = json!([{"service": "dynamodb", "kind": "reset"}]);
    client
        .put(format!("{}/_faults/rules", before.url()))
        .json(&rules)
        .send()
        .await?
        .error_for_status()?;
    let error = signed().send().await.err().context("an answer")?;
    assert!(error.is_request(), "{error:?}");
    Ok(())
}
