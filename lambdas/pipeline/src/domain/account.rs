use std::fmt;

use serde::{Deserialize, Serialize};
use sp_api::RegionCode;
use sp_api::ids::{InvalidId, SellerId};

/// Between a seller and a region. No seller's id holds it.
const SEPARATOR: char = '_';

/// A selling partner where it sells: who has an authorization, subscriptions and quotas of its own. A
/// merged account has one seller's id in several regions.
///
/// Its text is what rows, executions, objects and encryption contexts go by: the seller's id, and for
/// each region beyond the seller's first that of the region, too: `A3TH9S8BH6GOGM`, `A3TH9S8BH6GOGM_EU`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Account {
    text: String,
    seller: SellerId,
    further: Option<RegionCode>,
}

impl Account {
    /// That of a seller in the region that was known first, or is not known yet.
    #[must_use]
    pub fn first(seller: SellerId) -> Self {
        Self {
            text: seller.to_string(),
            seller,
            further: None,
        }
    }

    /// That of a seller in a further region.
    #[must_use]
    pub fn further(seller: SellerId, region: RegionCode) -> Self {
        Self {
            text: format!("{seller}{SEPARATOR}{region}"),
            seller,
            further: Some(region),
        }
    }

    /// All that a seller may have, the first one first.
    pub fn all_of(seller: &SellerId) -> impl Iterator<Item = Self> {
        let further = RegionCode::ALL.map(|region| Self::further(seller.clone(), region));
        [Self::first(seller.clone())].into_iter().chain(further)
    }

    /// Those that a seller's reports of `region` may belong to; all of the seller's without one.
    #[must_use]
    pub fn candidates(seller: &SellerId, region: Option<RegionCode>) -> Vec<Self> {
        Self::all_of(seller)
            .filter(|account| account.further.is_none() || region.is_none() || account.further == region)
            .collect()
    }

    /// Reads what [`Display`](fmt::Display) writes.
    ///
    /// # Errors
    /// It is no selling partner's id, or no region follows.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let further = text
            .rsplit_once(SEPARATOR)
            .and_then(|(seller, region)| Some((seller, RegionCode::parse(region)?)));
        Ok(match further {
            Some((seller, region)) => Self::further(SellerId::parse(seller)?, region),
            None => Self::first(SellerId::parse(text)?),
        })
    }

    /// The selling partner, as Amazon and callers call it.
    #[must_use]
    pub fn seller(&self) -> &SellerId {
        &self.seller
    }

    /// Its region, if that is part of its name.
    #[must_use]
    pub fn further_region(&self) -> Option<RegionCode> {
        self.further
    }

    /// For people: the seller's id, and a further region in brackets.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self.further {
            Some(region) => format!("{} ({region})", self.seller),
            None => self.text.clone(),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Account({})", self.text)
    }
}

impl TryFrom<String> for Account {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}

impl From<Account> for String {
    fn from(account: Account) -> Self {
        account.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_as_it_is_written() {
        let seller = SellerId::parse("amzn1.vg.6213651").expect("valid");
        let accounts: Vec<Account> = Account::all_of(&seller).collect();
        assert_eq!(accounts.len(), 4);
        for account in accounts {
            assert_eq!(Account::parse(account.as_str()), Ok(account.clone()));
            assert_eq!(account.seller(), &seller);
            let json = serde_json::to_string(&account).expect("JSON");
            assert_eq!(serde_json::from_str::<Account>(&json).expect("read"), account);
        }
        assert_eq!(
            Account::parse("A3_EU").expect("valid").further_region(),
            Some(RegionCode::Eu)
        );
        assert_eq!(Account::parse("A3_EU").expect("valid").in_words(), "A3 (EU)");
        assert_eq!(Account::parse("A3").expect("valid").further_region(), None);
        for text in ["", "_EU", "A3_", "A3_XX", "A3_eu", "A3_EU_NA", "A B"] {
            assert!(Account::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_region_leaves_the_first_account_and_its_own() {
        let seller = SellerId::parse("A3").expect("valid");
        let names = |region| -> Vec<String> {
            let candidates = Account::candidates(&seller, region);
            candidates.iter().map(ToString::to_string).collect()
        };
        assert_eq!(names(Some(RegionCode::Eu)), ["A3", "A3_EU"]);
        assert_eq!(names(None).len(), 4);
    }
}
