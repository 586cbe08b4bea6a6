//! What owners are told of e-mails that do not arrive.

use jiff::Timestamp;

use super::words::{fitting, minute};
use super::{Account, Advice, AdviceCode, Announcement, EmailAddress, Failure, Undeliverable};

/// A seller's address that gets nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoppedMail<'a> {
    /// Whose news went there.
    pub account: &'a Account,
    /// The address.
    pub address: &'a EmailAddress,
    /// What happened.
    pub why: Undeliverable,
    /// The mail server's words for it, if there are any.
    pub words: Option<&'a str>,
    /// Since when it gets nothing.
    pub since: Timestamp,
}

impl StoppedMail<'_> {
    /// What happened, in words.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.words.unwrap_or(match self.why {
            Undeliverable::Bounced => "the address takes no mail",
            Undeliverable::Complaint => "its reader called a mail spam",
        })
    }

    /// What can be done.
    #[must_use]
    pub fn advice(&self) -> Advice {
        Advice::new(
            AdviceCode::StoreAddress,
            "Ask the seller for an address that takes mail, and store it with POST /tokens, NotificationEmail. The same \
             address again switches it on again.",
        )
    }
}

impl Announcement {
    /// Words for the owner that a seller's address gets nothing more.
    #[must_use]
    pub fn of_stopped_mail(stopped: &StoppedMail<'_>) -> Self {
        let happened = match stopped.why {
            Undeliverable::Bounced => "A mail to a seller came back",
            Undeliverable::Complaint => "A seller, or somebody else who got the same mail, called it spam",
        };
        let seller = stopped.account.in_words();
        Self {
            subject: fitting(format!(
                "Amazon report mail stopped: {seller}, {}",
                stopped.why.name()
            )),
            text: format!(
                "{happened}. Nothing more is sent to this address; reports are delivered on.\n\n\
                 Reason:      {}\nWhat to do:  {}\n\nSeller:      {seller}\nAddress:     {}\nSince:       {}\n",
                stopped.reason(),
                stopped.advice().text,
                stopped.address,
                minute(stopped.since),
            ),
            download: None,
        }
    }

    /// Words for the owner that the e-mail with that subject was refused for good, as `failure` says.
    #[must_use]
    pub fn of_refused_mail(subject: &str, failure: &Failure) -> Self {
        Self {
            subject: fitting(format!("Mail refused: {subject}")),
            text: format!(
                "SES did not take an e-mail, and would not take it later either; its readers do not get it. Nothing else\n\
                 is lost: what it tells of stands in the report's row.\n\n\
                 Reason:      {}\nWhat to do:  {}\n\nSubject:     {subject}\n",
                failure.reason(),
                "Look up at SES whether the sender's identity is verified, whether the account may send, and, in SES's \
                 sandbox, whether the reader's address is verified.",
            ),
            download: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::news::tests::delivered;
    use crate::domain::news::{Audience, News};

    fn now() -> Timestamp {
        "2026-11-22T08:30:00Z".parse().expect("a time")
    }

    #[test]
    fn the_owner_is_told_whose_address_is_switched_off_and_how_it_is_switched_on() {
        let account = Account::parse("A3_EU").expect("valid");
        let address = EmailAddress::parse("ann@example.com").expect("valid");
        let mut stopped = StoppedMail {
            account: &account,
            address: &address,
            why: Undeliverable::Bounced,
            words: Some("smtp; 550 user unknown"),
            since: now(),
        };
        let mail = Announcement::of_stopped_mail(&stopped);
        assert_eq!(mail.subject, "Amazon report mail stopped: A3 (EU), MailBounced");
        for words in [
            "Reason:      smtp; 550 user unknown\n",
            "POST /tokens",
            "\nAddress:     ann@example.com\n",
        ] {
            assert!(mail.text.contains(words), "{words}: {}", mail.text);
        }
        let news = News::of_stopped_mail(&stopped, now());
        assert_eq!(news.audience(), Audience::Owner);
        assert_eq!(news.error.as_deref(), Some("MailBounced"));
        // Programs that need the address have the seller's row.
        assert!(!news.to_json().contains("ann@example.com"));
        stopped.words = None;
        assert_eq!(stopped.reason(), "the address takes no mail");
    }

    #[test]
    fn of_a_refused_mail_the_owner_gets_its_subject() {
        let failure = Failure {
            error: "AwsRefused".into(),
            cause: "SES refused: MessageRejected: no".into(),
        };
        let told = Announcement::of_refused_mail("Amazon report ready: x", &failure);
        assert_eq!(told.subject, "Mail refused: Amazon report ready: x");
        assert!(told.text.contains("MessageRejected"), "{}", told.text);
        let (refused, news) = (delivered(), delivered().of_refused_mail(&failure, now()));
        assert_eq!(
            (&news.seller_id, &news.report),
            (&refused.seller_id, &refused.report)
        );
        assert_ne!(news.id, refused.id);
        assert_eq!(news.audience(), Audience::Owner);
    }
}
