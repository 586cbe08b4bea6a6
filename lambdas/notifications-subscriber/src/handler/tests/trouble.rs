//! Amazon that does not do at once what it was asked for.

use std::sync::{Arc, Mutex};

use lambda_http::Body;
use lambda_http::http::Response;
use pipeline::api::respond;
use wiremock::matchers::{body_partial_json, path_regex};
use wiremock::{Request, Respond};

use super::*;

const BUS: &str = "EventBridge (name bus, region eu-west-1, accountId 1)";

/// Amazon's subscriptions of one seller, with what goes wrong.
#[derive(Default)]
struct Trouble {
    /// What the next creations answer instead; then there is no trouble any more.
    creations: Vec<(u16, &'static str, &'static str)>,
    /// What the creations that come after those answer instead, if they still shall not succeed.
    then: Option<(u16, &'static str, &'static str)>,
    /// `(id, payload version, destination)`
    standing: Vec<(String, String, String)>,
    /// Whether there is getSubscriptions.
    is_older: bool,
    /// Everything that was asked, but for tokens.
    asked: Vec<String>,
}

struct Notifications(Arc<Mutex<Trouble>>);

fn no(status: u16, code: &str, message: &str) -> ResponseTemplate {
    let errors = json!({"errors": [{"code": code, "message": message}]});
    ResponseTemplate::new(status).set_body_json(errors)
}

fn yes(payload: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"payload": payload}))
}

fn shown((id, version, destination): &(String, String, String)) -> Value {
    json!({"subscriptionId": id, "payloadVersion": version, "destinationId": destination, "more": null})
}

impl Respond for Notifications {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut trouble = self.0.lock().expect("no panic before");
        let place = request.url.path().rsplit_once("/v1/").expect("an operation").1;
        let verb = request.method.as_str();
        trouble.asked.push(format!("{verb} {place}"));
        match (verb, place.split('/').collect::<Vec<_>>()[..].as_ref()) {
            ("GET", ["destinations"]) => yes(&json!([
                {"destinationId": "d-ours", "name": "x", "resource": {"sqs": {"arn": OURS}}},
                {"destinationId": "d-other", "resource": {"sqs": {"arn": "arn:aws:sqs:eu-west-1:1:other"}}},
                {"destinationId": "d-bus", "resource": {"eventBridge": {
                    "name": "bus", "region": "eu-west-1", "accountId": "1",
                }}},
                {"destinationId": "d-odd", "resource": null},
                {"name": "without id"},
            ])),
            ("GET", ["subscriptions"]) if trouble.is_older => no(404, "NotFound", "no such operation"),
            ("GET", ["subscriptions"]) => {
                let after = request.url.query_pairs().find(|(name, _)| name == "nextToken");
                let listed: Vec<_> = trouble.standing.iter().map(shown).collect();
                // One on each page.
                let at = after.map_or(0, |(_, text)| text.parse::<usize>().expect("a number"));
                let next = (at + 1 < listed.len()).then(|| (at + 1).to_string());
                yes(&json!({"subscriptions": listed.get(at..=at), "nextToken": next}))
            }
            ("GET", [_, _]) => {
                let wanted = request
                    .url
                    .query_pairs()
                    .find(|(name, _)| name == "payloadVersion");
                let wanted = wanted.expect("a version").1;
                let found = trouble
                    .standing
                    .iter()
                    .find(|(_, version, _)| *version == *wanted);
                found.map_or_else(|| no(404, "NotFound", "none"), |found| yes(&shown(found)))
            }
            ("POST", [_, _]) => {
                let fails = if trouble.creations.is_empty() {
                    trouble.then
                } else {
                    Some(trouble.creations.remove(0))
                };
                let body: Value = serde_json::from_slice(&request.body).expect("JSON");
                let text = |name: &str| body[name].as_str().expect("a text").to_owned();
                let made = (
                    format!("s-{}", trouble.asked.len()),
                    text("payloadVersion"),
                    text("destinationId"),
                );
                match fails {
                    Some((status, code, message)) => no(status, code, message),
                    None if trouble.standing.iter().any(|(_, version, _)| *version == made.1) => {
                        no(409, "StateConflict", "there is one")
                    }
                    None => {
                        let answer = yes(&shown(&made));
                        trouble.standing.push(made);
                        answer
                    }
                }
            }
            ("DELETE", [_, _, id]) => {
                let before = trouble.standing.len();
                trouble.standing.retain(|(known, _, _)| known != id);
                if trouble.standing.len() < before {
                    ResponseTemplate::new(200).set_body_json(json!({}))
                } else {
                    no(404, "NotFound", "none")
                }
            }
            _ => no(404, "NotFound", "no such operation"),
        }
    }
}

