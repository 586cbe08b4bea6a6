//! Of which types reports are delivered that were not ordered here.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use sp_api::RegionCode;
use sp_api::ids::ReportType;

use super::{SellingPartners, if_there};
use crate::PipelineError;
use crate::domain::Account;

impl SellingPartners {
    /// Remembers of which types `seller` wants reports of `region` delivered whoever ordered them: of
    /// these, instead of those named before.
    ///
    /// # Errors
    /// [`PipelineError::SellerNotFound`] when nothing is kept of this selling partner (any more), or
    /// DynamoDB failed.
    pub async fn remember_wanted_types(
        &self,
        seller: &Account,
        region: RegionCode,
        types: &BTreeSet<ReportType>,
    ) -> Result<(), PipelineError> {
        // A list, because a set can't be empty, and none is not the same as nothing said.
        let names = types.iter().map(|name| AttributeValue::S(name.to_string()));
        let result = self
            .update(seller)
            .update_expression("SET #types = :types")
            // Who has been forgotten meanwhile stays so.
            .condition_expression("attribute_exists(sellerId)")
            .expression_attribute_names("#types", deliver_attribute(region))
            .expression_attribute_values(":types", AttributeValue::L(names.collect()))
            .send()
            .await;
        if if_there(result, UpdateItemError::is_conditional_check_failed_exception)? {
            Ok(())
        } else {
            Err(PipelineError::SellerNotFound(seller.seller().clone()))
        }
    }
}

/// The attribute with the types that are wanted in `region`.
pub(super) fn deliver_attribute(region: RegionCode) -> String {
    format!("deliverReportTypes{region}")
}
