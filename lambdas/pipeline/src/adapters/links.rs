use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use jiff::{SignedDuration, Timestamp};

use crate::PipelineError;
use crate::domain::Link;

/// Makes links to stored documents.
#[derive(Clone, Debug)]
pub struct Links {
    client: aws_sdk_s3::Client,
    bucket: String,
    lifetime: Duration,
}

impl Links {
    /// Links into `bucket` that live for `lifetime`, or as long as the function's own credentials do:
    /// a signature dies with the credentials that made it.
    #[must_use]
    pub fn new(client: aws_sdk_s3::Client, bucket: String, lifetime: Duration) -> Self {
        Self {
            client,
            bucket,
            lifetime,
        }
    }

    /// A link to the object under `key`.
    ///
    /// # Errors
    /// [`PipelineError::InvalidInput`] if the lifetime is more than S3 allows.
    pub async fn to(&self, key: &str) -> Result<Link, PipelineError> {
        let config = PresigningConfig::expires_in(self.lifetime)
            .map_err(|error| PipelineError::InvalidInput(format!("the link's lifetime: {error}")))?;
        let signed = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .presigned(config)
            .await
            .map_err(|error| PipelineError::aws("S3", &error))?;
        let lifetime = SignedDuration::try_from(self.lifetime).expect("S3 allows at most a week");
        Ok(Link {
            url: signed.uri().to_owned(),
            expires_at: Timestamp::now() + lifetime,
        })
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};

    use super::*;

    #[tokio::test]
    async fn a_link_says_how_long_it_lives() {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))
            .build();
        let links = Links::new(
            aws_sdk_s3::Client::from_conf(config),
            "reports".into(),
            Duration::from_secs(3600),
        );
        let link = links.to("SellerId=A3/a.tsv").await.expect("signed");
        assert!(link.url.contains("X-Amz-Expires=3600"));
        assert!(link.url.contains("SellerId%3DA3/a.tsv"));
        assert!(link.expires_at > Timestamp::now() + SignedDuration::from_secs(3590));
        assert!(!format!("{link:?}").contains("X-Amz-Signature"));
    }
}