fn standing(subscriptions: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    let own = |(id, version, destination): &(&str, &str, &str)| {
        ((*id).to_owned(), (*version).to_owned(), (*destination).to_owned())
    };
    subscriptions.iter().map(own).collect()
}

/// What came of `POST /notifications`.
struct Outcome {
    response: Response<Body>,
    body: Value,
    /// Where subscriptions send now, with their payload versions.
    standing: Vec<(String, String)>,
    creations: usize,
}

impl Outcome {
    fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    fn says(&self, parts: &[&str]) {
        let message = self.body["message"].as_str().expect("a text");
        for part in parts {
            assert!(message.contains(part), "{part}: {message}");
        }
    }

    fn stands(&self, expected: &[(&str, &str)]) {
        let standing: Vec<_> = self
            .standing
            .iter()
            .map(|(version, place)| (version.as_str(), place.as_str()))
            .collect();
        assert_eq!(standing, expected);
    }
}

async fn subscribe(trouble: Trouble, replace: bool, whole: Duration) -> Outcome {
    let server = token_server().await;
    let shared = Arc::new(Mutex::new(trouble));
    Mock::given(path_regex("^/eu/notifications/v1/"))
        .respond_with(Notifications(Arc::clone(&shared)))
        .mount(&server)
        .await;
    let body = json!({
        "SellerId": "A3", "RegionCode": "EU", "NotificationType": "REPORT_PROCESSING_FINISHED",
        "ReplaceExisting": replace,
    });
    let subscriber = patient_subscriber(&server, &written(), whole);
    let response = respond(subscriber.subscribe(body.to_string().as_bytes()).await);
    let trouble = shared.lock().expect("no panic before");
    Outcome {
        body: serde_json::from_slice(response.body()).expect("JSON"),
        response,
        standing: trouble
            .standing
            .iter()
            .map(|(_, version, place)| (version.clone(), place.clone()))
            .collect(),
        creations: trouble
            .asked
            .iter()
            .filter(|asked| asked.starts_with("POST subscriptions/"))
            .count(),
    }
}

/// Enough for whatever succeeds in the end.
const LONG: Duration = Duration::from_secs(60);
/// For what never succeeds.
const SHORT: Duration = Duration::from_secs(2);

const NO_DESTINATION: (u16, &str, &str) = (
    400,
    "InvalidInput",
    "No destination with id 'd-ours' for applicationId 'y'",
);
const CONFLICT: (u16, &str, &str) = (409, "StateConflict", "there is one");
const FAILURE: (u16, &str, &str) = (500, "InternalFailure", "oh");

#[tokio::test]
async fn a_destination_that_is_not_visible_yet_is_waited_for() {
    let trouble = Trouble {
        creations: vec![NO_DESTINATION, (404, "NotFound", "")],
        ..Trouble::default()
    };
    let outcome = subscribe(trouble, false, LONG).await;
    assert_eq!(
        (outcome.status(), outcome.creations),
        (200, 3),
        "{}",
        outcome.body
    );
    outcome.stands(&[("1.0", "d-ours")]);
    assert_eq!(outcome.body["note"], Value::Null);
}

