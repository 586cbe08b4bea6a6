use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use sp_api::rates::Operation;

use crate::PipelineError;

/// So long no rotation is asked for after one that was.
const AT_MOST_EVERY: Duration = Duration::from_secs(24 * 3600);

/// Whose row it is: no seller's, as no seller's id has a slash in it.
const HOLDER: &str = "application/secret";

/// What is written down of rotations: a row beside the quotas, which are the application's affair, too.
#[derive(Clone, Debug)]
pub struct SecretRotations {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

impl SecretRotations {
    /// The row in the table of that name.
    #[must_use]
    pub fn new(client: aws_sdk_dynamodb::Client, table: String) -> Self {
        Self { client, table }
    }

    /// Takes it upon the caller to ask for a rotation; whether nobody else has within a day.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn claim(&self, now: Timestamp) -> Result<bool, PipelineError> {
        let latest = now - AT_MOST_EVERY;
        let claimed = self
            .update()
            .update_expression("SET requestedAt = :now")
            .condition_expression("attribute_not_exists(requestedAt) OR requestedAt < :latest")
            .expression_attribute_values(":now", seconds(now))
            .expression_attribute_values(":latest", seconds(latest))
            .send()
            .await;
        match claimed {
            Ok(_) => Ok(true),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(UpdateItemError::ConditionalCheckFailedException(_))
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(PipelineError::aws("DynamoDB", &error)),
        }
    }

    /// Amazon has refused what was claimed, so that it may be asked for again.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn give_back(&self) -> Result<(), PipelineError> {
        self.written(self.update().update_expression("REMOVE requestedAt"))
            .await
    }

    /// Writes down when the secret of that version ends.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn note_end(&self, version: &str, ends_at: Timestamp) -> Result<(), PipelineError> {
        let update = self
            .update()
            .update_expression("SET endingVersion = :version, endsAt = :end")
            .expression_attribute_values(":version", AttributeValue::S(version.to_owned()))
            .expression_attribute_values(":end", seconds(ends_at));
        self.written(update).await
    }

    /// When the secret of that version ends, if Amazon has said so.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn noted_end(&self, version: &str) -> Result<Option<Timestamp>, PipelineError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("sellerId", AttributeValue::S(HOLDER.to_owned()))
            .key("operation", operation())
            .send()
            .await
            .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
        let row = answer.item.unwrap_or_default();
        let is_about = |noted: &AttributeValue| noted.as_s().is_ok_and(|noted| noted == version);
        if !row.get("endingVersion").is_some_and(is_about) {
            return Ok(None);
        }
        let end = row.get("endsAt").and_then(|end| end.as_n().ok()?.parse().ok());
        Ok(end.and_then(|end| Timestamp::from_second(end).ok()))
    }

    fn update(&self) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("sellerId", AttributeValue::S(HOLDER.to_owned()))
            .key("operation", operation())
    }

    async fn written(&self, update: UpdateItemFluentBuilder) -> Result<(), PipelineError> {
        update
            .send()
            .await
            .map_err(|error| PipelineError::aws("DynamoDB", &error))?;
        Ok(())
    }
}

fn operation() -> AttributeValue {
    AttributeValue::S(Operation::RotateApplicationClientSecret.name().to_owned())
}

fn seconds(time: Timestamp) -> AttributeValue {
    AttributeValue::N(time.as_second().to_string())
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
    use aws_sdk_dynamodb::types::error::{ConditionalCheckFailedException, InternalServerError};
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;

    fn rotations(rule: &Rule) -> SecretRotations {
        let client = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[rule]);
        SecretRotations::new(client, "quotas".into())
    }

    #[tokio::test]
    async fn a_rotation_is_claimed_if_none_was_within_a_day() {
        let now = Timestamp::from_second(1_000_000).expect("a time");
        let claimed = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|request| {
                let values = request.expression_attribute_values().expect("values");
                values[":now"] == AttributeValue::N("1000000".into())
                    && values[":latest"] == AttributeValue::N("913600".into())
            })
            .then_output(|| UpdateItemOutput::builder().build());
        assert!(rotations(&claimed).claim(now).await.expect("written"));
        let taken = mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
            let unmet = ConditionalCheckFailedException::builder().build();
            UpdateItemError::ConditionalCheckFailedException(unmet)
        });
        assert!(!rotations(&taken).claim(now).await.expect("answered"));
        let failing = mock!(aws_sdk_dynamodb::Client::update_item)
            .then_error(|| UpdateItemError::InternalServerError(InternalServerError::builder().build()));
        assert!(rotations(&failing).claim(now).await.is_err());
    }

    #[tokio::test]
    async fn an_end_is_that_of_the_version_that_it_was_noted_for() {
        let get = mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| {
            GetItemOutput::builder()
                .item("endingVersion", AttributeValue::S("v1".into()))
                .item("endsAt", AttributeValue::N("1000000".into()))
                .build()
        });
        let rotations = rotations(&get);
        let noted = rotations.noted_end("v1").await.expect("read");
        assert_eq!(noted, Timestamp::from_second(1_000_000).ok());
        assert_eq!(rotations.noted_end("v2").await.expect("read"), None);
    }
}
