//! The control API, under `/_faults`. No bucket can have that name.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::Proxy;
use crate::rules::Rule;

type Reply = Result<Json<Value>, (StatusCode, Json<Value>)>;

pub(crate) fn router() -> Router<Arc<Proxy>> {
    Router::new()
        .route("/rules", get(rules).put(put_rules).delete(delete_rules))
        .route("/fired", get(fired).delete(delete_fired))
        .route("/calls", get(calls))
        .route("/tables", get(tables))
        .route("/publishes", get(publishes))
}

async fn rules(State(proxy): State<Arc<Proxy>>) -> Json<Value> {
    Json(proxy.rulebook().rules())
}

async fn put_rules(State(proxy): State<Arc<Proxy>>, rules: Result<Json<Vec<Rule>>, JsonRejection>) -> Reply {
    let refusal = |message: String| (StatusCode::BAD_REQUEST, Json(json!({"message": message})));
    let Json(rules) = rules.map_err(|rejection| refusal(rejection.body_text()))?;
    for (index, rule) in rules.iter().enumerate() {
        if let Some(complaint) = rule.complaint() {
            return Err(refusal(format!("rule {index}: {complaint}")));
        }
    }
    let mut rulebook = proxy.rulebook();
    rulebook.replace(rules);
    Ok(Json(rulebook.rules()))
}

async fn delete_rules(State(proxy): State<Arc<Proxy>>) -> Json<Value> {
    let mut rulebook = proxy.rulebook();
    rulebook.replace(Vec::new());
    Json(rulebook.rules())
}

async fn fired(State(proxy): State<Arc<Proxy>>) -> Json<Value> {
    Json(json!(proxy.rulebook().fired()))
}

async fn delete_fired(State(proxy): State<Arc<Proxy>>) -> Json<Value> {
    let mut rulebook = proxy.rulebook();
    rulebook.reset_counts();
    proxy.publishes().clear();
    Json(json!(rulebook.fired()))
}

async fn calls(State(proxy): State<Arc<Proxy>>) -> Json<Value> {
    Json(json!(proxy.rulebook().seen()))
}

async fn tables(State(proxy): State<Arc<Proxy>>) -> Json<Value> {
    Json(json!(proxy.rulebook().tables()))
}

async fn publishes(State(proxy): State<Arc<Proxy>>) -> Json<Value> {
    Json(json!(*proxy.publishes()))
}
