//! What the functions log: a line of JSON for each event, of which the text can be read by itself and the fields
//! can be searched. A line about a report or an order names it in both.
//!
//! ```json
//! {"timestamp": "…", "level": "INFO", "message": "Report 54517018502 of A3TH9S8BH6GOGM is stored: …",
//!  "seller": "A3TH9S8BH6GOGM", "region": "EU", "report": "54517018502", "execution": "A3TH9S8BH6GOGM_54517018502"}
//! ```

mod about;
mod lines;

use std::env;
use std::str::FromStr;

use lambda_runtime::tracing::subscriber::filter::{EnvFilter, LevelFilter};
use lambda_runtime::tracing::subscriber::layer::SubscriberExt;
use lambda_runtime::tracing::subscriber::registry;
use lambda_runtime::tracing::subscriber::util::SubscriberInitExt;

pub use about::About;
pub use lines::Lines;

/// Has everything logged to standard output, from the level on that `AWS_LAMBDA_LOG_LEVEL` or `RUST_LOG` names, or
/// from `INFO` on.
pub fn init() {
    let level = env::var("AWS_LAMBDA_LOG_LEVEL").or_else(|_| env::var("RUST_LOG"));
    let level = level.ok().and_then(|name| LevelFilter::from_str(&name).ok());
    let filter = EnvFilter::builder()
        .with_default_directive(level.unwrap_or(LevelFilter::INFO).into())
        .from_env_lossy();
    registry().with(filter).with(Lines::to(std::io::stdout)).init();
}
