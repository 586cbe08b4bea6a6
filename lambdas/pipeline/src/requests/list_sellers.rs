use schemars::JsonSchema;
use sp_api::RegionCode;
use sp_api::ids::SellerId;

use super::list_reports::{HIGHEST_LIMIT, limit};
use super::question::Question;
use super::{InvalidRequest, Parameters};
use crate::domain::Account;

/// `GET /sellers`: list all selling partners' accounts.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ListSellers {
    /// How many at most, 1 to 100.
    #[schemars(with = "Option<u8>", range(min = 1, max = HIGHEST_LIMIT))]
    pub limit: u8,
    /// Where the page before ended, as its answer says.
    // After which account.
    #[schemars(
        rename = "nextToken",
        with = "Option<String>",
        regex(pattern = r"^[A-Za-z0-9_\-]+$")
    )]
    pub after: Option<Account>,
}

/// `GET /sellers/{SellerId}`: one selling partner's accounts.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "PascalCase", deny_unknown_fields)]
pub struct NamedSeller {
    /// Whose.
    pub seller_id: SellerId,
    /// Where; everywhere without it.
    #[schemars(rename = "RegionCode")]
    pub region: Option<RegionCode>,
}

impl ListSellers {
    /// Parses `limit?` and `nextToken?`.
    ///
    /// # Errors
    /// Names the first parameter that is empty, ill-formed or unknown; also a token of another list.
    pub fn parse(Parameters(mut fields): Parameters) -> Result<Self, InvalidRequest> {
        let limit = limit(fields.optional_text("limit")?)?;
        let token = fields.optional_text("nextToken")?;
        fields.finish()?;
        let after = token.map(|token| {
            let place = question().place(&token)?;
            Account::parse(&place).ok()
        });
        match after {
            None => Ok(Self { limit, after: None }),
            Some(Some(account)) => Ok(Self {
                limit,
                after: Some(account),
            }),
            Some(None) => Err(InvalidRequest::field(
                "nextToken",
                "must be that of the page before",
            )),
        }
    }

    /// The token of the page that follows after that account.
    #[must_use]
    pub fn next_token(after: &Account) -> String {
        question().token(after.as_str())
    }
}

/// What a token belongs to.
fn question() -> Question {
    Question::new(&["sellers"])
}

impl NamedSeller {
    /// Parses `SellerId` and `RegionCode?`.
    ///
    /// # Errors
    /// Names the first parameter that is missing, empty, ill-formed or unknown.
    pub fn parse(Parameters(mut fields): Parameters) -> Result<Self, InvalidRequest> {
        let seller_id = fields.seller_id()?;
        let region = fields.optional_region_code()?;
        fields.finish()?;
        Ok(Self { seller_id, region })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pairs: &[(&str, &str)]) -> Result<ListSellers, InvalidRequest> {
        ListSellers::parse(Parameters::new(pairs.iter().copied())?)
    }

    #[test]
    fn a_token_leads_on_after_its_account() {
        let first = parse(&[]).expect("valid");
        assert_eq!((first.limit, first.after), (50, None));
        let account = Account::parse("A3TH9S8BH6GOGM_EU").expect("valid");
        let token = ListSellers::next_token(&account);
        let next = parse(&[("limit", "7"), ("nextToken", &token)]).expect("valid");
        assert_eq!((next.limit, next.after), (7, Some(account)));
    }

    #[test]
    fn the_parameter_at_fault_is_named() {
        let of_reports = Question::new(&["A3", "", ""]).token("A3");
        let broken = question().token("A B");
        for (pair, field) in [
            (("limit", "0"), "limit"),
            (("nextToken", "A3"), "nextToken"),
            (("nextToken", of_reports.as_str()), "nextToken"),
            (("nextToken", broken.as_str()), "nextToken"),
            (("SellerId", "A3"), "SellerId"),
        ] {
            let error = parse(&[pair]).expect_err("invalid");
            assert_eq!(error.field.as_deref(), Some(field), "{pair:?}");
        }
    }
}