#[tokio::test]
async fn a_destination_that_stays_invisible_is_for_later() {
    let trouble = Trouble {
        then: Some(NO_DESTINATION),
        ..Trouble::default()
    };
    let outcome = subscribe(trouble, false, SHORT).await;
    assert_eq!(
        (outcome.status(), &outcome.body["code"]),
        (503, &json!("DestinationNotVisible"))
    );
    assert!(outcome.response.headers().contains_key("retry-after"));
    outcome.says(&["d-ours", OURS, "nothing is subscribed", "No destination with id"]);
}

#[tokio::test]
async fn a_conflict_that_get_subscription_does_not_show_is_looked_into_over_all_versions() {
    for (is_older, destination, place) in [
        (false, "d-other", "arn:aws:sqs:eu-west-1:1:other"),
        (false, "d-bus", BUS),
        (false, "d-odd", "an unknown place"),
        (false, "d-gone", "destination d-gone"),
        (true, "d-other", "arn:aws:sqs:eu-west-1:1:other"),
    ] {
        let trouble = Trouble {
            then: Some(CONFLICT),
            standing: standing(&[("s-old", "2020-09-04", destination)]),
            is_older,
            ..Trouble::default()
        };
        let outcome = subscribe(trouble, false, LONG).await;
        assert_eq!(
            (outcome.status(), &outcome.body["code"]),
            (409, &json!("SubscribedElsewhere"))
        );
        outcome.says(&[
            "s-old",
            "2020-09-04",
            destination,
            place,
            "\"ReplaceExisting\": true",
        ]);
        outcome.stands(&[("2020-09-04", destination)]);
    }
}

#[tokio::test]
async fn a_subscription_of_another_version_that_sends_here_is_as_good() {
    for others in [
        &[("s-old", "2020-09-04", "d-ours")][..],
        &[
            ("s-x", "2019-01-01", "d-other"),
            ("s-old", "2020-09-04", "d-ours"),
        ],
        &[("s-x", "1.0", "d-other"), ("s-old", "2020-09-04", "d-ours")],
    ] {
        let trouble = Trouble {
            then: Some(CONFLICT),
            standing: standing(others),
            ..Trouble::default()
        };
        let outcome = subscribe(trouble, true, LONG).await;
        assert_eq!(
            (outcome.status(), &outcome.body["subscriptionId"]),
            (200, &json!("s-old"))
        );
        let note = outcome.body["note"].as_str().expect("a note");
        assert!(note.contains("2020-09-04"), "{note}");
        assert_eq!(outcome.standing.len(), others.len());
    }
}

#[tokio::test]
async fn a_conflict_with_nothing_in_sight_passes_or_is_told() {
    let trouble = Trouble {
        creations: vec![CONFLICT, CONFLICT],
        ..Trouble::default()
    };
    let outcome = subscribe(trouble, false, LONG).await;
    assert_eq!((outcome.status(), outcome.creations), (200, 3));
    let trouble = Trouble {
        then: Some(CONFLICT),
        ..Trouble::default()
    };
    let outcome = subscribe(trouble, false, SHORT).await;
    assert_eq!(
        (outcome.status(), &outcome.body["code"]),
        (409, &json!("SubscriptionConflict"))
    );
    outcome.says(&["StateConflict", "shows no subscription", "repeat the call"]);
}

#[tokio::test]
async fn a_replacement_waits_and_tries_again() {
    for old in ["1.0", "2020-09-04"] {
        let mut creations = vec![
            NO_DESTINATION,
            FAILURE,
            (429, "QuotaExceeded", "slowly"),
            CONFLICT,
        ];
        if old != "1.0" {
            creations.insert(0, CONFLICT);
        }
        let trouble = Trouble {
            creations,
            standing: standing(&[("s-old", old, "d-other")]),
            ..Trouble::default()
        };
        let outcome = subscribe(trouble, true, LONG).await;
        assert_eq!(outcome.status(), 200, "{}", outcome.body);
        outcome.stands(&[("1.0", "d-ours")]);
    }
}

