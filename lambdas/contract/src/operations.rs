use pipeline::answers::{
    CancellationAnswer, CancelledSchedule, Delivery, Document, Job, JobBegun, NewLink, NewSchedule, Ordered,
    Queued, QueuedOrders, ReportList, ReportRow, RevokedLinks, ScheduleList, SellerAnswer, SellerList,
    Subscribed, Unsubscribed, Warned,
};
use pipeline::requests::{
    CancelSchedule, CreateSchedule, ForgetSeller, IdempotencyKey, LinkOptions, ListReports, ListSchedules,
    ListSellers, NamedJob, NamedReport, NamedSeller, OrderReports, Redeliver, StoreToken, Subscribe,
    Unsubscribe,
};
use serde_json::{Value, json};

use crate::operation::Operation;
use crate::refusals::{
    OF_CANCELLING, OF_DELIVERING, OF_DOCUMENTS, OF_FORGETTING, OF_JOBS, OF_ORDERS, OF_REPORTS, OF_SELLERS,
    OF_SUBSCRIBING, OF_TOKENS, OF_UNSUBSCRIBING,
};
use crate::schemas::Schemas;

/// Everything that the API answers.
pub(crate) fn all(schemas: &mut Schemas) -> Vec<Operation> {
    [
        of_sellers(schemas),
        of_reports(schemas),
        of_documents(schemas),
        of_deliveries(schemas),
        of_schedules(schemas),
        of_links(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn of_sellers(schemas: &mut Schemas) -> Vec<Operation> {
    vec![
        Operation::new("post", "/tokens", "storeToken", "Keep a seller's refresh token")
            .body::<StoreToken>(schemas, true)
            .answers::<SellerAnswer>(schemas, "200", "It is kept.")
            .refused(OF_TOKENS),
        Operation::new("delete", "/tokens/{SellerId}", "forgetSeller", "Forget a seller")
            .parameters::<ForgetSeller>(schemas)
            .answers::<SellerAnswer>(
                schemas,
                "200",
                "The subscription is ended, all links are revoked, and token and region are gone.",
            )
            .refused(OF_FORGETTING),
        Operation::new("get", "/sellers", "listSellers", "See all sellers at a glance")
            .parameters::<ListSellers>(schemas)
            .answers::<SellerList>(schemas, "200", "A page of their accounts."),
        Operation::new(
            "get",
            "/sellers/{SellerId}",
            "getSeller",
            "See a seller at a glance",
        )
        .parameters::<NamedSeller>(schemas)
        .answers::<SellerList>(schemas, "200", "The seller's account in each region.")
        .refused(OF_SELLERS),
        Operation::new(
            "post",
            "/notifications",
            "subscribe",
            "Have Amazon announce a seller's reports here",
        )
        .body::<Subscribe>(schemas, true)
        .answers::<Subscribed>(schemas, "200", "They are announced here.")
        .asks_amazon()
        .refused(OF_SUBSCRIBING),
        Operation::new(
            "delete",
            "/notifications",
            "unsubscribe",
            "Have Amazon announce them no more",
        )
        .parameters::<Unsubscribe>(schemas)
        .answers::<Unsubscribed>(schemas, "200", "They are announced no more.")
        .asks_amazon()
        .refused(OF_UNSUBSCRIBING),
    ]
}

fn of_reports(schemas: &mut Schemas) -> Vec<Operation> {
    let queued = json!({
        "anyOf": [schemas.answered::<Warned<Queued>>(), schemas.answered::<Warned<QueuedOrders>>()],
    });
    vec![
        Operation::new(
            "post",
            "/reports",
            "orderReports",
            "Order a report, or up to a hundred",
        )
        .header::<IdempotencyKey>(schemas, "Idempotency-Key")
        .body::<OrderReports>(schemas, true)
        .answers::<Warned<Ordered>>(schemas, "200", "Amazon has taken the order.")
        .answers_with(
            "202",
            "The orders are kept, and placed as soon as the quota allows.",
            &queued,
        )
        .asks_amazon()
        .refused(OF_ORDERS),
        Operation::new(
            "get",
            "/reports",
            "listReports",
            "List a seller's reports and orders",
        )
        .parameters::<ListReports>(schemas)
        .answers::<ReportList>(schemas, "200", "A page of them."),
        Operation::new(
            "get",
            "/reports/{reportId}",
            "getReport",
            "See how far a report is",
        )
        .parameters::<NamedReport>(schemas)
        .answers::<ReportRow>(schemas, "200", "The report's row.")
        .refused(OF_REPORTS),
        Operation::new(
            "delete",
            "/reports/{reportId}",
            "cancelReport",
            "Cancel a report or an order",
        )
        .parameters::<NamedReport>(schemas)
        .answers::<CancellationAnswer>(
            schemas,
            "200",
            "It is cancelled, or Amazon has agreed to cancel it.",
        )
        .asks_amazon()
        .refused(OF_REPORTS)
        .refused(OF_CANCELLING),
        Operation::new(
            "post",
            "/reports/{reportId}/delivery",
            "deliverReport",
            "Have a report delivered after all, or again",
        )
        .parameters::<NamedReport>(schemas)
        .answers::<Delivery>(schemas, "200", "The delivery has begun before, or is over.")
        .answers::<Delivery>(schemas, "202", "The delivery begins.")
        .refused(OF_REPORTS)
        .refused(OF_DELIVERING),
    ]
}

fn of_documents(schemas: &mut Schemas) -> Vec<Operation> {
    vec![
        Operation::new(
            "get",
            "/reports/{reportId}/document",
            "getDocument",
            "Get a URL of a report's document, for five minutes",
        )
        .parameters::<NamedReport>(schemas)
        .answers::<Document>(schemas, "200", "Where it can be downloaded, and what it is.")
        .refused(OF_REPORTS)
        .refused(OF_DOCUMENTS),
        Operation::new(
            "post",
            "/reports/{reportId}/links",
            "makeLink",
            "Make a link to a report's document",
        )
        .parameters::<NamedReport>(schemas)
        .body::<LinkOptions>(schemas, false)
        .answers::<NewLink>(schemas, "201", "The link.")
        .refused(OF_REPORTS)
        .refused(OF_DOCUMENTS),
        Operation::new(
            "delete",
            "/reports/{reportId}/links",
            "revokeLinks",
            "Revoke all links to a report's document",
        )
        .parameters::<NamedReport>(schemas)
        .answers::<RevokedLinks>(schemas, "200", "They work no more.")
        .refused(OF_REPORTS),
    ]
}

fn of_deliveries(schemas: &mut Schemas) -> Vec<Operation> {
    vec![
        Operation::new(
            "post",
            "/deliveries",
            "redeliver",
            "Have deliveries begin again that stopped",
        )
        .body::<Redeliver>(schemas, true)
        .answers::<JobBegun>(schemas, "202", "A job has begun."),
        Operation::new(
            "get",
            "/deliveries/{jobId}",
            "getJob",
            "See how far such a job is",
        )
        .parameters::<NamedJob>(schemas)
        .answers::<Job>(schemas, "200", "How far it is.")
        .refused(OF_JOBS),
    ]
}

fn of_schedules(schemas: &mut Schemas) -> Vec<Operation> {
    vec![
        Operation::new(
            "post",
            "/schedules",
            "createSchedule",
            "Have Amazon make a report regularly",
        )
        .body::<CreateSchedule>(schemas, true)
        .answers::<NewSchedule>(schemas, "200", "Amazon keeps the schedule.")
        .asks_amazon(),
        Operation::new("get", "/schedules", "listSchedules", "List a seller's schedules")
            .parameters::<ListSchedules>(schemas)
            .answers::<ScheduleList>(schemas, "200", "Those of these types.")
            .asks_amazon(),
        Operation::new(
            "delete",
            "/schedules/{reportScheduleId}",
            "cancelSchedule",
            "Have Amazon make no more reports by a schedule",
        )
        .parameters::<CancelSchedule>(schemas)
        .answers::<CancelledSchedule>(schemas, "200", "Amazon keeps it no more.")
        .asks_amazon(),
    ]
}

/// What people open who have a link; they get pages, and no JSON.
fn of_links() -> Vec<Operation> {
    let page =
        |words: &str| json!({"description": words, "content": {"text/html": {"schema": {"type": "string"}}}});
    let headers = |words: &str| json!({"description": words});
    let get = Operation::new("get", "/links/{token}", "openLink", "Open a link to a document");
    let head = Operation::new(
        "head",
        "/links/{token}",
        "checkLink",
        "See whether a link leads to a document",
    );
    vec![link(get, page), link(head, headers)]
}

fn link(operation: Operation, page: impl Fn(&str) -> Value) -> Operation {
    let redirect = json!({
        "description": "The document, for five minutes.",
        "headers": {"Location": {"required": true, "schema": {"type": "string", "format": "uri"}}},
    });
    operation
        .open()
        .takes_token()
        .responds("302", redirect)
        .responds("404", page("The link is unknown, revoked or at its end."))
        .responds(
            "429",
            json!({"description": "Too many links are opened at once."}),
        )
        .responds("503", page("AWS fails for the moment."))
        .responds("5XX", json!({"description": "API Gateway gave up."}))
}
