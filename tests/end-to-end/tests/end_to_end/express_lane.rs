//! What only a stack with the express lane can show: `cargo local up -c workflowType=express`.

use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::json;

use crate::aws_cli::{aws, function_name};
use crate::world::{LISTINGS, PATIENCE, World};

/// The local AWS takes some 25 seconds for it.
const LONG: u64 = 256 << 20;

/// Step Functions may run an execution of the lane more than once, and several side by side: one
/// object and one e-mail all the same.
#[tokio::test]
async fn lanes_side_by_side_are_one_delivery() {
    let Some(world) = World::with_express_lane().await else {
        return;
    };
    let seller = world.silent_seller("EU").await;
    let report = world.order(&seller, "EU", LISTINGS).await;
    let made = world.finished(&seller, &report).await;
    let finished = json!({
        "SellerId": seller.id, "ReportId": report, "ReportType": LISTINGS, "ProcessingStatus": "DONE",
        "ReportDocumentId": made["documentId"],
    });

    let lanes = world.stack.express_executions().expect("there is a lane");
    let name = format!("{}_{report}", seller.id);
    let input = json!({"Name": name, "Report": finished});
    let names: Vec<_> = (0..5).map(|lane| format!("{name}_{lane}")).collect();
    for name in &names {
        lanes.start(name, &input).await.expect("started");
    }
    for name in &names {
        let end = lanes.end_of(name, PATIENCE).await.expect("it ends");
        assert_eq!(end.status, ExecutionStatus::Succeeded, "{name}: {:?}", end.error);
    }
    let email = world.delivered(&seller, &report).await;
    world.assert_linked(&email, &seller, &report).await;

    // Lanes that met at the end have handed over; there is nothing left to tell there, either.
    for name in world.executions.names(&name).await.expect("listed") {
        let end = world.executions.end_of(&name, PATIENCE).await.expect("it ends");
        assert_eq!(end.status, ExecutionStatus::Succeeded, "{name}: {:?}", end.error);
    }
    assert_eq!(world.objects(&seller).await.len(), 1);
    let emails = world.mailbox.all_about(&seller.id, &report).await;
    assert_eq!(emails.expect("read").len(), 1);
}

/// What goes wrong in the lane goes on in the workflow.
#[tokio::test]
async fn a_delivery_that_does_not_succeed_at_once_is_handed_over() {
    let Some(world) = World::with_express_lane().await else {
        return;
    };
    let seller = world.subscribed_seller("EU").await;
    let failing = json!({
        "operation": "getReportDocument", "sellerId": seller.id, "kind": "status", "status": 503, "count": 3,
    });
    world.simulator.fault(&failing).await.expect("scripted");
    let report = world.order(&seller, "EU", LISTINGS).await;
    let email = world.delivered_by_workflow(&seller, &report).await;
    world.assert_linked(&email, &seller, &report).await;
}

/// A document that takes longer than an invocation of the lane goes on in the workflow, and there from one
/// invocation to the next.
#[tokio::test]
async fn a_document_that_outlasts_invocations_is_continued() {
    let Some(world) = World::with_express_lane().await else {
        return;
    };
    let seller = world.subscribed_seller("EU").await;
    let scripted = world.simulator.script(&seller.id, json!({"sizeBytes": LONG}));
    scripted.await.expect("scripted");
    let function = function_name("ReportDocumentStorage");
    let timeout = |seconds: &str| {
        let arguments = ["--function-name", &function, "--timeout", seconds];
        aws(&[&["lambda", "update-function-configuration"], arguments.as_slice()].concat());
    };
    // Not enough for it all.
    timeout("20");
    let report = world.order(&seller, "EU", LISTINGS).await;
    let email = world.delivered_by_workflow(&seller, &report).await;
    timeout("900");
    world.assert_linked(&email, &seller, &report).await;
    assert_eq!(world.objects(&seller).await.len(), 1);
}
