use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use sp_api::RegionCode;
use sp_api::ids::SellerId;

use super::body::Body;
use super::question::Question;
use super::{InvalidRequest, ListFinished, Parameters};
use crate::domain::Account;
use crate::domain::obstacle::WAITING_FOR_OWNER;

/// What a row of the ledger may be: an order, or a report.
const STATUSES: [&str; 15] = [
    "QUEUED",
    "PLACING",
    "PLACED",
    "ORDERED",
    "SKIPPED",
    "NOTIFIED",
    "RETRIEVED",
    "STORED",
    "LINKED",
    "ANNOUNCED",
    "CANCELLED",
    "FATAL",
    "DROPPED",
    "FAILED",
    WAITING_FOR_OWNER,
];

const DEFAULT_LIMIT: u8 = 50;

/// More rows are no page.
pub(super) const HIGHEST_LIMIT: u8 = 100;

/// `GET /reports`: list a selling partner's reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListReports {
    /// All that there is, also orders.
    All(ListAll),
    /// By type or time.
    Finished(ListFinished),
}

/// A list of reports and orders, by their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListAll {
    /// Whose.
    pub seller_id: SellerId,
    /// Where; everywhere without it.
    pub region: Option<RegionCode>,
    /// Those in this status; all of them without one.
    pub status: Option<&'static str>,
    /// How many at most, 1 to 100.
    pub limit: u8,
    /// What comes before the first row that is wanted.
    pub after: Option<After>,
}

/// Where a page ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// Among the rows of this account.
    pub account: Account,
    /// With the row of that id; `None` before the account's first.
    pub id: Option<String>,
}

impl ListReports {
    /// Parses `SellerId`, `RegionCode?`, `status?`, `ReportType?`, `Since?`, `Until?`, `limit?`,
    /// `nextToken?`.
    ///
    /// # Errors
    /// Names the first parameter that is missing, empty, ill-formed or unknown; also a token that the
    /// same question has not been answered with.
    pub fn parse(Parameters(fields): Parameters) -> Result<Self, InvalidRequest> {
        if ListFinished::is_meant(&fields) {
            return ListFinished::parse(fields).map(Self::Finished);
        }
        ListAll::parse(fields).map(Self::All)
    }
}

/// All parameters may come together, which makes it a list by type or time.
impl JsonSchema for ListReports {
    fn schema_name() -> Cow<'static, str> {
        "ListReports".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        ListFinished::json_schema(generator)
    }
}

/// A status in JSON, of which only the schema is to be had.
pub enum LedgerStatus {}

impl JsonSchema for LedgerStatus {
    fn schema_name() -> Cow<'static, str> {
        "LedgerStatus".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How far an order, a report or its delivery is.",
            "type": "string",
            "enum": STATUSES,
        })
    }
}

impl ListAll {
    fn parse(mut fields: Body) -> Result<Self, InvalidRequest> {
        let seller_id = fields.seller_id()?;
        let region = fields.optional_region_code()?;
        let status = fields
            .optional_text("status")?
            .map(|text| status(&text))
            .transpose()?;
        let limit = limit(fields.optional_text("limit")?)?;
        let token = fields.optional_text("nextToken")?;
        fields.finish()?;
        let first_page = Self {
            seller_id,
            region,
            status,
            limit,
            after: None,
        };
        let Some(token) = token else {
            return Ok(first_page);
        };
        let after = first_page.read_token(&token).ok_or_else(|| {
            InvalidRequest::field(
                "nextToken",
                "must be that of the page before, with the same SellerId, RegionCode and status",
            )
        })?;
        Ok(Self {
            after: Some(after),
            ..first_page
        })
    }

    /// The token of the page that follows.
    #[must_use]
    pub fn next_token(&self, after: &After) -> String {
        let id = after.id.as_deref().unwrap_or_default();
        self.question().token(&format!("{}\n{id}", after.account))
    }

    fn read_token(&self, token: &str) -> Option<After> {
        let place = self.question().place(token)?;
        let (account, id) = place.split_once('\n')?;
        let account = Account::parse(account).ok()?;
        let is_one = Account::candidates(&self.seller_id, self.region).contains(&account);
        is_one.then(|| After {
            account,
            id: (!id.is_empty()).then(|| id.to_owned()),
        })
    }

