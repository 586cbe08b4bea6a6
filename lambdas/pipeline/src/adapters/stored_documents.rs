//! Reading what [`DocumentStore`] has: in URLs that are good for a few minutes, and without the bytes.

use std::time::Duration;

use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_sdk_s3::types::ChecksumMode;
use jiff::{SignedDuration, Timestamp};

use super::DocumentStore;
use crate::PipelineError;
use crate::domain::Link;

/// How a stored document describes itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredHeaders {
    /// Its length, as it is stored.
    pub bytes: u64,
    /// `Content-Type`.
    pub content_type: String,
    /// `Content-Encoding`.
    pub content_encoding: Option<String>,
    /// The file name of its `Content-Disposition`.
    pub file_name: Option<String>,
    /// S3's CRC-64/NVME of the whole, in base64.
    pub crc64nvme: Option<String>,
}

/// The method that a URL is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlMethod {
    /// `GET`.
    Get,
    /// `HEAD`.
    Head,
}

impl DocumentStore {
    /// A presigned URL of the document under `key`, good for `lifetime`, or for as long as the function's
    /// own credentials are: a signature dies with the credentials that made it.
    ///
    /// # Errors
    /// [`PipelineError::InvalidInput`] if the lifetime is more than S3 allows.
    pub async fn presigned(
        &self,
        key: &str,
        method: UrlMethod,
        lifetime: Duration,
    ) -> Result<Link, PipelineError> {
        let config = PresigningConfig::expires_in(lifetime)
            .map_err(|error| PipelineError::InvalidInput(format!("the link's lifetime: {error}")))?;
        let signed = match method {
            UrlMethod::Get => self.signed_get(key, config).await?,
            UrlMethod::Head => self.signed_head(key, config).await?,
        };
        let lifetime = SignedDuration::try_from(lifetime).expect("S3 allows at most a week");
        Ok(Link {
            url: signed.uri().to_owned(),
            expires_at: Timestamp::now() + lifetime,
        })
    }

    async fn signed_get(
        &self,
        key: &str,
        config: PresigningConfig,
    ) -> Result<PresignedRequest, PipelineError> {
        let get = self.client.get_object().bucket(&self.bucket).key(key);
        let signed = get.presigned(config).await;
        signed.map_err(|error| PipelineError::aws("S3", &error))
    }

    async fn signed_head(
        &self,
        key: &str,
        config: PresigningConfig,
    ) -> Result<PresignedRequest, PipelineError> {
        let head = self.client.head_object().bucket(&self.bucket).key(key);
        let signed = head.presigned(config).await;
        signed.map_err(|error| PipelineError::aws("S3", &error))
    }

    /// How the document under `key` describes itself; `None` if it is not there (any more).
    ///
    /// # Errors
    /// S3's.
    pub async fn headers(&self, key: &str) -> Result<Option<StoredHeaders>, PipelineError> {
        let head = self
            .client
            .head_object()
            .bucket(&self.bucket)
            .key(key)
            .checksum_mode(ChecksumMode::Enabled)
            .send()
            .await;
        match head {
            Ok(head) => Ok(Some(StoredHeaders {
                bytes: head.content_length.and_then(|it| it.try_into().ok()).unwrap_or(0),
                content_type: head.content_type.unwrap_or_default(),
                content_encoding: head.content_encoding,
                file_name: head.content_disposition.as_deref().and_then(file_name),
                crc64nvme: head.checksum_crc64_nvme,
            })),
            Err(error) => match error.raw_response().map(|answer| answer.status().as_u16()) {
                Some(404) => Ok(None),
                // What S3 says of a missing object to whom may not list the bucket, as no function may.
                Some(403) => {
                    tracing::warn!("S3 denies an object: it is gone, or a permission is");
                    Ok(None)
                }
                _ => Err(PipelineError::aws("S3", &error)),
            },
        }
    }
}

/// The `filename` of a `Content-Disposition` as documents are stored with it.
fn file_name(disposition: &str) -> Option<String> {
    let (_, name) = disposition.split_once("filename=\"")?;
    Some(name.strip_suffix('"')?.to_owned())
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
    use aws_sdk_s3::operation::head_object::HeadObjectOutput;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;

    #[tokio::test]
    async fn a_link_says_how_long_it_lives() {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))
            .build();
        let store = DocumentStore::new(aws_sdk_s3::Client::from_conf(config), "reports".into());
        let signed = async |method| {
            let hour = Duration::from_secs(3600);
            store
                .presigned("SellerId=A3/a.tsv", method, hour)
                .await
                .expect("signed")
        };
        let link = signed(UrlMethod::Get).await;
        assert!(link.url.contains("X-Amz-Expires=3600") && link.is_presigned());
        assert!(link.url.contains("SellerId%3DA3/a.tsv"));
        assert!(link.expires_at > Timestamp::now() + SignedDuration::from_secs(3590));
        assert!(!format!("{link:?}").contains("X-Amz-Signature"));
        // A signature holds for one method.
        let signature = |link: &Link| link.url.split_once("X-Amz-Signature=").map(|it| it.1.to_owned());
        assert_ne!(signature(&signed(UrlMethod::Head).await), signature(&link));
    }

    async fn headers(head: &Rule) -> Result<Option<StoredHeaders>, PipelineError> {
        let client = mock_client!(aws_sdk_s3, RuleMode::MatchAny, &[head]);
        DocumentStore::new(client, "reports".into()).headers("k").await
    }

    #[tokio::test]
    async fn a_document_says_what_it_is() {
        let head = mock!(aws_sdk_s3::Client::head_object)
            .match_requests(|request| request.checksum_mode() == Some(&ChecksumMode::Enabled))
            .then_output(|| {
                HeadObjectOutput::builder()
                    .content_length(5)
                    .content_type("text/plain; charset=UTF-8")
                    .content_encoding("gzip")
                    .content_disposition("attachment; filename=\"GET_X_A3_2026-11-22_7.tsv\"")
                    .checksum_crc64_nvme("rosUhgp5mIg=")
                    .build()
            });
        let expected = StoredHeaders {
            bytes: 5,
            content_type: "text/plain; charset=UTF-8".into(),
            content_encoding: Some("gzip".into()),
            file_name: Some("GET_X_A3_2026-11-22_7.tsv".into()),
            crc64nvme: Some("rosUhgp5mIg=".into()),
        };
        assert_eq!(headers(&head).await.expect("there"), Some(expected));
    }

    #[tokio::test]
    async fn what_is_gone_is_told_from_what_fails() {
        let refusing = |status: u16| {
            mock!(aws_sdk_s3::Client::head_object).then_http_response(move || {
                let status = status.try_into().expect("a status");
                aws_sdk_s3::config::http::HttpResponse::new(status, aws_sdk_s3::primitives::SdkBody::empty())
            })
        };
        for gone in [403, 404] {
            assert_eq!(headers(&refusing(gone)).await.expect("an answer"), None, "{gone}");
        }
        assert!(headers(&refusing(400)).await.is_err());
    }
}
