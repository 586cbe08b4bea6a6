//! What goes wrong at Amazon and on this machine, and when.

use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};

use super::{NUMBER, PlannedAccount, moment};
use crate::options::{Faults, Kind};

/// When the seller withdraws the authorization who does.
pub const REVOKED_AT: Duration = Duration::from_secs(8);

/// How long the stack has no secret that LWA takes.
const SECRET_MISSED_FOR: Duration = Duration::from_secs(12);

/// For how long in an outage: longer than anything is tried again within a function, and than somebody
/// looks again.
pub const OUTAGE: Duration = Duration::from_secs(180);

/// The functions whose processes are killed, the likelier ones more than once.
const VICTIMS: [&str; 16] = [
    "report-notifier",
    "report-notifier",
    "report-document-storage",
    "report-document-storage",
    "report-document-storage",
    "report-document-retrieval",
    "report-document-retrieval",
    "presigned-url-generator",
    "notifications-processor",
    "notifications-processor",
    "order-placer",
    "order-placer",
    "report-creator",
    "report-reconciler",
    "redelivery-worker",
    "mail-gatherer",
];

const SP_API: [&str; 4] = [
    "createReport",
    "getReportDocument",
    "getReport",
    "createRestrictedDataToken",
];

/// Something that happens at a moment of the storm.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A fault of the simulator's, for one account or for all.
    Fault { account: Option<usize>, fault: Value },
    /// A message on the queue that nobody can read. It begins with what makes it unlike all others.
    Garbage { number: usize },
    /// The authorization of that account is withdrawn.
    Revoke { account: usize },
    /// It is given again, with another refresh token.
    AuthorizeAgain { account: usize },
    /// Amazon no longer knows the access tokens that are out.
    ForgetAccessTokens,
    /// The client secret is rotated; or its end is announced, where the stack rotates it by itself.
    Rotate,
    /// It is rotated at Amazon, which takes the old one no more; the stack has not heard of it.
    SecretRunsOut,
    /// The stack gets the secret that Amazon takes.
    SecretIsStored,
    /// From now on every so many messages, documents and answers are odd.
    BeOdd { mode: Value },
    /// A process of that function is killed; which one, if it has several, is chosen by the number.
    Kill { function: &'static str, choice: usize },
}

/// How many shapes garbage has.
const SHAPES: usize = 7;

/// A message that nobody can read, unlike those of other runs.
pub fn garbage(run: &str, number: usize) -> String {
    let name = format!("garbage {run}-{number}");
    let report = json!({"reportProcessingFinishedNotification": {"reportId": "1", "sellerId": name}});
    match number % SHAPES {
        0 => name,
        1 => format!("{{\"notificationType\": \"REPORT_PROCESSING_FINISHED\", \"payload\": {{\"{name}\""),
        2 => json!([name]).to_string(),
        3 => json!({"notificationType": [5], "payload": name}).to_string(),
        4 => {
            json!({"notificationType": "REPORT_PROCESSING_FINISHED", "payload": {"report": name}}).to_string()
        }
        5 => json!({"Type": "Notification", "Message": name}).to_string(),
        _ => json!({"notificationType": "REPORT_PROCESSING_FINISHED", "payload": report}).to_string(),
    }
}

/// Draws everything that happens within `length`.
pub fn draw(
    rng: &mut Rng,
    faults: &Faults,
    accounts: &[PlannedAccount],
    reports: u32,
    length: Duration,
) -> Vec<(Duration, Event)> {
    let [
        mut lwa,
        mut sp_api,
        mut throttle,
        mut document,
        mut mail,
        mut rotation,
        mut kill,
        mut odd,
    ] = std::array::from_fn(|_| rng.fork());
    let mut events = Vec::new();
    if let Some(account) = accounts.iter().position(|account| account.is_revoked) {
        events.push((REVOKED_AT, Event::Revoke { account }));
        events.push((length * 6 / 10, Event::AuthorizeAgain { account }));
    }
    if faults.have(Kind::Lwa) {
        events.extend(trouble_at_lwa(&mut lwa, length));
    }
    if faults.have(Kind::SpApi) {
        events.extend(trouble_at_sp_api(&mut sp_api));
    }
    if faults.have(Kind::Throttle) {
        events.extend(bursts(&mut throttle, accounts.len(), length));
    }
    if faults.have(Kind::Document) {
        events.extend(trouble_with_documents(&mut document, length));
    }
    if faults.have(Kind::Notifications) {
        let garbage = |number| {
            let at = moment(&mut mail, Duration::ZERO, length * 9 / 10);
            (at, Event::Garbage { number })
        };
        let count = usize::try_from(reports / 20).unwrap_or_default().max(SHAPES);
        events.extend((0..count).map(garbage));
    }
    if faults.have(Kind::Rotation) {
        events.push((moment(&mut rotation, length / 4, length / 2), Event::Rotate));
        // Then nobody remembered, and LWA takes no secret that the stack has.
        let at = moment(&mut rotation, length / 2, length * 7 / 10);
        events.extend(without_secret(at, SECRET_MISSED_FOR));
    }
    if faults.have(Kind::Kill) {
        let count = (length.as_secs() / 3).max(8);
        let killing = |_| {
            let at = moment(&mut kill, length / 20, length * 9 / 10);
            let function = VICTIMS[kill.usize(..VICTIMS.len())];
            let choice = kill.usize(..100);
            (at, Event::Kill { function, choice })
        };
        events.extend((0..count).map(killing));
    }
    if faults.have(Kind::Odd) {
        events.push((Duration::ZERO, oddly(&mut odd)));
    }
    events.sort_by_key(|(at, _)| *at);
    events
}

