use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sp_api::ids::SellerId;

use super::{InvalidRequest, Parameters};
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

/// `GET /reports`: list a selling partner's reports and orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListReports {
    /// Whose.
    pub seller_id: SellerId,
    /// Those in this status; all of them without one.
    pub status: Option<&'static str>,
    /// How many at most, 1 to 100.
    pub limit: u8,
    /// The id of the row before the first that is wanted.
    pub after: Option<String>,
}

impl ListReports {
    /// Parses `SellerId`, `status?`, `limit?`, `nextToken?`.
    ///
    /// # Errors
    /// Names the first parameter that is missing, empty, ill-formed or unknown; also a token that the
    /// same question has not been answered with.
    pub fn parse(Parameters(mut fields): Parameters) -> Result<Self, InvalidRequest> {
        let seller_id = fields.seller_id()?;
        let status = fields
            .optional_text("status")?
            .map(|text| status(&text))
            .transpose()?;
        let limit = fields
            .optional_text("limit")?
            .map_or(Ok(DEFAULT_LIMIT), |text| limit(&text))?;
        let token = fields.optional_text("nextToken")?;
        fields.finish()?;
        let first_page = Self {
            seller_id,
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
                "must be that of the page before, with the same SellerId and status",
            )
        })?;
        Ok(Self {
            after: Some(after),
            ..first_page
        })
    }

    /// The token of the page that follows the row with the id `last`.
    #[must_use]
    pub fn next_token(&self, last: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.question() + last)
    }

    fn read_token(&self, token: &str) -> Option<String> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let last = text.strip_prefix(&self.question())?;
        (!last.is_empty()).then(|| last.to_owned())
    }

    /// What a token belongs to.
    fn question(&self) -> String {
        format!("{}\n{}\n", self.seller_id, self.status.unwrap_or_default())
    }
}

fn status(text: &str) -> Result<&'static str, InvalidRequest> {
    let known = STATUSES.into_iter().find(|status| *status == text);
    known.ok_or_else(|| InvalidRequest::field("status", format!("must be one of {}", STATUSES.join(", "))))
}

fn limit(text: &str) -> Result<u8, InvalidRequest> {
    let number = text.parse().ok().filter(|number| (1..=100).contains(number));
    number.ok_or_else(|| InvalidRequest::field("limit", "must be a number from 1 to 100"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::FinalStatus;
    use crate::domain::ledger::Stage;

    fn parse(more: &[(&str, &str)]) -> Result<ListReports, InvalidRequest> {
        let pairs = [&[("SellerId", "A3TH9S8BH6GOGM")], more].concat();
        ListReports::parse(Parameters::new(pairs)?)
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
        let token = first.next_token("54517018502");
        assert!(
            token
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)),
            "{token} would be escaped in a URL"
        );
        let second = parse(&[("status", "STORED"), ("nextToken", &token), ("limit", "7")]);
        let second = second.expect("valid");
        assert_eq!(second.after.as_deref(), Some("54517018502"));
        assert_eq!(second.limit, 7);
    }

    #[test]
    fn the_parameter_at_fault_is_named() {
        let token = parse(&[("status", "STORED")]).expect("valid").next_token("1");
        let of_nothing = parse(&[]).expect("valid").next_token("");
        for (more, field) in [
            ([("status", "stored")], "status"),
            ([("status", "")], "status"),
            ([("limit", "0")], "limit"),
            ([("limit", "101")], "limit"),
            ([("limit", "many")], "limit"),
            ([("nextToken", "")], "nextToken"),
            ([("nextToken", "54517018502")], "nextToken"),
            ([("nextToken", "!")], "nextToken"),
            // Of a list of another status, and of a row that has no id.
            ([("nextToken", token.as_str())], "nextToken"),
            ([("nextToken", of_nothing.as_str())], "nextToken"),
            ([("Status", "STORED")], "Status"),
        ] {
            let error = parse(&more).expect_err("invalid");
            assert_eq!(error.field.as_deref(), Some(field), "{more:?}");
        }
        let nobodys = ListReports::parse(Parameters::new([]).expect("pairs"));
        assert_eq!(nobodys.expect_err("invalid").field.as_deref(), Some("SellerId"));
    }
}
