use aws_sdk_dynamodb::Client;
use sp_api::ids::SellerId;

use super::attribute;
use crate::PipelineError;

/// Who is a selling partner here, for those who have no business with tokens.
#[derive(Clone, Debug)]
pub struct KnownSellers {
    dynamodb: Client,
    table: String,
}

impl KnownSellers {
    /// Those in the selling partners table `table`.
    #[must_use]
    pub fn new(dynamodb: Client, table: String) -> Self {
        Self { dynamodb, table }
    }

    /// Whether a token of `seller` is kept: a row comes with the first token, and goes with it.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn has(&self, seller: &SellerId) -> Result<bool, PipelineError> {
        let id = attribute(&self.dynamodb, &self.table, seller, "sellerId").await?;
        Ok(id.is_some())
    }
}
