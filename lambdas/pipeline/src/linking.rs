//! Links to stored reports: of our own, an address of the stack's API that leads to a URL which is made at the
//! click, or such a URL itself.

use std::time::Duration;

use aws_config::SdkConfig;
use jiff::Timestamp;
use sp_api::ids::{ReportId, ReportType};

use crate::PipelineError;
use crate::adapters::{DocumentStore, LedgerRow, LinkTarget, Links, UrlMethod};
use crate::domain::stages::LinkRequest;
use crate::domain::{Account, FinalStatus, Lifetimes, Link, LinkToken, Retention, link_end};
use crate::settings::{self, InvalidSetting};

/// A document in the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReport {
    /// Where it is, and whose.
    pub target: LinkTarget,
    /// Since when.
    pub stored_at: Timestamp,
    /// How long it stays.
    pub retention: Retention,
}

impl StoredReport {
    /// The document of the report with that `row`; `None` if none is stored.
    #[must_use]
    pub fn of(account: &Account, report: &ReportId, row: &LedgerRow) -> Option<Self> {
        let object_key = row.text("objectKey")?.to_owned();
        let stored_at = row.time("storedAt")?;
        let report_type = row.text("reportType").and_then(|it| ReportType::parse(it).ok());
        let ended = row.text("processingStatus").and_then(FinalStatus::of_amazon);
        let retention = match (report_type, ended) {
            (Some(report_type), Some(ended)) => Retention::of(&report_type, ended),
            // Nobody knows that it may stay for longer.
            _ => Retention::PersonalData,
        };
        Some(Self {
            target: LinkTarget {
                account: account.clone(),
                report: report.clone(),
                object_key,
            },
            stored_at,
            retention,
        })
    }
}

/// Which kind of link people get.
#[derive(Clone, Debug)]
pub enum ReportLinks {
    /// An address of our own, which leads to a URL that is made at the click.
    Own(LinkMaker),
    /// A presigned URL, made now.
    Presigned {
        /// Where the documents are.
        documents: DocumentStore,
        /// How long it works at most.
        lifetime: Duration,
    },
}

impl ReportLinks {
    /// Those that the environment describes: `LINK_LIFETIME_SECONDS` and `REPORTS_BUCKET` for presigned URLs, or
    /// what [`LinkMaker::from_env`] reads.
    ///
    /// # Errors
    /// Names the variable that is missing or invalid.
    pub fn from_env(aws: &SdkConfig) -> Result<Self, InvalidSetting> {
        // Only presigned URLs are given a lifetime in seconds.
        Ok(match settings::optional("LINK_LIFETIME_SECONDS")? {
            Some(seconds) => Self::Presigned {
                documents: DocumentStore::new(
                    aws_sdk_s3::Client::new(aws),
                    settings::required("REPORTS_BUCKET")?,
                ),
                lifetime: Duration::from_secs(seconds),
            },
            None => Self::Own(LinkMaker::from_env(aws)?),
        })
    }

    /// The link to what was stored just before `now`.
    ///
    /// # Errors
    /// DynamoDB failed, or the function has no credentials.
    pub async fn link(&self, document: &LinkRequest, now: Timestamp) -> Result<Link, PipelineError> {
        match self {
            Self::Own(maker) => {
                let link = maker.link_to(&just_stored(document, now), None, now).await?;
                Ok(link.expect("a document stays for a day at least"))
            }
            Self::Presigned { documents, lifetime } => {
                documents
                    .presigned(&document.object_key, UrlMethod::Get, *lifetime)
                    .await
            }
        }
    }
}

fn just_stored(document: &LinkRequest, now: Timestamp) -> StoredReport {
    let report_type = document.report_type.as_ref();
    StoredReport {
        target: LinkTarget {
            account: document.seller_id.clone(),
            report: document.report_id.clone(),
            object_key: document.object_key.clone(),
        },
        stored_at: now,
        retention: report_type.map_or(Retention::PersonalData, |report_type| {
            Retention::of(report_type, document.processing_status)
        }),
    }
}

/// Makes links of our own.
#[derive(Clone, Debug)]
pub struct LinkMaker {
    links: Links,
    api_url: String,
    lifetimes: Lifetimes,
}

impl LinkMaker {
    /// One whose links are addresses below `api_url`.
    #[must_use]
    pub fn new(links: Links, api_url: String, lifetimes: Lifetimes) -> Self {
        Self {
            links,
            api_url,
            lifetimes,
        }
    }

    /// One as the environment describes it: `LINKS_TABLE`, `API_URL`, `LINK_LIFETIME_DAYS` and
    /// `REPORT_RETENTION_DAYS`.
    ///
    /// # Errors
    /// Names the variable that is missing or invalid.
    pub fn from_env(aws: &SdkConfig) -> Result<Self, InvalidSetting> {
        let table = settings::required("LINKS_TABLE")?;
        let lifetimes = Lifetimes {
            link_days: settings::required("LINK_LIFETIME_DAYS")?,
            document_days: settings::required("REPORT_RETENTION_DAYS")?,
        };
        let links = Links::new(aws_sdk_dynamodb::Client::new(aws), table);
        Ok(Self::new(links, settings::required("API_URL")?, lifetimes))
    }

