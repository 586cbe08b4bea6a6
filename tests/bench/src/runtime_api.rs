//! Lambda's Runtime API for one function process: it asks here for events and answers here.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// As AWS: answers may not be larger.
const LARGEST_ANSWER: usize = 6 << 20;

/// What a function says when it fails, and what is said when it doesn't answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionError {
    /// The error's name, which the workflow's `ErrorEquals` knows.
    pub error_type: String,
    /// More about it.
    #[serde(default)]
    pub error_message: String,
}

impl std::fmt::Display for FunctionError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.error_type, self.error_message)
    }
}

impl std::error::Error for FunctionError {}

/// A function's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What it answered.
    pub payload: Value,
    /// From the event's handing over to the answer.
    pub took: Duration,
}

type Outcome = Result<Value, FunctionError>;

struct Event {
    id: String,
    payload: Vec<u8>,
    deadline: SystemTime,
    answer: oneshot::Sender<(Outcome, Duration)>,
}

struct Running {
    id: String,
    handed_over: Instant,
    answer: oneshot::Sender<(Outcome, Duration)>,
}

struct Shared {
    events: tokio::sync::Mutex<mpsc::Receiver<Event>>,
    running: Mutex<Option<Running>>,
    /// When the function was ready, or why it never was.
    first_next: watch::Sender<Option<Result<Instant, FunctionError>>>,
}

/// A server for one function process.
pub struct RuntimeApi {
    address: SocketAddr,
    events: mpsc::Sender<Event>,
    shared: Arc<Shared>,
    invocations: AtomicU64,
    server: JoinHandle<()>,
}

impl RuntimeApi {
    /// Listens on a port of its own.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("no port for the Runtime API")?;
        let address = listener.local_addr()?;
        let (events, receiver) = mpsc::channel(1);
        let shared = Arc::new(Shared {
            events: tokio::sync::Mutex::new(receiver),
            running: Mutex::new(None),
            first_next: watch::Sender::new(None),
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .layer(DefaultBodyLimit::max(LARGEST_ANSWER))
            .with_state(shared.clone());
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("the Runtime API has ended: {error}");
            }
        });
        Ok(Self {
            address,
            events,
            shared,
            invocations: AtomicU64::new(0),
            server,
        })
    }

    /// For `AWS_LAMBDA_RUNTIME_API`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Waits for the function's first `/next`: that its start is over.
    pub async fn first_next(&self) -> Result<Instant, FunctionError> {
        let mut first_next = self.shared.first_next.subscribe();
        match first_next.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(first)) => first.clone(),
            Ok(None) | Err(_) => unreachable!("it is waited for, and its sender is here"),
        }
    }

    /// Hands the function an event and waits for what it makes of it, one at a time.
    ///
    /// No answer in time is the error `Sandbox.Timedout`, as in Lambda. A process that ends is not
    /// noticed here.
    pub async fn invoke(&self, event: &Value, deadline: Duration) -> Result<Answer, FunctionError> {
        let number = self.invocations.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        let event = Event {
            id: format!("00000000-0000-4000-8000-{number:012}"),
            payload: event.to_string().into_bytes(),
            deadline: SystemTime::now() + deadline,
            answer,
        };
        let timed_out = || FunctionError {
            error_type: "Sandbox.Timedout".to_owned(),
            error_message: format!("no answer after {deadline:?}"),
        };
        let outcome = tokio::time::timeout(deadline, async {
            self.events.send(event).await.ok()?;
            answered.await.ok()
        });
        match outcome.await {
            Ok(Some((Ok(payload), took))) => Ok(Answer { payload, took }),
            Ok(Some((Err(error), _))) => Err(error),
            Ok(None) | Err(_) => Err(timed_out()),
        }
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    let now = Instant::now();
    shared.first_next.send_if_modified(|first| {
        let is_first = first.is_none();
        first.get_or_insert(Ok(now));
        is_first
    });
    let Some(event) = shared.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = event.deadline.duration_since(UNIX_EPOCH).unwrap_or_default();
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", event.id.clone()),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:000000000000:function:bench".to_owned(),
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-00000000-000000000000000000000000;Sampled=0".to_owned(),
        ),
    ];
    *shared.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(Running {
        id: event.id,
        handed_over: Instant::now(),
        answer: event.answer,
    });
    (headers, event.payload).into_response()
}

async fn response(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    let answer = serde_json::from_slice(&body).map_err(|error| FunctionError {
        error_type: "Runtime.MarshalError".to_owned(),
        error_message: error.to_string(),
    });
    shared.end(&id, answer)
}

async fn error(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    shared.end(&id, Err(failure(&body)))
}

async fn init_error(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    shared.first_next.send_replace(Some(Err(failure(&body))));
    StatusCode::ACCEPTED
}

impl Shared {
    fn end(&self, id: &str, outcome: Outcome) -> StatusCode {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(ended) = running.take_if(|running| running.id == id) else {
            return StatusCode::BAD_REQUEST;
        };
        // Nobody listens any more after the deadline.
        let _ = ended.answer.send((outcome, ended.handed_over.elapsed()));
        StatusCode::ACCEPTED
    }
}

fn failure(body: &[u8]) -> FunctionError {
    serde_json::from_slice(body).unwrap_or_else(|_| FunctionError {
        error_type: "Unhandled".to_owned(),
        error_message: String::from_utf8_lossy(body).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(20);

    /// Answers two events as a function would: the first well, the second with an error.
    async fn play_function(url: String) -> Result<()> {
        let client = reqwest::Client::new();
        for kind in ["response", "error"] {
            let next = client.get(format!("{url}/invocation/next")).send().await?;
            let id = next.headers()["lambda-runtime-aws-request-id"]
                .to_str()?
                .to_owned();
            let event: Value = next.json().await?;
            let body = json!({"errorType": "Odd", "errorMessage": "so be it", "event": event});
            let answer = client
                .post(format!("{url}/invocation/{id}/{kind}"))
                .json(&body)
                .send();
            assert_eq!(answer.await?.status(), 202);
        }
        Ok(())
    }

    #[tokio::test]
    async fn events_are_handed_over_and_answers_taken() -> Result<()> {
        let api = RuntimeApi::start().await?;
        let url = format!("http://{}/2018-06-01/runtime", api.address());
        let before = Instant::now();
        let function = tokio::spawn(play_function(url));
        assert!(api.first_next().await? >= before);
        let answer = api.invoke(&json!({"n": 1}), DEADLINE).await?;
        assert_eq!(answer.payload["event"], json!({"n": 1}));
        let error = api.invoke(&json!({"n": 2}), DEADLINE).await.err();
        assert_eq!(
            error.map(|error| error.to_string()).as_deref(),
            Some("Odd: so be it")
        );
        function.await?
    }

    #[tokio::test]
    async fn a_function_that_is_silent_or_never_starts_is_an_error() -> Result<()> {
        let api = RuntimeApi::start().await?;
        let silent = api.invoke(&json!({}), Duration::from_millis(1)).await;
        assert_eq!(
            silent.err().map(|error| error.error_type).as_deref(),
            Some("Sandbox.Timedout")
        );
        let failed = reqwest::Client::new()
            .post(format!("http://{}/2018-06-01/runtime/init/error", api.address()))
            .body(r#"{"errorType": "NoSettings"}"#)
            .send();
        assert_eq!(failed.await?.status(), 202);
        let first = api.first_next().await;
        assert_eq!(
            first.err().map(|error| error.error_type).as_deref(),
            Some("NoSettings")
        );
        Ok(())
    }
}