    /// What a token belongs to.
    fn question(&self) -> Question {
        Question::new(&[
            self.seller_id.as_str(),
            self.region.map(RegionCode::as_str).unwrap_or_default(),
            self.status.unwrap_or_default(),
        ])
    }
}

pub(super) fn status(text: &str) -> Result<&'static str, InvalidRequest> {
    let known = STATUSES.into_iter().find(|status| *status == text);
    known.ok_or_else(|| InvalidRequest::field("status", format!("must be one of {}", STATUSES.join(", "))))
}

pub(super) fn limit(text: Option<String>) -> Result<u8, InvalidRequest> {
    let Some(text) = text else {
        return Ok(DEFAULT_LIMIT);
    };
    let number = text
        .parse()
        .ok()
        .filter(|number| (1..=HIGHEST_LIMIT).contains(number));
    number
        .ok_or_else(|| InvalidRequest::field("limit", format!("must be a number from 1 to {HIGHEST_LIMIT}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::FinalStatus;
    use crate::domain::ledger::Stage;

    fn parse(more: &[(&str, &str)]) -> Result<ListAll, InvalidRequest> {
        let pairs = [&[("SellerId", "A3TH9S8BH6GOGM")], more].concat();
        match ListReports::parse(Parameters::new(pairs)?)? {
            ListReports::All(list) => Ok(list),
            ListReports::Finished(list) => panic!("by time: {list:?}"),
        }
    }

    #[test]
    fn every_stage_of_a_report_can_be_asked_for() {
        let stages = [
            Stage::Ordered,
            Stage::Notified,
            Stage::Retrieved,
            Stage::Stored,
            Stage::Linked,
            Stage::Ended(FinalStatus::Done),
            Stage::Ended(FinalStatus::Cancelled),
            Stage::Ended(FinalStatus::Fatal),
            Stage::Ended(FinalStatus::Dropped),
        ];
        for stage in stages {
            let list = parse(&[("status", stage.status())]).expect("known");
            assert_eq!(list.status, Some(stage.status()));
        }
    }

    #[test]
    fn a_token_leads_on_where_its_page_ended() {
        let first = parse(&[("status", "STORED")]).expect("valid");
        assert_eq!((first.limit, &first.after), (50, &None));
        let after = |account: &str, id: Option<&str>| After {
            account: Account::parse(account).expect("valid"),
            id: id.map(str::to_owned),
        };
        let token = first.next_token(&after("A3TH9S8BH6GOGM", Some("54517018502")));
        assert!(
            token
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)),
            "{token} would be escaped in a URL"
        );
        let second = parse(&[("status", "STORED"), ("nextToken", &token), ("limit", "7")]);
        let second = second.expect("valid");
        assert_eq!(second.after, Some(after("A3TH9S8BH6GOGM", Some("54517018502"))));
        assert_eq!(second.limit, 7);
        let further = first.next_token(&after("A3TH9S8BH6GOGM_EU", None));
        let further = parse(&[("status", "STORED"), ("nextToken", &further)]).expect("valid");
        assert_eq!(further.after, Some(after("A3TH9S8BH6GOGM_EU", None)));
    }

    #[test]
    fn the_parameter_at_fault_is_named() {
        let after = |account: &str| After {
            account: Account::parse(account).expect("valid"),
            id: Some("1".into()),
        };
        let list = parse(&[("status", "STORED")]).expect("valid");
        let token = list.next_token(&after("A3TH9S8BH6GOGM"));
        let of_another = list.next_token(&after("A1"));
        for (more, field) in [
            ([("status", "stored")], "status"),
            ([("status", "")], "status"),
            ([("limit", "0")], "limit"),
            ([("limit", "101")], "limit"),
            ([("limit", "many")], "limit"),
            ([("nextToken", "")], "nextToken"),
            ([("nextToken", "54517018502")], "nextToken"),
            ([("nextToken", "!")], "nextToken"),
            ([("RegionCode", "eu")], "RegionCode"),
            // Of a list of another status, and of another seller's rows.
            ([("nextToken", token.as_str())], "nextToken"),
            ([("nextToken", of_another.as_str())], "nextToken"),
            ([("Status", "STORED")], "Status"),
        ] {
            let error = parse(&more).expect_err("invalid");
            assert_eq!(error.field.as_deref(), Some(field), "{more:?}");
        }
        let nobodys = ListReports::parse(Parameters::new([]).expect("pairs"));
        assert_eq!(nobodys.expect_err("invalid").field.as_deref(), Some("SellerId"));
    }
}