#[tokio::test]
async fn what_can_not_be_replaced_is_restored_as_it_was() {
    for (failure, old) in [(NO_DESTINATION, "2020-09-04"), (FAILURE, "1.0")] {
        // Creations fail for as long as they are tried, and succeed then.
        let server = token_server().await;
        let shared = Arc::new(Mutex::new(Trouble {
            creations: if old == "1.0" { vec![] } else { vec![CONFLICT] },
            standing: standing(&[("s-old", old, "d-other")]),
            ..Trouble::default()
        }));
        Mock::given(method("POST"))
            .and(body_partial_json(json!({"destinationId": "d-ours"})))
            .respond_with(OnlyConflicts(Arc::clone(&shared), failure))
            .with_priority(1)
            .mount(&server)
            .await;
        Mock::given(path_regex("^/eu/notifications/v1/"))
            .respond_with(Notifications(Arc::clone(&shared)))
            .mount(&server)
            .await;
        let body = json!({
            "SellerId": "A3", "RegionCode": "EU", "NotificationType": "REPORT_PROCESSING_FINISHED",
            "ReplaceExisting": true,
        });
        let subscriber = patient_subscriber(&server, &written(), SHORT * 2);
        let response = respond(subscriber.subscribe(body.to_string().as_bytes()).await);
        let refused: Value = serde_json::from_slice(response.body()).expect("JSON");
        assert_eq!(
            (response.status().as_u16(), &refused["code"]),
            (503, &json!("NotReplaced")),
            "{refused}"
        );
        assert!(response.headers().contains_key("retry-after"));
        let message = refused["message"].as_str().expect("a text");
        assert!(
            message.contains("restored") && message.contains(failure.2) && message.contains("1:other"),
            "{message}"
        );
        let trouble = shared.lock().expect("no panic before");
        let (id, version, destination) = &trouble.standing[0];
        assert_eq!((version.as_str(), destination.as_str()), (old, "d-other"));
        assert!(
            trouble.standing.len() == 1 && message.contains(id.as_str()),
            "{message}"
        );
    }
}

/// Creations that ought to be ours: what is scripted first, then always the failure.
struct OnlyConflicts(Arc<Mutex<Trouble>>, (u16, &'static str, &'static str));

impl Respond for OnlyConflicts {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let mut trouble = self.0.lock().expect("no panic before");
        let (status, code, message) = if trouble.creations.is_empty() {
            self.1
        } else {
            trouble.creations.remove(0)
        };
        no(status, code, message)
    }
}

#[tokio::test]
async fn a_subscription_that_is_lost_is_said() {
    let trouble = Trouble {
        then: Some(FAILURE),
        standing: standing(&[("s-old", "1.0", "d-other")]),
        ..Trouble::default()
    };
    let outcome = subscribe(trouble, true, SHORT).await;
    assert_eq!(
        (outcome.status(), &outcome.body["code"]),
        (503, &json!("SubscriptionLost"))
    );
    assert!(outcome.response.headers().contains_key("retry-after"));
    outcome.says(&[
        "subscribed to REPORT_PROCESSING_FINISHED no more",
        "s-old",
        "1:other",
        "repeated",
    ]);
    outcome.stands(&[]);
}

#[tokio::test]
async fn a_type_that_amazon_does_not_know_is_named() {
    let trouble = Trouble {
        then: Some((400, "InvalidInput", "NOPE is not a notification type")),
        ..Trouble::default()
    };
    let outcome = subscribe(trouble, false, LONG).await;
    assert_eq!(
        (outcome.status(), &outcome.body["field"], outcome.creations),
        (400, &json!("NotificationType"), 1)
    );
    outcome.says(&["NOPE is not a notification type"]);
}

#[tokio::test]
async fn what_passes_is_told_at_once() {
    let trouble = Trouble {
        then: Some(FAILURE),
        ..Trouble::default()
    };
    let outcome = subscribe(trouble, false, LONG).await;
    assert_eq!((outcome.status(), outcome.creations), (503, 1));
    assert!(outcome.response.headers().contains_key("retry-after"));
}
