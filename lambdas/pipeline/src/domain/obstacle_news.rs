//! What owners are told of obstacles: once when they stand, once when they are gone.

use super::obstacle::Obstacle;
use super::words::fitting;
use super::{Announcement, Failure};

impl Announcement {
    /// Words for the owner what stands in the way, and how many reports and orders wait.
    #[must_use]
    pub fn of_obstacle(obstacle: &Obstacle, failure: &Failure, waiting: u64) -> Self {
        let text = format!(
            "{}\n\nReason:      {}\nWhat to do:  {}\n\n{} for it. Nothing is lost: all of it goes on by itself\n\
             when this is put right, for as long as Amazon keeps the reports.\n\n{}",
            headline(obstacle),
            failure.reason(),
            failure.advice_on_obstacle().text,
            counted(waiting),
            facts(obstacle),
        );
        Self {
            subject: subject("Amazon reports wait", obstacle),
            text,
            download: None,
        }
    }

    /// Words for the owner that nothing stands in the way any more.
    #[must_use]
    pub fn of_end(obstacle: &Obstacle) -> Self {
        let text = format!(
            "Amazon answers again; all reports and orders that waited go on.\n\n{}",
            facts(obstacle)
        );
        Self {
            subject: subject("Amazon reports go on", obstacle),
            text,
            download: None,
        }
    }
}

fn headline(obstacle: &Obstacle) -> &'static str {
    match obstacle {
        Obstacle::Credentials => {
            "Amazon does not accept the application's LWA credentials, so no seller's report can be fetched or ordered."
        }
        Obstacle::Authorization(_) => {
            "Amazon does not accept the seller's authorization, so none of the seller's reports can be fetched or ordered."
        }
        Obstacle::Role(..) => {
            "Amazon denies access to the seller's reports of this type, and has done so for hours."
        }
    }
}

fn counted(waiting: u64) -> String {
    match waiting {
        1 => "1 report or order waits".to_owned(),
        waiting => format!("{waiting} reports and orders wait"),
    }
}

fn facts(obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::Credentials => "Stops:       all sellers\n".to_owned(),
        Obstacle::Authorization(account) => format!("Seller:      {}\n", account.in_words()),
        Obstacle::Role(account, report_type) => {
            format!(
                "Seller:      {}\nReport type: {report_type}\n",
                account.in_words()
            )
        }
    }
}

fn subject(headline: &str, obstacle: &Obstacle) -> String {
    let what = match obstacle {
        Obstacle::Credentials => "the application's credentials".to_owned(),
        Obstacle::Authorization(account) => format!("the authorization of {}", account.in_words()),
        Obstacle::Role(account, report_type) => {
            format!("the role for {report_type} ({})", account.in_words())
        }
    };
    fitting(format!("{headline}: {what}"))
}

#[cfg(test)]
mod tests {
    use crate::domain::Account;

    use super::super::words::LONGEST_SUBJECT;
    use super::*;

    #[test]
    fn the_owner_is_told_what_to_do_and_how_many_wait() {
        let seller = Account::parse("A3TH9S8BH6GOGM").expect("valid");
        let failure = Failure {
            error: "AuthorizationRevoked".into(),
            cause: "revoked".into(),
        };
        let news = Announcement::of_obstacle(&Obstacle::Authorization(seller.clone()), &failure, 300);
        assert_eq!(
            news.subject,
            "Amazon reports wait: the authorization of A3TH9S8BH6GOGM"
        );
        for words in [
            "\nReason:      revoked\n",
            "POST /tokens",
            "\n300 reports and orders wait for it.",
            "\nSeller:      A3TH9S8BH6GOGM\n",
        ] {
            assert!(news.text.contains(words), "{words}: {}", news.text);
        }
        let end = Announcement::of_end(&Obstacle::Authorization(seller.clone()));
        assert_eq!(
            end.subject,
            "Amazon reports go on: the authorization of A3TH9S8BH6GOGM"
        );
        let long = Obstacle::Role(seller, "X".repeat(120));
        assert_eq!(Announcement::of_end(&long).subject.len(), LONGEST_SUBJECT);
    }

    #[test]
    fn what_stops_all_sellers_speaks_to_the_operator() {
        let failure = Failure {
            error: "LwaCredentialsRefused".into(),
            cause: String::new(),
        };
        let news = Announcement::of_obstacle(&Obstacle::Credentials, &failure, 1);
        assert!(
            news.text.contains("1 report or order waits for it."),
            "{}",
            news.text
        );
        assert!(news.text.contains("client id and secret") && news.text.contains("all sellers"));
    }
}
