use serde_json::Value;

use super::described::{Described, operations};
use super::file;

/// A request of the Postman collection.
struct Request {
    name: String,
    /// Whether it is sent to be refused.
    is_refused: bool,
    method: String,
    path: Vec<String>,
    query: Vec<String>,
    headers: Vec<String>,
    body: Option<Value>,
    answers: Vec<Answer>,
}

/// An answer that is saved with its request, to show what comes.
struct Answer {
    status: u16,
    body: Value,
}

impl Request {
    fn is_of(&self, operation: &Described) -> bool {
        let parts: Vec<_> = operation.path.split('/').skip(1).collect();
        self.method == operation.method
            && self.path.len() == parts.len()
            && parts
                .iter()
                .zip(&self.path)
                .all(|(part, own)| part.starts_with('{') || part == own)
    }
}

/// Those to the API: others go to AWS itself.
fn requests() -> Vec<Request> {
    let collection = file("postman/sp-reports.postman_collection.json");
    let collection: Value = serde_json::from_str(&collection).expect("JSON");
    let mut found = Vec::new();
    collect(&collection["item"], false, &mut found);
    found
}

fn collect(items: &Value, is_refused: bool, found: &mut Vec<Request>) {
    for item in items.as_array().expect("items") {
        if !item["item"].is_null() {
            collect(&item["item"], item["name"] == "Refusals", found);
        } else if item["request"]["url"]["host"][0] == "{{apiUrl}}" {
            found.push(request(item, is_refused));
        }
    }
}

fn request(item: &Value, is_refused: bool) -> Request {
    let request = &item["request"];
    let texts = |list: &Value| -> Vec<String> {
        let list = list.as_array().into_iter().flatten();
        let texts = list.map(|it| it.as_str().or(it["key"].as_str()).expect("a text").to_owned());
        texts.collect()
    };
    let body = request["body"]["raw"].as_str();
    Request {
        name: item["name"].as_str().expect("a name").to_owned(),
        is_refused,
        method: request["method"].as_str().expect("a method").to_owned(),
        path: texts(&request["url"]["path"]),
        query: texts(&request["url"]["query"]),
        headers: texts(&request["header"]),
        body: body.map(|body| serde_json::from_str(&filled_in(body)).expect("JSON")),
        answers: item["response"]
            .as_array()
            .into_iter()
            .flatten()
            .map(answer)
            .collect(),
    }
}

fn answer(saved: &Value) -> Answer {
    let status = saved["code"].as_u64().and_then(|code| u16::try_from(code).ok());
    let body = saved["body"].as_str().expect("a text");
    Answer {
        status: status.expect("a status"),
        body: serde_json::from_str(body).expect("JSON"),
    }
}

/// The body with something in the place of each variable, be that in a text or not.
fn filled_in(body: &str) -> String {
    let mut pieces = body.split("{{");
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (_, rest) = piece.split_once("}}").expect("the variable's end");
        filled.push('0');
        filled.push_str(rest);
    }
    filled
}

#[test]
fn each_operation_that_wants_a_signature_has_a_request() {
    let requests = requests();
    for operation in operations().iter().filter(|it| !it.is_open) {
        let has_one = requests.iter().any(|it| !it.is_refused && it.is_of(operation));
        assert!(has_one, "{} {}", operation.method, operation.path);
    }
}

#[test]
fn requests_hold_what_their_operation_takes() {
    let operations = operations();
    for request in requests() {
        let operation = operations.iter().find(|it| request.is_of(it));
        let operation = operation.unwrap_or_else(|| panic!("{} is no operation's", request.name));
        for name in &request.query {
            assert!(operation.query.contains_key(name), "{}: {name}", request.name);
        }
        for name in request.headers.iter().filter(|name| *name != "Content-Type") {
            assert!(operation.headers.contains_key(name), "{}: {name}", request.name);
        }
        if request.is_refused {
            continue;
        }
        for (name, is_required) in &operation.query {
            assert!(
                !is_required || request.query.contains(name),
                "{}: {name}",
                request.name
            );
        }
        let body = request.body.as_ref();
        let orders = body
            .and_then(|body| body["Orders"].as_array())
            .into_iter()
            .flatten();
        for object in body.into_iter().chain(orders) {
            for name in object.as_object().expect("an object").keys() {
                assert!(operation.fields.contains_key(name), "{}: {name}", request.name);
            }
        }
    }
}

#[test]
fn each_request_has_saved_answers_as_the_document_describes_them() {
    let operations = operations();
    for request in requests() {
        let Request { name, answers, .. } = &request;
        assert!(!answers.is_empty(), "{name} has no saved answer");
        let operation = operations
            .iter()
            .find(|it| request.is_of(it))
            .expect("its operation");
        for Answer { status, body } in answers {
            let fields = operation.answers.get(status);
            let fields = fields.unwrap_or_else(|| panic!("{name}: {status} is no answer to it"));
            let body = body.as_object().expect("an object");
            for field in body.keys() {
                assert!(fields.contains_key(field), "{name}: {status} has no {field}");
            }
            // One of several kinds of answers lacks what others have.
            let is_one_of_many = *status == 202 && fields.contains_key("orders");
            for (field, is_required) in fields.iter().filter(|_| !is_one_of_many) {
                assert!(
                    !is_required || body.contains_key(field),
                    "{name}: {status} lacks {field}"
                );
            }
        }
    }
}

#[test]
fn a_run_from_top_to_bottom_ends_nothing_that_it_has_not_begun() {
    let requests = requests();
    let endings = requests
        .iter()
        .filter(|it| it.method == "DELETE" && !it.is_refused);
    for ending in endings {
        let subject = ending.path.get(1).map(String::as_str);
        let is_harmless = match ending.path[0].as_str() {
            // The report that was ordered for this.
            "reports" => subject == Some("{{reportToCancel}}"),
            // The schedule that was made for this.
            "schedules" => subject == Some("{{reportScheduleId}}"),
            // In the folder that is skipped.
            _ => is_in_leaving(&ending.name),
        };
        assert!(is_harmless, "{}", ending.name);
    }
    let environment = file("postman/sp-reports.postman_environment.json");
    let environment: Value = serde_json::from_str(&environment).expect("JSON");
    let value = |key: &str| {
        let variables = environment["values"].as_array().into_iter().flatten();
        let found = variables.into_iter().find(|it| it["key"] == key);
        found.and_then(|it| it["value"].as_str()).expect("a variable")
    };
    assert_eq!(value("leave"), "false");
    // A real token can't be stored under a sample's name.
    assert_eq!(value("sellerId"), "");
}

fn is_in_leaving(name: &str) -> bool {
    let collection = file("postman/sp-reports.postman_collection.json");
    let collection: Value = serde_json::from_str(&collection).expect("JSON");
    let folders = collection["item"].as_array().into_iter().flatten();
    let leaving = folders
        .into_iter()
        .find(|it| it["name"] == "Leaving")
        .expect("there");
    let items = leaving["item"].as_array().into_iter().flatten();
    items.into_iter().any(|it| it["name"] == name)
}