/// From then on for so long the stack has no secret that LWA takes, and no token that is still good.
pub fn without_secret(at: Duration, length: Duration) -> [(Duration, Event); 3] {
    [
        (at, Event::SecretRunsOut),
        (at, Event::ForgetAccessTokens),
        (at + length, Event::SecretIsStored),
    ]
}

/// Answers cost time, for whoever is refused waits.
fn oddly(rng: &mut Rng) -> Event {
    let every = json!({"messages": 4, "documents": 4, "answers": 8});
    let mode = json!({"seed": rng.u32(..), "every": every, "reportOption": NUMBER});
    Event::BeOdd { mode }
}

/// A fault that strikes so many calls in a hundred, all the time.
fn standing(rng: &mut Rng, operation: &str, percent: u32, mut fault: Value) -> (Duration, Event) {
    fault["operation"] = operation.into();
    fault["probability"] = (f64::from(percent) / 100.0).into();
    fault["seed"] = rng.u32(..).into();
    let everywhere = Event::Fault { account: None, fault };
    (Duration::ZERO, everywhere)
}

fn status(status: u16) -> Value {
    json!({"kind": "status", "status": status})
}

fn trouble_at_lwa(rng: &mut Rng, length: Duration) -> Vec<(Duration, Event)> {
    let mut events = vec![
        standing(rng, "lwa", 6, status(500)),
        standing(rng, "lwa", 6, status(503)),
        standing(rng, "lwa", 5, json!({"kind": "reset"})),
    ];
    // Tokens live an hour; without new ones there would be next to nothing to strike.
    for part in 1..=3 {
        let at = moment(rng, length * part / 5, length * (part + 1) / 5);
        events.push((at, Event::ForgetAccessTokens));
    }
    events
}

fn trouble_at_sp_api(rng: &mut Rng) -> Vec<(Duration, Event)> {
    let mut events = Vec::new();
    for operation in SP_API {
        events.push(standing(rng, operation, 3, status(500)));
        events.push(standing(rng, operation, 4, status(503)));
        events.push(standing(rng, operation, 3, json!({"kind": "reset"})));
        let stall = json!({"kind": "stall", "milliseconds": rng.u64(1500..4000)});
        events.push(standing(rng, operation, 2, stall));
    }
    // Amazon did what it was asked, and nobody heard of it.
    for operation in ["createReport", "getReportDocument"] {
        events.push(standing(rng, operation, 3, json!({"kind": "lostAnswer"})));
    }
    events
}

/// 429 a few times in a row, for one account and one operation.
fn bursts(rng: &mut Rng, accounts: usize, length: Duration) -> Vec<(Duration, Event)> {
    let count = (length.as_secs() / 6).max(5);
    let burst = |_| {
        let at = moment(rng, Duration::ZERO, length * 9 / 10);
        let account = Some(rng.usize(..accounts));
        let operation = SP_API[rng.usize(..SP_API.len())];
        let fault = json!({"operation": operation, "count": rng.u32(2..=6), "kind": "status", "status": 429});
        (at, Event::Fault { account, fault })
    };
    (0..count).map(burst).collect()
}

fn trouble_with_documents(rng: &mut Rng, length: Duration) -> Vec<(Duration, Event)> {
    let early = rng.u64(1..300);
    let late = rng.u64(2000..20_000);
    let short = json!({"kind": "stall", "milliseconds": rng.u64(2000..6000), "afterBytes": rng.u64(0..300)});
    let mut events = vec![
        standing(rng, "document", 4, json!({"kind": "expireUrl"})),
        standing(rng, "document", 6, json!({"kind": "corrupt"})),
        standing(
            rng,
            "document",
            3,
            json!({"kind": "truncate", "afterBytes": early}),
        ),
        standing(
            rng,
            "document",
            3,
            json!({"kind": "truncate", "afterBytes": late}),
        ),
        standing(rng, "document", 3, short),
        standing(rng, "document", 3, json!({"kind": "reset"})),
        standing(rng, "document", 2, status(503)),
    ];
    // Longer than the client waits.
    let fault = json!({"operation": "document", "kind": "stall", "milliseconds": 35_000, "afterBytes": 100});
    let silence = Event::Fault { account: None, fault };
    events.push((moment(rng, length / 4, length / 2), silence));
    events
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn garbage_has_many_shapes_and_no_two_pieces_are_alike() {
        let pieces: BTreeSet<_> = (0..20).map(|number| garbage("1", number)).collect();
        assert_eq!(pieces.len(), 20);
        assert!(pieces.iter().all(|piece| piece.contains("garbage 1-")));
        assert!(!pieces.contains(&garbage("2", 0)));
    }
}
