//! What owners and sellers are told of authorizations that end, or have ended: each in words of their own.

use std::fmt::Write as _;

use jiff::Timestamp;
use sp_api::RegionCode;

use super::words::{day, fitting};
use super::{Account, Advice, AdviceCode, Announcement, EndingAuthorization};

/// What a seller can do, who need not know what this is.
const WAY_ON: &str = "Authorize the application again, on the page on which you have done so before: in Seller Central or \
                      Vendor Central, or by the link that you were given. If you don't know it, ask whoever delivers \
                      your Amazon reports.";

impl EndingAuthorization {
    /// What the owner can do.
    #[must_use]
    pub fn advice(&self) -> Advice {
        Advice::new(
            AdviceCode::AuthorizeAgain,
            "Have the seller authorize the application again, then store the new refresh token with POST /tokens. The \
             seller's own address has been asked, if there is one. The authorization of a private application, which \
             serves its own developer alone, does not end by the year: then ignore this, or deploy with \
             --parameters ReauthorizationDays=0.",
        )
    }

    fn facts(&self) -> String {
        format!(
            "{}Authorized:  {}\nEnds:        {}\n",
            facts(&self.account, self.region),
            day(self.authorized_at),
            day(self.ends_at)
        )
    }
}

impl Announcement {
    /// Words for the owner that a seller's authorization ends soon.
    #[must_use]
    pub fn of_ending_authorization(ending: &EndingAuthorization) -> Self {
        let ends = day(ending.ends_at);
        Self {
            subject: fitting(format!(
                "Amazon authorization ends: {}, {ends}",
                ending.account.in_words()
            )),
            text: format!(
                "The seller's authorization ends within {}. Without a new one, none of the seller's reports can be\n\
                 fetched or ordered after that.\n\nWhat to do:  {}\n\n{}",
                in_words(ending.reminder),
                ending.advice().text,
                ending.facts(),
            ),
            download: None,
        }
    }

    /// Words for the seller to authorize again before that.
    #[must_use]
    pub fn of_authorizing_again(ending: &EndingAuthorization) -> Self {
        Self {
            subject: fitting(format!(
                "Please authorize again: Amazon reports of {}, before {}",
                ending.account.in_words(),
                day(ending.ends_at)
            )),
            text: format!(
                "Your authorization, with which your Amazon reports are fetched, ends within {}. Amazon wants it renewed\n\
                 from time to time. Without that, no report of yours can be delivered after that.\n\n\
                 What to do:  {WAY_ON}\n\n{}",
                in_words(ending.reminder),
                ending.facts(),
            ),
            download: None,
        }
    }

    /// Words for the seller to authorize again, as Amazon does not take the authorization any more that it took
    /// until then.
    #[must_use]
    pub fn of_lost_authorization(account: &Account, region: Option<RegionCode>, since: Timestamp) -> Self {
        let mut facts = facts(account, region);
        let _ = writeln!(facts, "Since:       {}", day(since));
        Self {
            subject: fitting(format!(
                "Please authorize again: Amazon reports of {}",
                account.in_words()
            )),
            text: format!(
                "Amazon does not take your authorization any more, with which your Amazon reports are fetched: it has\n\
                 ended, or was withdrawn. Your reports wait until there is a new one, and are delivered then.\n\n\
                 What to do:  {WAY_ON}\n\n{facts}"
            ),
            download: None,
        }
    }
}

fn facts(account: &Account, region: Option<RegionCode>) -> String {
    let mut text = format!("Seller:      {}\n", account.seller());
    if let Some(region) = region {
        let _ = writeln!(text, "Region:      {region}");
    }
    text
}

fn in_words(days: u16) -> String {
    match days {
        1 => "a day".to_owned(),
        days => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Recipient;
    use crate::domain::news::{Audience, News};

    fn ending() -> EndingAuthorization {
        EndingAuthorization {
            account: Account::parse("A3TH9S8BH6GOGM_EU").expect("valid"),
            region: Some(RegionCode::Eu),
            authorized_at: "2025-12-01T08:30:00Z".parse().expect("a time"),
            ends_at: "2026-12-01T08:30:00Z".parse().expect("a time"),
            reminder: 7,
        }
    }

    fn now() -> Timestamp {
        "2026-11-25T05:00:00Z".parse().expect("a time")
    }

    #[test]
    fn owner_and_seller_are_told_in_words_of_their_own() {
        let owners = Announcement::of_ending_authorization(&ending());
        assert_eq!(
            owners.subject,
            "Amazon authorization ends: A3TH9S8BH6GOGM (EU), 2026-12-01"
        );
        let sellers = Announcement::of_authorizing_again(&ending());
        assert_eq!(
            sellers.subject,
            "Please authorize again: Amazon reports of A3TH9S8BH6GOGM (EU), before 2026-12-01"
        );
        for words in [
            "within 7 days",
            "\nSeller:      A3TH9S8BH6GOGM\n",
            "\nRegion:      EU\n",
            "\nAuthorized:  2025-12-01\nEnds:        2026-12-01\n",
        ] {
            assert!(owners.text.contains(words), "{words}: {}", owners.text);
            assert!(sellers.text.contains(words), "{words}: {}", sellers.text);
        }
        // What is the operator's affair would puzzle a seller.
        assert!(owners.text.contains("POST /tokens") && owners.text.contains("ReauthorizationDays=0"));
        assert!(!sellers.text.contains("POST") && !sellers.text.contains("token"));
        let asked = sellers.mail(Some("Ann, ann@example.com"));
        assert!(asked.ends_with("\nQuestions? Ann, ann@example.com\n"), "{asked}");
    }

    #[test]
    fn a_seller_without_a_region_is_asked_too_once_the_authorization_is_gone() {
        let seller = Account::parse("A3").expect("valid");
        let words = Announcement::of_lost_authorization(&seller, None, now());
        assert_eq!(words.subject, "Please authorize again: Amazon reports of A3");
        assert!(
            words
                .text
                .ends_with("\nSeller:      A3\nSince:       2026-11-25\n"),
            "{}",
            words.text
        );
    }

    #[test]
    fn each_is_mailed_to_those_for_whom_it_is_worded_and_is_news_of_its_own() {
        let (owners, sellers) = (
            News::of_ending_authorization(&ending(), now()),
            News::of_authorizing_again(&ending(), now()),
        );
        assert_eq!(owners.audience(), Audience::Owner);
        assert_eq!(Recipient::all_of(&owners), [Recipient::Owner]);
        assert_eq!(sellers.audience(), Audience::Seller);
        let seller = Recipient::parse("A3TH9S8BH6GOGM_EU").expect("valid");
        assert_eq!(Recipient::all_of(&sellers), [seller]);
        assert_ne!(owners.id, sellers.id);
        let last = EndingAuthorization {
            reminder: 1,
            ..ending()
        };
        assert_ne!(News::of_ending_authorization(&last, now()).id, owners.id);
        assert_eq!(owners.authorization, sellers.authorization);
        let part = owners.authorization.expect("what it is about");
        assert_eq!(
            (part.authorized_at, part.ends_at),
            (ending().authorized_at, ending().ends_at)
        );
    }
}
