use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use serde::Deserialize;

/// What has been taken from the queue by this process. Tests that run side by side share one mailbox:
/// whoever takes a message keeps it for the one whom it concerns.
static TAKEN: Mutex<Vec<Email>> = Mutex::new(Vec::new());

/// An e-mail as a person would get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// Whose address it was sent to.
    pub recipient: String,
    /// What filter policies can choose by.
    pub attributes: BTreeMap<String, String>,
    /// SNS's name for it, the same for all who get it. The queue may hand one e-mail out twice; two e-mails have two
    /// names. Each piece of news in one that tells of many has that name.
    pub message_id: String,
    /// When SNS took it; the local SNS leaves out what is below the second.
    pub published_at: Option<Timestamp>,
}

impl Email {
    /// The link in the text, if there is one.
    #[must_use]
    pub fn link(&self) -> Option<&str> {
        self.text
            .lines()
            .find(|line| line.starts_with("http://") || line.starts_with("https://"))
    }

    /// Whether it is about that report.
    #[must_use]
    pub fn concerns(&self, seller: &str, report: &str) -> bool {
        self.seller() == Some(seller) && self.fact("Report id") == Some(report)
    }

    /// Whose report it is about.
    #[must_use]
    pub fn seller(&self) -> Option<&str> {
        // What was gathered for the owner has no seller of its own.
        let attribute = self.attributes.get("SellerId").map(String::as_str);
        // Of a merged account, the region stands behind it.
        attribute.or_else(|| self.fact("Seller")?.split_whitespace().next())
    }

    /// The region of that, if it is said.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        let attribute = self.attributes.get("RegionCode").map(String::as_str);
        let fact = || {
            self.fact("Region")
                .or_else(|| self.fact("Seller")?.split(['(', ')']).nth(1))
        };
        attribute.or_else(fact)
    }

    /// The news that it tells of: itself, unless there was too much to be told at once.
    #[must_use]
    pub fn each(self) -> Vec<Self> {
        if self.attributes.get("Outcome").map(String::as_str) != Some("NewsGathered") {
            return vec![self];
        }
        let rule = format!("{}\n", "-".repeat(70));
        let parts: Vec<&str> = self.text.split(&rule).collect();
        // What stands before the first rule is no news; then heading and text take turns.
        let news = parts[1..].chunks_exact(2).map(|part| Self {
            subject: part[0]
                .split_once(": ")
                .map_or("", |(_, subject)| subject)
                .trim()
                .to_owned(),
            text: part[1].trim_start().to_owned(),
            ..self.clone()
        });
        news.collect()
    }

    /// What stands behind `name:` in the text.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&str> {
        let values = self
            .text
            .lines()
            .filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        values.map(str::trim).next()
    }
}

/// SNS's envelope around a message on its way to a queue.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    #[serde(default)]
    subject: String,
    message: String,
    #[serde(default)]
    recipient: String,
    #[serde(default)]
    message_attributes: BTreeMap<String, Attribute>,
    #[serde(default)]
    message_id: String,
    timestamp: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    value: String,
}

/// The queue that gets every e-mail, in its reader's stead.
#[derive(Clone, Debug)]
pub struct Mailbox {
    client: aws_sdk_sqs::Client,
    queue_url: String,
}

impl Mailbox {
    pub(crate) fn new(client: aws_sdk_sqs::Client, queue_url: String) -> Self {
        Self { client, queue_url }
    }

