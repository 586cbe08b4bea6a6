use std::fmt::Debug;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use lambda_runtime::tracing::subscriber::filter::LevelFilter;
use lambda_runtime::tracing::subscriber::layer::SubscriberExt;
use lambda_runtime::tracing::subscriber::registry;
use pipeline::logging::Lines;
use serde_json::Value;
use tracing::Instrument;

/// What is written to the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Has `work` done in an invocation, as Lambda's runtime does it: in a span of its own, and an error is logged.
/// What comes of it, and the log.
pub async fn invoked<T, E: Debug>(work: impl Future<Output = Result<T, E>>) -> (Result<T, E>, String) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = registry()
        .with(LevelFilter::INFO)
        .with(Lines::to(move || writer.clone()));
    let _guard = tracing::subscriber::set_default(subscriber);
    let invocation = async { work.await.inspect_err(|error| tracing::error!("{error:?}")) };
    let span = tracing::info_span!("Lambda runtime invoke", requestId = "request-1");
    let result = invocation.instrument(span).await;
    let bytes = log.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (result, String::from_utf8_lossy(&bytes).into_owned())
}

/// The lines of a log: level and message, of which each names that report in its text and in its fields.
///
/// # Panics
/// If a line is no JSON, or does not name the report.
#[must_use]
pub fn lines_about(report: &str, log: &str) -> Vec<String> {
    let lines = log.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let message = line["message"].as_str().unwrap_or_default().to_owned();
        let names_it =
            line["report"] == report && message.contains(report) && line["requestId"] == "request-1";
        assert!(names_it, "{line}");
        format!("{} {message}", line["level"].as_str().unwrap_or_default())
    });
    lines.collect()
}
