use pipeline::answers::{
    CancellationAnswer, CancelledSchedule, Delivery, Document, Job, JobBegun, NewInvitation, NewLink,
    NewSchedule, Ordered, Queued, QueuedOrders, ReportList, ReportRow, RevokedLinks, ScheduleList,
    SellerAnswer, SellerList, Subscribed, Unsubscribed, Warned,
};
use pipeline::requests::{
    CancelSchedule, CreateSchedule, ForgetSeller, IdempotencyKey, InviteSeller, LinkOptions, ListReports,
    ListSchedules, ListSellers, NamedJob, NamedReport, NamedSeller, OrderReports, Redeliver, StoreToken,
    Subscribe, Unsubscribe,
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
        of_onboarding(schemas),
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

/// A page for people.
fn page(words: &str) -> Value {
    json!({"description": words, "content": {"text/html": {"schema": {"type": "string"}}}})
}

/// What people open who have a link; they get pages, and no JSON.
fn of_links() -> Vec<Operation> {
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

fn redirect(words: &str) -> Value {
    json!({
        "description": words,
        "headers": {"Location": {"required": true, "schema": {"type": "string", "format": "uri"}}},
    })
}

fn link(operation: Operation, page: impl Fn(&str) -> Value) -> Operation {
    operation
        .open()
        .takes_secret("token")
        .responds("302", redirect("The document, for five minutes."))
        .responds("404", page("The link is unknown, revoked or at its end."))
        .responds(
            "429",
            json!({"description": "Too many links are opened at once."}),
        )
        .responds("503", page("AWS fails for the moment."))
        .responds("5XX", json!({"description": "API Gateway gave up."}))
}

/// With the setting `onboarding=on`: the invitation, and the pages that a selling partner's browser opens then.
fn of_onboarding(schemas: &mut Schemas) -> Vec<Operation> {
    let get = |path, id, summary| {
        Operation::new("get", path, id, summary)
            .open()
            .responds(
                "429",
                json!({"description": "Too many pages are opened at once."}),
            )
            .responds("503", page("AWS or Amazon fails for the moment."))
            .responds("5XX", json!({"description": "API Gateway gave up."}))
    };
    let no_invitation = "The invitation is unknown, used or over.";
    vec![
        Operation::new(
            "post",
            "/onboardings",
            "inviteSeller",
            "Invite a seller to authorize the application in a browser",
        )
        .body::<InviteSeller>(schemas, true)
        .answers::<NewInvitation>(schemas, "201", "The invitation."),
        get(
            "/onboarding/{invitation}",
            "openInvitation",
            "See who asks for what",
        )
        .takes_secret("invitation")
        .responds("200", page("Who asks for what, and the way on."))
        .responds("404", page(no_invitation)),
        get(
            "/onboarding/{invitation}/consent",
            "followInvitation",
            "Go on to Amazon's consent page",
        )
        .takes_secret("invitation")
        .responds(
            "303",
            redirect("Amazon's consent page. A cookie binds what follows to this browser."),
        )
        .responds("404", page(no_invitation)),
        get(
            "/onboarding/callback",
            "finishOnboarding",
            "Come back from Amazon: the redirect URI",
        )
        .takes_texts(&[
            "state",
            "selling_partner_id",
            "spapi_oauth_code",
            "error",
            "error_code",
            "errorCode",
            "error_description",
        ])
        .responds("200", page("The authorization is stored."))
        .responds(
            "400",
            page("Nothing is stored: Amazon has refused, or this was not begun in this browser, or is over."),
        )
        .responds("403", page("Nothing is stored: another seller is invited."))
        .responds("404", page(no_invitation)),
        get(
            "/onboarding/login",
            "beginOnboarding",
            "Come from Amazon's Appstore: the login URI",
        )
        .takes_texts(&["amazon_callback_uri", "amazon_state", "selling_partner_id"])
        .responds(
            "303",
            redirect("Back to Amazon. A cookie binds what follows to this browser."),
        )
        .responds("400", page("Nobody comes from the Appstore so, or nobody may.")),
    ]
}
