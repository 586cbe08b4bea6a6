use std::time::Duration;

use jiff::Timestamp;
use pipeline::PipelineError;
use pipeline::adapters::{DocumentStore, Links, UrlMethod};
use pipeline::domain::{LinkToken, TokenHash};
use pipeline::metrics::Metric;
use tokio::time::timeout;

/// How long the URL is good that a click leads to: it is followed at once.
const URL_LIFETIME: Duration = Duration::from_secs(300);

/// Counting must not keep anybody waiting.
const LONGEST_COUNTING: Duration = Duration::from_millis(500);

/// What opening a link takes.
pub struct Opener {
    pub links: Links,
    pub documents: DocumentStore,
}

impl Opener {
    /// A fresh URL, good for that method, of the document that the token leads to; `None` if it leads
    /// nowhere. Whether it is unknown, revoked or at its end, is found out in the same way and time.
    pub async fn open(
        &self,
        method: UrlMethod,
        token: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<String>, PipelineError> {
        let Some(token) = token.and_then(LinkToken::parse) else {
            return Ok(None);
        };
        let hash = token.hash();
        let Some(key) = self.links.find(&hash, now).await? else {
            return Ok(None);
        };
        let (document, ()) = tokio::join!(self.documents.headers(&key), self.count(method, &hash, &key, now));
        if document?.is_none() {
            return Ok(None);
        }
        let link = self.documents.presigned(&key, method, URL_LIFETIME).await?;
        Ok(Some(link.url))
    }

    /// Counts who comes for the document, and not who only looks whether it is there, as mail filters do.
    async fn count(&self, method: UrlMethod, hash: &TokenHash, key: &str, now: Timestamp) {
        if method == UrlMethod::Head {
            return;
        }
        match timeout(LONGEST_COUNTING, self.links.count_opening(hash, now)).await {
            Ok(Ok(())) => {
                Metric::LinksOpened.count();
                tracing::info!(object_key = key, "a link to {key} is opened");
            }
            Ok(Err(error)) => tracing::warn!("an opening could not be counted: {error}"),
            Err(_) => tracing::warn!("an opening could not be counted in time"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::{Arc, Mutex};

    use aws_sdk_dynamodb::operation::get_item::{GetItemError, GetItemOutput};
    use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
    use aws_sdk_dynamodb::types::AttributeValue;
    use aws_sdk_dynamodb::types::error::{ConditionalCheckFailedException, ResourceNotFoundException};
    use aws_sdk_s3::operation::get_object::GetObjectOutput;
    use aws_sdk_s3::operation::head_object::HeadObjectOutput;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;

    /// The links and the bucket, as far as this function sees them.
    struct Rules {
        get: Rule,
        count: Rule,
        head: Rule,
    }

    impl Rules {
        /// All is well with a link that ends then.
        fn ending(at: i64) -> Self {
            Self {
                get: mock!(aws_sdk_dynamodb::Client::get_item).then_output(move || {
                    GetItemOutput::builder()
                        .item("objectKey", AttributeValue::S("SellerId=A3/7.tsv".into()))
                        .item("expiresAt", AttributeValue::N(at.to_string()))
                        .build()
                }),
                count: mock!(aws_sdk_dynamodb::Client::update_item)
                    .then_output(|| UpdateItemOutput::builder().build()),
                head: mock!(aws_sdk_s3::Client::head_object)
                    .then_output(|| HeadObjectOutput::builder().build()),
            }
        }

        async fn open(
            &self,
            method: UrlMethod,
            token: Option<&str>,
        ) -> Result<Option<String>, PipelineError> {
            let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&self.get, &self.count]);
            // To the mock, signing for an operation is a call, too.
            let signed =
                mock!(aws_sdk_s3::Client::get_object).then_output(|| GetObjectOutput::builder().build());
            let s3 = mock_client!(aws_sdk_s3, RuleMode::MatchAny, &[&self.head, &signed]);
            let opener = Opener {
                links: Links::new(dynamodb, "links".into()),
                documents: DocumentStore::new(s3, "reports".into()),
            };
            let now = Timestamp::from_second(1000).expect("a time");
            opener.open(method, token, now).await
        }

        /// How often the link was read, counted, and its document looked for.
        fn calls(&self) -> (usize, usize, usize) {
            let [get, count, head] = [&self.get, &self.count, &self.head].map(Rule::num_calls);
            (get, count, head)
        }
    }

    fn token() -> String {
        LinkToken::random().expose()
    }

    #[tokio::test]
    async fn a_link_leads_to_a_fresh_url_and_is_counted() {
        let rules = Rules::ending(2000);
        let url = rules.open(UrlMethod::Get, Some(&token())).await.expect("opened");
        let url = url.expect("a URL");
        assert!(
            url.contains("7.tsv") && url.contains("X-Amz-Expires=300"),
            "{url}"
        );
        assert_eq!(rules.calls(), (1, 1, 1));
    }

    #[tokio::test]
    async fn who_only_looks_is_not_counted() {
        let rules = Rules::ending(2000);
        let url = rules.open(UrlMethod::Head, Some(&token())).await.expect("opened");
        assert!(url.is_some());
        // Looked for, and signed for.
        assert_eq!(rules.calls(), (1, 0, 2));
    }

    #[tokio::test]
    async fn what_is_no_token_is_not_looked_for() {
        let rules = Rules::ending(2000);
        for text in [
            None,
            Some(""),
            Some("favicon.ico"),
            Some("a/b"),
            Some(&"A".repeat(9000)),
        ] {
            let opened = rules.open(UrlMethod::Get, text).await.expect("an answer");
            assert_eq!(opened, None, "{text:?}");
        }
        assert_eq!(rules.calls(), (0, 0, 0));
    }

    /// How long an answer takes tells no more than what it says: guesses, and links that once were, are
    /// looked for by one and the same request, and by no other.
    #[tokio::test]
    async fn a_sample_of_guesses_takes_the_way_of_links_that_have_ended() {
        const SAMPLE: usize = 200;
        let asked = Arc::new(Mutex::new(BTreeSet::new()));
        let mut ways = BTreeSet::new();
        for has_row in [false, true] {
            let asked = Arc::clone(&asked);
            let get = mock!(aws_sdk_dynamodb::Client::get_item)
                .match_requests(move |request| {
                    let key = request.key().expect("a key");
                    let lengths: Vec<_> = key
                        .iter()
                        .map(|(name, value)| (name.clone(), value.as_s().map(String::len).ok()))
                        .collect();
                    let shape = format!(
                        "{:?} {:?} {:?} {lengths:?}",
                        request.table_name(),
                        request.consistent_read(),
                        request.projection_expression(),
                    );
                    asked.lock().expect("whole").insert(shape);
                    true
                })
                .then_output(move || {
                    // Revoked is what has no row any more.
                    let row = [
                        (
                            "objectKey".to_owned(),
                            AttributeValue::S("SellerId=A3/7.tsv".into()),
                        ),
                        ("expiresAt".to_owned(), AttributeValue::N("1000".into())),
                    ];
                    let row = has_row.then(|| row.into());
                    GetItemOutput::builder().set_item(row).build()
                });
            let rules = Rules {
                get,
                ..Rules::ending(0)
            };
            for _ in 0..SAMPLE {
                let opened = rules.open(UrlMethod::Get, Some(&token())).await;
                assert_eq!(opened.expect("an answer"), None);
            }
            ways.insert(rules.calls());
        }
        assert_eq!(ways, BTreeSet::from([(SAMPLE, 0, 0)]));
        let asked = asked.lock().expect("whole");
        assert_eq!(asked.len(), 1, "{asked:?}");
    }

    #[tokio::test]
    async fn a_link_dies_with_its_document() {
        let rules = Rules {
            head: mock!(aws_sdk_s3::Client::head_object).then_http_response(|| {
                let gone = 404.try_into().expect("a status");
                aws_sdk_s3::config::http::HttpResponse::new(gone, aws_sdk_s3::primitives::SdkBody::empty())
            }),
            ..Rules::ending(2000)
        };
        let opened = rules
            .open(UrlMethod::Get, Some(&token()))
            .await
            .expect("an answer");
        assert_eq!(opened, None);
    }

    #[tokio::test]
    async fn what_can_not_be_counted_opens_and_what_can_not_be_read_is_an_error() {
        let rules = Rules {
            count: mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
                let unmet = ConditionalCheckFailedException::builder().build();
                UpdateItemError::ConditionalCheckFailedException(unmet)
            }),
            ..Rules::ending(2000)
        };
        let opened = rules.open(UrlMethod::Get, Some(&token())).await.expect("opened");
        assert!(opened.is_some());
        let rules = Rules {
            get: mock!(aws_sdk_dynamodb::Client::get_item).then_error(|| {
                let missing = ResourceNotFoundException::builder().build();
                GetItemError::ResourceNotFoundException(missing)
            }),
            ..Rules::ending(2000)
        };
        assert!(rules.open(UrlMethod::Get, Some(&token())).await.is_err());
    }
}
