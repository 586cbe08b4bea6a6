use std::fmt;

use sp_api::RegionCode;
use sp_api::ids::SellerId;

use super::Account;
use super::news::{Audience, News, NewsType};

/// Whose addresses get e-mails: at a pace that they can bear, and what exceeds that at once.
///
/// Its text is what rows and executions go by: `owner`, `A3TH9S8BH6GOGM`, `A3TH9S8BH6GOGM_EU`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// Who runs this; gets what sellers get, too, unless it is worded for each.
    Owner,
    /// A seller, as to the reports of one region, or those of which nobody knows the region.
    Seller(SellerId, Option<RegionCode>),
}

/// No selling partner's id has small letters.
const OWNER: &str = "owner";

impl Recipient {
    /// All those who are to get an e-mail of `news`.
    #[must_use]
    pub fn all_of(news: &News) -> Vec<Self> {
        let seller = news
            .seller_id
            .as_ref()
            .filter(|_| news.audience() == Audience::Seller);
        let seller = seller.map(|seller| Self::Seller(seller.clone(), news.region_code));
        // The owner has words of his own for the same.
        let owner = (news.kind != NewsType::AuthorizeAgain).then_some(Self::Owner);
        seller.into_iter().chain(owner).collect()
    }

    /// Reads what [`Display`](fmt::Display) writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == OWNER {
            return Some(Self::Owner);
        }
        let account = Account::parse(text).ok()?;
        Some(Self::Seller(account.seller().clone(), account.further_region()))
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner => formatter.write_str(OWNER),
            Self::Seller(seller, None) => seller.fmt(formatter),
            Self::Seller(seller, Some(region)) => Account::further(seller.clone(), *region).fmt(formatter),
        }
    }
}

/// Whose addresses get an e-mail of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The seller's.
    pub seller: bool,
    /// The owner's.
    pub owner: bool,
}

impl Reach {
    /// Also those of `recipient`.
    pub fn extend_to(&mut self, recipient: &Recipient) {
        match recipient {
            Recipient::Owner => self.owner = true,
            Recipient::Seller(..) => self.seller = true,
        }
    }

    /// Whether it goes as far as to `recipient`.
    #[must_use]
    pub fn extends_to(self, recipient: &Recipient) -> bool {
        match recipient {
            Recipient::Owner => self.owner,
            Recipient::Seller(..) => self.seller,
        }
    }

    /// The message attributes that subscriptions of addresses choose by: a seller's by `Audience`, the owner's
    /// by `Mailbox`.
    #[must_use]
    pub fn attributes(self) -> [(&'static str, &'static str); 2] {
        let audience = match self {
            Self { seller: true, .. } => Audience::Seller.as_str(),
            Self { owner: true, .. } => Audience::Owner.as_str(),
            Self { .. } => "none",
        };
        let mailbox = match self.owner {
            true => "now",
            false => "later",
        };
        [("Audience", audience), ("Mailbox", mailbox)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::news::tests::delivered;

    #[test]
    fn a_recipient_is_read_as_it_is_written() {
        for text in ["owner", "A3TH9S8BH6GOGM", "A3TH9S8BH6GOGM_EU"] {
            assert_eq!(Recipient::parse(text).expect("valid").to_string(), text);
        }
        assert_eq!(Recipient::parse("owner"), Some(Recipient::Owner));
        assert_eq!(Recipient::parse("nobody else"), None);
    }

    #[test]
    fn sellers_get_what_is_theirs_and_the_owner_gets_everything() {
        let news = delivered();
        let seller = news.seller_id.clone().expect("a seller");
        let region = news.region_code;
        assert_eq!(
            Recipient::all_of(&news),
            [Recipient::Seller(seller, region), Recipient::Owner]
        );
        let failed = News {
            kind: NewsType::ReportNotDelivered,
            ..news
        };
        assert_eq!(Recipient::all_of(&failed), [Recipient::Owner]);
    }

    #[test]
    fn each_address_chooses_by_its_own_attribute() {
        let attributes = |seller, owner| Reach { seller, owner }.attributes().map(|(_, value)| value);
        assert_eq!(attributes(true, true), ["seller", "now"]);
        assert_eq!(attributes(true, false), ["seller", "later"]);
        assert_eq!(attributes(false, true), ["owner", "now"]);
        assert_eq!(attributes(false, false), ["none", "later"]);
    }
}