    /// Waits for the first e-mail about a report.
    ///
    /// # Errors
    /// None has come within `patience`.
    pub async fn wait_for(&self, seller: &str, report: &str, patience: Duration) -> Result<Email> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(email) = self.about(seller, report).first() {
                return Ok(email.clone());
            }
            if Instant::now() > deadline {
                bail!(
                    "no e-mail about report {report} of {seller} within {} s",
                    patience.as_secs()
                );
            }
            self.take_waiting().await?;
        }
    }

    /// Every e-mail about a report that has come so far, after a look into the queue.
    ///
    /// # Errors
    /// SQS fails.
    pub async fn all_about(&self, seller: &str, report: &str) -> Result<Vec<Email>> {
        self.take_waiting().await?;
        Ok(self.about(seller, report))
    }

    /// Waits for the first e-mail with that subject.
    ///
    /// # Errors
    /// None has come within `patience`.
    pub async fn wait_for_subject(&self, subject: &str, patience: Duration) -> Result<Email> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(email) = self.with_subject(subject).first() {
                return Ok(email.clone());
            }
            if Instant::now() > deadline {
                bail!("no e-mail called {subject:?} within {} s", patience.as_secs());
            }
            self.take_waiting().await?;
        }
    }

    /// Waits for the first e-mail to do with a seller whose subject begins with `headline`.
    ///
    /// # Errors
    /// None has come within `patience`.
    pub async fn wait_for_headline(&self, headline: &str, seller: &str, patience: Duration) -> Result<Email> {
        let deadline = Instant::now() + patience;
        loop {
            let all = self.all().await?;
            let is_it = |email: &Email| email.seller() == Some(seller) && email.subject.starts_with(headline);
            if let Some(email) = all.into_iter().find(is_it) {
                return Ok(email);
            }
            if Instant::now() > deadline {
                bail!(
                    "no e-mail to do with {seller} begins with {headline:?} within {} s",
                    patience.as_secs()
                );
            }
        }
    }

    /// Those with that subject, of the e-mails that have been taken so far.
    #[must_use]
    pub fn with_subject(&self, subject: &str) -> Vec<Email> {
        let taken = TAKEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        taken
            .iter()
            .filter(|email| email.subject == subject)
            .cloned()
            .collect()
    }

    /// Every e-mail that has come so far, whomever it concerns, after the queue has been emptied.
    ///
    /// # Errors
    /// SQS fails.
    pub async fn all(&self) -> Result<Vec<Email>> {
        while self.take_waiting().await? > 0 {}
        Ok(TAKEN
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone())
    }

    fn about(&self, seller: &str, report: &str) -> Vec<Email> {
        let taken = TAKEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        taken
            .iter()
            .filter(|email| email.concerns(seller, report))
            .cloned()
            .collect()
    }

    /// Takes what is there, at most ten; how many there were.
    async fn take_waiting(&self) -> Result<usize> {
        let received = self
            .client
            .receive_message()
            .queue_url(&self.queue_url)
            .max_number_of_messages(10)
            .wait_time_seconds(1)
            .send()
            .await
            .context("the mailbox could not be read")?;
        for message in received.messages() {
            let body = message.body().unwrap_or_default();
            let envelope: Envelope = serde_json::from_str(body).context("no SNS envelope in the mailbox")?;
            let attributes = envelope
                .message_attributes
                .into_iter()
                .map(|(name, attribute)| (name, attribute.value))
                .collect();
            let email = Email {
                subject: envelope.subject,
                text: envelope.message,
                recipient: envelope.recipient,
                attributes,
                message_id: envelope.message_id,
                published_at: envelope.timestamp,
            };
            TAKEN
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .extend(email.each());
            self.client
                .delete_message()
                .queue_url(&self.queue_url)
                .receipt_handle(message.receipt_handle().unwrap_or_default())
                .send()
                .await?;
        }
        Ok(received.messages().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_says_what_it_is_about() {
        let email = Email {
            subject: "Amazon report ready".into(),
            text: "Report type: GET_X\nReport id:   500\n".into(),
            recipient: "seller@example.com".into(),
            attributes: BTreeMap::from([("SellerId".into(), "A1".into())]),
            message_id: "m".into(),
            published_at: None,
        };
        assert!(email.concerns("A1", "500"));
        assert!(!email.concerns("A1", "50"));
        assert!(!email.concerns("A2", "500"));
        assert_eq!(email.fact("Report type"), Some("GET_X"));
    }

    #[test]
    fn an_email_of_many_news_is_all_of_them() {
        let rule = "-".repeat(70);
        let many = Email {
            subject: "Amazon reports: 2 in one e-mail".into(),
            text: format!(
                "So much.\n\n{rule}\n1 of 2: Amazon report ready: A\n{rule}\n\nSeller:      A1\nReport id:   500\n\n\
                 {rule}\n2 of 2: Amazon report failed\n{rule}\n\nSeller:      A2\nReport id:   501\n\n{rule}\n\nWhoever\n"
            ),
            recipient: "owner@example.com".into(),
            attributes: BTreeMap::from([("Outcome".into(), "NewsGathered".into())]),
            message_id: "m".into(),
            published_at: None,
        };
        let news = many.each();
        assert_eq!(news.len(), 2);
        assert!(news[0].concerns("A1", "500") && news[1].concerns("A2", "501"));
        assert_eq!(news[0].subject, "Amazon report ready: A");
        assert_eq!(news[1].subject, "Amazon report failed");
    }
}