    /// The links that are made.
    #[must_use]
    pub fn links(&self) -> &Links {
        &self.links
    }

    /// For how many days links and documents live.
    #[must_use]
    pub fn lifetimes(&self) -> Lifetimes {
        self.lifetimes
    }

    /// A new link for `days`, or as long as links live here, and never longer than the document; `None`
    /// if that is at its end. A retry makes another, which does no harm.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn link_to(
        &self,
        stored: &StoredReport,
        days: Option<u32>,
        now: Timestamp,
    ) -> Result<Option<Link>, PipelineError> {
        let days = days.unwrap_or(self.lifetimes.link_days);
        let kept = stored.retention.kept(self.lifetimes.document_days);
        let Some(expires_at) = link_end(now, days, stored.stored_at, kept) else {
            return Ok(None);
        };
        let token = LinkToken::random();
        self.links.keep(&token.hash(), &stored.target, expires_at).await?;
        let url = format!("{}/links/{}", self.api_url, token.expose());
        Ok(Some(Link { url, expires_at }))
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::put_item::PutItemOutput;
    use aws_sdk_dynamodb::types::AttributeValue;
    use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use serde_json::json;

    use super::*;
    use crate::adapters::Ledger;

    const LIFETIMES: Lifetimes = Lifetimes {
        link_days: 7,
        document_days: 540,
    };

    fn maker(put: &Rule) -> LinkMaker {
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[put]);
        let links = Links::new(dynamodb, "links".into());
        LinkMaker::new(links, "https://api.example/prod".into(), LIFETIMES)
    }

    async fn stored(report_type: &'static str) -> Option<StoredReport> {
        let get = mock!(aws_sdk_dynamodb::Client::get_item).then_output(move || {
            let text = |value: &str| AttributeValue::S(value.to_owned());
            GetItemOutput::builder()
                .item("objectKey", text("k"))
                .item("storedAt", text("2026-11-01T06:00:00.000Z"))
                .item("reportType", text(report_type))
                .item("processingStatus", text("DONE"))
                .build()
        });
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&get]);
        let account = Account::parse("A3").expect("valid");
        let row = Ledger::new(dynamodb, "reports".into()).row(&account, "7").await;
        let report = ReportId::parse("7").expect("valid");
        StoredReport::of(&account, &report, &row.expect("read")?)
    }

    async fn end(report_type: &'static str, days: Option<u32>, now: &str) -> Option<String> {
        let put = mock!(aws_sdk_dynamodb::Client::put_item).then_output(|| PutItemOutput::builder().build());
        let stored = stored(report_type).await.expect("stored");
        let now = now.parse().expect("a time");
        let link = maker(&put).link_to(&stored, days, now).await.expect("made");
        assert_eq!(put.num_calls(), usize::from(link.is_some()));
        let link = link?;
        let token = link.url.strip_prefix("https://api.example/prod/links/");
        assert!(token.and_then(LinkToken::parse).is_some() && !link.is_presigned());
        Some(link.expires_at.to_string())
    }

    #[tokio::test]
    async fn a_link_lives_as_long_as_links_do_and_no_longer_than_its_document() {
        let listings = "GET_MERCHANT_LISTINGS_ALL_DATA";
        let orders = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL";
        let (first, late) = ("2026-11-01T06:00:00Z", "2026-11-29T06:00:00Z");
        assert_eq!(
            end(listings, None, first).await.as_deref(),
            Some("2026-11-08T06:00:00Z")
        );
        assert_eq!(
            end(listings, Some(60), first).await.as_deref(),
            Some("2026-12-31T06:00:00Z")
        );
        assert_eq!(
            end(orders, Some(60), first).await.as_deref(),
            Some("2026-12-01T06:00:00Z")
        );
        assert_eq!(
            end(orders, None, late).await.as_deref(),
            Some("2026-12-01T06:00:00Z")
        );
        assert_eq!(end(orders, None, "2026-12-01T06:00:00Z").await, None);
    }

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
        let table = Links::new(dynamodb, "links".into());
        let links = ReportLinks::Own(LinkMaker::new(table, "https://api.example".into(), lifetimes));
        let now = "2026-11-01T06:00:00Z".parse().expect("a time");
        links.link(request, now).await.expect("made")
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
        let links = ReportLinks::Presigned {
            documents: DocumentStore::new(aws_sdk_s3::Client::from_conf(config), "reports".into()),
            lifetime: Duration::from_secs(21_600),
        };
        let link = links.link(&request(&[]), Timestamp::now()).await.expect("signed");
        assert!(link.is_presigned() && link.url.contains("X-Amz-Expires=21600"));
    }
}
