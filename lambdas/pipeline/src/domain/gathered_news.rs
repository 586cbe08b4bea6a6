//! Many news in one e-mail: what exceeds the pace that an address can bear.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::announcement::KEEP_TO_YOURSELF;
use super::words::{fitting, minute};
use super::{Announcement, Recipient};

/// Between one piece of news and the next.
const RULE: &str = "----------------------------------------------------------------------";

impl Announcement {
    /// All of `news` for one recipient, in one.
    #[must_use]
    pub fn of_many(news: &[Self], recipient: &Recipient, now: Timestamp) -> Self {
        let count = news.len();
        let mut text = "So much has happened within a short time that you get it in one e-mail.\n".to_owned();
        for (number, news) in news.iter().enumerate() {
            let _ = write!(
                text,
                "\n{RULE}\n{} of {count}: {}\n{RULE}\n\n{}",
                number + 1,
                news.subject,
                news.with_link()
            );
        }
        if news.iter().any(|news| news.download.is_some()) {
            let _ = write!(text, "\n{RULE}\n{KEEP_TO_YOURSELF}");
        }
        let whose = match recipient {
            Recipient::Owner => String::new(),
            Recipient::Seller(seller, None) => format!(", {seller}"),
            Recipient::Seller(seller, Some(region)) => format!(", {seller}, {region}"),
        };
        Self {
            subject: fitting(format!(
                "Amazon reports: {count} in one e-mail, {}{whose}",
                minute(now)
            )),
            text,
            download: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::stages::LinkRequest;
    use crate::domain::{Account, Download, FinalStatus, Link};

    fn news(number: u32) -> Announcement {
        let account = Account::parse("A3").expect("valid");
        Announcement {
            subject: format!("Amazon report ready: {number}"),
            text: format!("Report id:   {number}\n"),
            download: (number > 1).then(|| Download {
                link: Link {
                    url: format!("https://api.example/links/{number}"),
                    expires_at: "2026-11-29T08:30:00Z".parse().expect("a time"),
                },
                document: LinkRequest {
                    seller_id: account,
                    report_id: sp_api::ids::ReportId::parse("7").expect("valid"),
                    report_type: None,
                    processing_status: FinalStatus::Done,
                    object_key: "k".into(),
                },
            }),
        }
    }

    #[test]
    fn many_news_are_told_in_one_mail_with_all_that_each_has() {
        let now = "2026-11-22T08:30:00Z".parse().expect("a time");
        let recipient = Recipient::parse("A3_EU").expect("valid");
        let mail = Announcement::of_many(&[news(1), news(2)], &recipient, now);
        assert_eq!(
            mail.subject,
            "Amazon reports: 2 in one e-mail, 2026-11-22 08:30 UTC, A3, EU"
        );
        let rule = RULE;
        assert_eq!(
            mail.mail(Some("Ask Ann.")),
            format!(
                "So much has happened within a short time that you get it in one e-mail.\n\
                 \n{rule}\n1 of 2: Amazon report ready: 1\n{rule}\n\nReport id:   1\n\
                 \n{rule}\n2 of 2: Amazon report ready: 2\n{rule}\n\nReport id:   2\n\
                 \nDownload, until 2026-11-29 08:30 UTC:\nhttps://api.example/links/2\n\
                 \n{rule}\n\nWhoever has this link can read the report, so please do not pass it on.\n\
                 \nQuestions? Ask Ann.\n"
            )
        );
        let owner = Announcement::of_many(&[news(1)], &Recipient::Owner, now);
        assert!(
            owner.subject.ends_with("UTC") && !owner.text.contains("Whoever"),
            "{owner:?}"
        );
    }
}
