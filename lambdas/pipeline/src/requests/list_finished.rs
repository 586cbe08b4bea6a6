use jiff::Timestamp;
use schemars::JsonSchema;
use sp_api::RegionCode;
use sp_api::ids::{ReportType, SellerId};

use super::InvalidRequest;
use super::body::Body;
use super::list_reports::{HIGHEST_LIMIT, LedgerStatus, limit, status};
use super::question::Question;
use super::report_fields::Time;
use crate::domain::Account;
use crate::domain::newest::{FinishedKey, Position};

/// The parameters that only such a list has.
const OWN: [&str; 3] = ["ReportType", "Since", "Until"];

/// `GET /reports` by type or time: reports that Amazon is done with, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListFinished {
    /// Whose.
    pub seller_id: SellerId,
    /// Where; everywhere without it.
    #[schemars(rename = "RegionCode")]
    pub region: Option<RegionCode>,
    /// Those in this status; all of them without one.
    #[schemars(rename = "status", with = "Option<LedgerStatus>")]
    pub status: Option<&'static str>,
    /// Those of this type.
    pub report_type: Option<ReportType>,
    /// Those that Amazon finished then or later.
    #[schemars(with = "Option<Time>")]
    pub since: Option<Timestamp>,
    /// Those that Amazon finished then or earlier.
    #[schemars(with = "Option<Time>")]
    pub until: Option<Timestamp>,
    /// How many at most, 1 to 100.
    #[schemars(rename = "limit", with = "Option<u8>", range(min = 1, max = HIGHEST_LIMIT))]
    pub limit: u8,
    /// Where the page before ended, as its answer says.
    // How far each of the accounts has been read.
    #[schemars(
        rename = "nextToken",
        with = "Option<String>",
        regex(pattern = r"^[A-Za-z0-9_\-]+$")
    )]
    pub positions: Vec<Position>,
}

impl ListFinished {
    /// Whether such a list is asked for.
    pub(super) fn is_meant(fields: &Body) -> bool {
        OWN.iter().any(|name| fields.has(name))
    }

    /// Parses `SellerId`, `RegionCode?`, `status?`, `ReportType?`, `Since?`, `Until?`, `limit?`,
    /// `nextToken?`.
    pub(super) fn parse(mut fields: Body) -> Result<Self, InvalidRequest> {
        let seller_id = fields.seller_id()?;
        let region = fields.optional_region_code()?;
        let status = fields
            .optional_text("status")?
            .map(|text| status(&text))
            .transpose()?;
        let report_type = match fields.has("ReportType") {
            true => Some(fields.report_type()?),
            false => None,
        };
        let since = fields.optional_time("Since")?;
        let until = fields.optional_time("Until")?;
        let limit = limit(fields.optional_text("limit")?)?;
        let token = fields.optional_text("nextToken")?;
        fields.finish()?;
        if let (Some(since), Some(until)) = (since, until)
            && until < since
        {
            return Err(InvalidRequest::field("Until", "is before Since"));
        }
        let mut list = Self {
            positions: vec![Position::Start; Account::candidates(&seller_id, region).len()],
            seller_id,
            region,
            status,
            report_type,
            since,
            until,
            limit,
        };
        if let Some(token) = token {
            list.positions = list.read_token(&token).ok_or_else(|| {
                InvalidRequest::field(
                    "nextToken",
                    "must be that of the page before, with the same parameters",
                )
            })?;
        }
        Ok(list)
    }

    /// The accounts whose reports are asked for.
    #[must_use]
    pub fn accounts(&self) -> Vec<Account> {
        Account::candidates(&self.seller_id, self.region)
    }

    /// The token of the page that follows once the accounts have been read so far.
    #[must_use]
    pub fn next_token(&self, positions: &[Position]) -> String {
        let places: Vec<String> = positions
            .iter()
            .map(|position| match position {
                Position::Start => "start".to_owned(),
                Position::After(key) => format!("{} {}", key.notified_at, key.id),
                Position::End => "end".to_owned(),
            })
            .collect();
        self.question().token(&places.join("\n"))
    }

    fn read_token(&self, token: &str) -> Option<Vec<Position>> {
        let places = self.question().place(token)?;
        let positions: Option<Vec<_>> = places.split('\n').map(position).collect();
        positions.filter(|positions| positions.len() == self.positions.len())
    }

    /// What a token belongs to.
    fn question(&self) -> Question {
        let time = |time: Option<Timestamp>| time.map(|it| it.to_string()).unwrap_or_default();
        Question::new(&[
            "finished",
            self.seller_id.as_str(),
            self.region.map(RegionCode::as_str).unwrap_or_default(),
            self.status.unwrap_or_default(),
            self.report_type
                .as_ref()
                .map(ReportType::as_str)
                .unwrap_or_default(),
            &time(self.since),
            &time(self.until),
        ])
    }
}

fn position(place: &str) -> Option<Position> {
    match place {
        "start" => Some(Position::Start),
        "end" => Some(Position::End),
        _ => {
            let (notified_at, id) = place.split_once(' ')?;
            notified_at.parse::<Timestamp>().ok()?;
            (!id.is_empty()).then(|| {
                Position::After(FinishedKey {
                    id: id.to_owned(),
                    notified_at: notified_at.to_owned(),
                })
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requests::{ListReports, Parameters};

    fn parse(more: &[(&str, &str)]) -> Result<ListFinished, InvalidRequest> {
        let pairs = [&[("SellerId", "A3"), ("RegionCode", "EU")], more].concat();
        match ListReports::parse(Parameters::new(pairs)?)? {
            ListReports::Finished(list) => Ok(list),
            ListReports::All(list) => panic!("by id: {list:?}"),
        }
    }

    #[test]
    fn a_token_leads_on_in_each_account() {
        let question = [("ReportType", "GET_X"), ("Since", "2026-11-01T00:00:00Z")];
        let first = parse(&question).expect("valid");
        assert_eq!(first.positions, [Position::Start, Position::Start]);
        assert_eq!(first.accounts().len(), 2);
        let positions = [
            Position::End,
            Position::After(FinishedKey {
                id: "54517018502".into(),
                notified_at: "2026-11-22T05:00:00.123Z".into(),
            }),
        ];
        let token = first.next_token(&positions);
        let second = parse(&[&question[..], &[("nextToken", &token)]].concat()).expect("valid");
        assert_eq!(second.positions, positions);
        // Of another question.
        let other = parse(&[("ReportType", "GET_Y"), ("nextToken", &token)]).expect_err("invalid");
        assert_eq!(other.field.as_deref(), Some("nextToken"));
    }

    #[test]
    fn the_parameter_at_fault_is_named() {
        let early = ("Since", "2026-11-02T00:00:00Z");
        for (more, field) in [
            (vec![("ReportType", "")], "ReportType"),
            (vec![("ReportType", "GET X")], "ReportType"),
            (vec![("Since", "yesterday")], "Since"),
            (vec![early, ("Until", "2026-11-01T00:00:00Z")], "Until"),
            (vec![early, ("limit", "101")], "limit"),
            (vec![early, ("status", "DONE")], "status"),
            (vec![early, ("nextToken", "c3RhcnQ")], "nextToken"),
            (vec![early, ("Type", "GET_X")], "Type"),
        ] {
            let error = parse(&more).expect_err("invalid");
            assert_eq!(error.field.as_deref(), Some(field), "{more:?}");
        }
    }
}
