use std::time::Duration;

use jiff::Timestamp;
use pipeline::PipelineError;
use pipeline::adapters::{DocumentStore, LinkTarget, UrlMethod};
use pipeline::domain::stages::LinkRequest;
use pipeline::domain::{Link, Retention};
use pipeline::linking::{LinkMaker, StoredReport};

/// Which kind of link goes into the e-mail.
pub enum LinkStage {
    /// An address of our own, which leads to a URL that is made at the click.
    Own(LinkMaker),
    /// A presigned URL, made now.
    Presigned {
        documents: DocumentStore,
        lifetime: Duration,
    },
}

impl LinkStage {
    /// The link to what has just been stored.
    pub async fn link(&self, request: &LinkRequest, now: Timestamp) -> Result<Link, PipelineError> {
        match self {
            Self::Own(maker) => {
                let link = maker.link_to(&just_stored(request, now), None, now).await?;
                Ok(link.expect("a document stays for a day at least"))
            }
            Self::Presigned { documents, lifetime } => {
                documents
                    .presigned(&request.object_key, UrlMethod::Get, *lifetime)
                    .await
            }
        }
    }
}

fn just_stored(request: &LinkRequest, now: Timestamp) -> StoredReport {
    let report_type = request.report_type.as_ref();
    StoredReport {
        target: LinkTarget {
            account: request.seller_id.clone(),
            report: request.report_id.clone(),
            object_key: request.object_key.clone(),
        },
        stored_at: now,
        retention: report_type.map_or(Retention::PersonalData, |report_type| {
            Retention::of(report_type, request.processing_status)
        }),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::put_item::PutItemOutput;
    use aws_sdk_dynamodb::types::AttributeValue;
    use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
    use aws_smithy_mocks::{RuleMode, mock, mock_client};
    use pipeline::adapters::Links;
    use pipeline::domain::Lifetimes;
    use serde_json::json;

    use super::*;

    fn request(more: &[(&str, &str)]) -> LinkRequest {
        let mut request = json!({"SellerId": "A3", "ReportId": "7", "ObjectKey": "k"});
        for (name, value) in more {
            request[*name] = json!(value);
        }
        serde_json::from_value(request).expect("a request")
    }

    async fn own(request: &LinkRequest) -> Link {
        let put = mock!(aws_sdk_dynamodb::Client::put_item)
            .match_requests(|request| {
                let item = request.item().expect("an item");
                let is = |name: &str, value: &str| item[name] == AttributeValue::S(value.to_owned());
                is("sellerId", "A3") && is("reportId", "7") && is("objectKey", "k")
            })
            .then_output(|| PutItemOutput::builder().build());
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&put]);
        let lifetimes = Lifetimes {
            link_days: 90,
            document_days: 540,
        };
        let links = Links::new(dynamodb, "links".into());
        let stage = LinkStage::Own(LinkMaker::new(links, "https://api.example".into(), lifetimes));
        let now = "2026-11-01T06:00:00Z".parse().expect("a time");
        stage.link(request, now).await.expect("made")
    }

    #[tokio::test]
    async fn a_link_of_our_own_does_not_outlive_its_report() {
        let listings = ("ReportType", "GET_MERCHANT_LISTINGS_ALL_DATA");
        let end = async |more: &[(&str, &str)]| own(&request(more)).await.expires_at.to_string();
        assert_eq!(
            end(&[listings, ("ProcessingStatus", "DONE")]).await,
            "2027-01-30T06:00:00Z"
        );
        // Why there is no report goes after thirty days, and so does what nobody knows the type of.
        assert_eq!(
            end(&[listings, ("ProcessingStatus", "FATAL")]).await,
            "2026-12-01T06:00:00Z"
        );
        assert_eq!(end(&[]).await, "2026-12-01T06:00:00Z");
    }

    #[tokio::test]
    async fn a_presigned_url_is_what_it_was() {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))
            .build();
        let stage = LinkStage::Presigned {
            documents: DocumentStore::new(aws_sdk_s3::Client::from_conf(config), "reports".into()),
            lifetime: Duration::from_secs(21_600),
        };
        let link = stage.link(&request(&[]), Timestamp::now()).await.expect("signed");
        assert!(link.is_presigned() && link.url.contains("X-Amz-Expires=21600"));
    }
}
