//! Updates of several rows, all or none.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};

use super::Ledger;
use crate::PipelineError;

/// What a transaction came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transacted {
    /// All of it was written.
    Yes,
    /// Nothing was: the condition of the update with this number is the first that was not met.
    No(usize),
}

impl Ledger {
    /// Makes all of the `updates`, or none.
    pub(super) async fn transact(
        &self,
        updates: Vec<UpdateItemFluentBuilder>,
    ) -> Result<Transacted, PipelineError> {
        let items = updates.iter().map(item).collect();
        let result = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .send()
            .await;
        let error = match result {
            Ok(_) => return Ok(Transacted::Yes),
            Err(error) => error,
        };
        let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
        else {
            return Err(PipelineError::aws("DynamoDB", &error));
        };
        let codes: Vec<&str> = cancelled
            .cancellation_reasons()
            .iter()
            .map(|reason| reason.code().unwrap_or_default())
            .collect();
        match codes.iter().position(|code| *code == "ConditionalCheckFailed") {
            Some(unmet) => Ok(Transacted::No(unmet)),
            // Another transaction on the same rows, or too many of them: passes.
            None => Err(PipelineError::AwsTransient {
                service: "DynamoDB",
                message: format!("the transaction was cancelled: {}", codes.join(", ")),
            }),
        }
    }
}

fn item(update: &UpdateItemFluentBuilder) -> TransactWriteItem {
    let input = update.as_input();
    let update = Update::builder()
        .set_table_name(input.get_table_name().clone())
        .set_key(input.get_key().clone())
        .set_update_expression(input.get_update_expression().clone())
        .set_condition_expression(input.get_condition_expression().clone())
        .set_expression_attribute_names(input.get_expression_attribute_names().clone())
        .set_expression_attribute_values(input.get_expression_attribute_values().clone())
        .build()
        .expect("every update has a table, a key and an expression");
    TransactWriteItem::builder().update(update).build()
}
