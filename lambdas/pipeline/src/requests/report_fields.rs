//! What an order and a schedule have in common: which report, of which marketplaces, with which options.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;
use sp_api::ids::{MarketplaceId, ReportType};
use sp_api::report_types::ReportTypeInfo;
use sp_api::{RegionCode, SchedulePeriod, marketplaces, report_types};

use super::InvalidRequest;
use super::body::Body;
use crate::domain::years::{YEARS, has_year};

/// Amazon's limit.
const MOST_MARKETPLACES: usize = 25;

/// What [`marketplace_id`] takes, as a regular expression.
const MARKETPLACE: &str = " *A[0-9A-Z]{9,31} *";

/// What an order says of its report.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase")]
pub struct OrderedReport {
    /// What to report.
    pub report_type: ReportType,
    /// Of which marketplaces of the region.
    #[schemars(with = "ListOfMarketplaces")]
    pub marketplace_ids: Vec<MarketplaceId>,
    /// Start of its period; what Amazon takes for it is its type's affair.
    #[schemars(with = "Option<Time>")]
    pub report_data_start_time: Option<Timestamp>,
    /// End of its period.
    #[schemars(with = "Option<Time>")]
    pub report_data_end_time: Option<Timestamp>,
    /// Options that its type knows.
    #[schemars(with = "Option<Options>")]
    pub report_options: BTreeMap<String, String>,
}

/// What a schedule says of its reports.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase")]
pub struct ScheduledReport {
    /// What to report.
    pub report_type: ReportType,
    /// Of which marketplaces of the region.
    #[schemars(with = "ListOfMarketplaces")]
    pub marketplace_ids: Vec<MarketplaceId>,
    /// How often.
    pub period: SchedulePeriod,
    /// When first; Amazon chooses without it.
    #[schemars(with = "Option<Time>")]
    pub next_report_creation_time: Option<Timestamp>,
    /// Options that the type knows.
    #[schemars(with = "Option<Options>")]
    pub report_options: BTreeMap<String, String>,
}

/// Types of which only the schema is to be had: how callers write what is parsed here.
macro_rules! written {
    ($($name:ident: $schema:expr;)*) => {$(
        pub(super) enum $name {}

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )*};
}

written! {
    Time: json_schema!({
        "description": "A point in time, with date, time and zone.",
        "type": "string",
        "format": "date-time",
        "pattern": YEARS,
    });
    DayOrTime: json_schema!({
        "description": "A day (UTC), or a point in time.",
        "type": "string",
        "anyOf": [{"format": "date"}, {"format": "date-time"}],
        "pattern": YEARS,
    });
    ListOfMarketplaces: json_schema!({
        "description": "1 to 25 marketplaces of the region, as an array or as a text with commas.",
        "anyOf": [
            {
                "type": "array",
                "items": {"type": "string", "pattern": format!("^{MARKETPLACE}$")},
                "minItems": 1,
                "maxItems": MOST_MARKETPLACES,
            },
            {
                "type": "string",
                "pattern": format!("^{MARKETPLACE}(,{MARKETPLACE}){{0,{}}}$", MOST_MARKETPLACES - 1),
            },
        ],
    });
    Options: json_schema!({
        "description": "Texts by their names, as an object or as its JSON in a text.",
        "anyOf": [
            {"type": "object", "additionalProperties": {"type": "string"}},
            {"type": "string", "contentMediaType": "application/json", "pattern": options_in_a_text()},
        ],
    });
}

impl Body {
    pub(super) fn report_type(&mut self) -> Result<ReportType, InvalidRequest> {
        self.parsed("ReportType", ReportType::parse)
    }

    /// `MarketplaceIds`: a comma list or an array, none of which is known to be in another region than
    /// `region`.
    pub(super) fn marketplace_ids(
        &mut self,
        region: RegionCode,
    ) -> Result<Vec<MarketplaceId>, InvalidRequest> {
        let ids = marketplace_ids(self.required("MarketplaceIds")?)?;
        match ids
            .iter()
            .find_map(|id| marketplaces::find(id).filter(|it| it.region != region))
        {
            None => Ok(ids),
            Some(elsewhere) => Err(InvalidRequest::field(
                "MarketplaceIds",
                format!(
                    "can't be ordered together with RegionCode {region}: {} ({}) is a marketplace of {}",
                    elsewhere.id, elsewhere.country, elsewhere.region
                ),
            )),
        }
    }

    /// `ReportOptions`: an object, or its JSON in a text; empty where there is none.
    pub(super) fn report_options(&mut self) -> Result<BTreeMap<String, String>, InvalidRequest> {
        let options = self.take("ReportOptions").map(report_options).transpose()?;
        Ok(options.unwrap_or_default())
    }

    pub(super) fn optional_time(&mut self, name: &str) -> Result<Option<Timestamp>, InvalidRequest> {
        let Some(text) = self.optional_text(name)? else {
            return Ok(None);
        };
        let parsed = text.parse().ok().filter(|_| has_year(&text));
        parsed.map(Some).ok_or_else(|| {
            InvalidRequest::field(name, "must be an ISO 8601 time such as 2024-03-10T20:11:24.000Z")
        })
    }

    /// A day is meant from its beginning (UTC).
    pub(super) fn optional_day_or_time(&mut self, name: &str) -> Result<Option<Timestamp>, InvalidRequest> {
        let Some(text) = self.optional_text(name)? else {
            return Ok(None);
        };
        // A date-time without an offset is no point in time, and would be read as its date alone.
        let is_date = text.len() == "2026-11-22".len();
        let time = match text.parse::<Date>() {
            Ok(date) if is_date => date.to_zoned(TimeZone::UTC).map(|day| day.timestamp()),
            _ => text.parse(),
        };
        let parsed = time.ok().filter(|_| has_year(&text));
        parsed.map(Some).ok_or_else(|| {
            let problem = "must be a day, 2026-11-22, or an ISO 8601 time, 2026-11-22T05:00:00Z";
            InvalidRequest::field(name, problem)
        })
    }
}

/// A JSON object of texts, as a regular expression.
fn options_in_a_text() -> String {
    const SPACE: &str = r"[ \t\n\r]*";
    // What stands for half a character does so together with its other half.
    const ESCAPED: &str = r#"\\(?:["\\\/bfnrt]|u(?:[0-9A-CE-Fa-ce-f][0-9A-Fa-f]{3}|[Dd][0-7][0-9A-Fa-f]{2}|[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}))"#;
    let text = format!(r#"{SPACE}"(?:[^"\\\u0000-\u001f]|{ESCAPED})*"{SPACE}"#);
    format!(r"^{SPACE}\{{(?:{SPACE}|{text}:{text}(?:,{text}:{text})*)\}}{SPACE}$")
}

/// What to do about reports that are neither ordered nor scheduled.
const MADE_ELSEWHERE: &str = "Amazon makes these reports itself, or when somebody asks for them in Seller Central; those of a \
    seller who is subscribed (POST /notifications) arrive by themselves";

/// Refuses what Amazon would refuse to make at once, and says what to do instead: before it costs a call
/// of the quota. Types that the catalogue does not know are for Amazon to judge.
pub(super) fn require_requestable(report_type: &ReportType) -> Result<(), InvalidRequest> {
    let Some(info) = report_types::find(report_type) else {
        return Ok(());
    };
    require_in_force(&info)?;
    let instead = match (info.requestable, info.schedulable) {
        (Some(false), Some(true)) => "Amazon makes these reports on a schedule only (POST /schedules)",
        (Some(false), _) => MADE_ELSEWHERE,
        _ => return Ok(()),
    };
    let problem = format!("{report_type} can't be ordered: {instead}");
    Err(InvalidRequest::field("ReportType", problem))
}

/// Refuses what Amazon has removed.
fn require_in_force(info: &ReportTypeInfo) -> Result<(), InvalidRequest> {
    let Some(removal) = info.removal else {
        return Ok(());
    };
    let successor = match removal.successor {
        Some(successor) => format!("; its successor is {successor}"),
        None => String::new(),
    };
    let problem = format!(
        "{} was removed by Amazon on {}{successor}",
        info.name, removal.since
    );
    Err(InvalidRequest::field("ReportType", problem))
}

/// Refuses what Amazon would refuse to schedule, likewise.
pub(super) fn require_schedulable(report_type: &ReportType) -> Result<(), InvalidRequest> {
    let Some(info) = report_types::find(report_type) else {
        return Ok(());
    };
    require_in_force(&info)?;
    let instead = match (info.schedulable, info.requestable) {
        (Some(false), Some(false)) => MADE_ELSEWHERE,
        (Some(false), _) => "Amazon takes single orders only (POST /reports)",
        _ => return Ok(()),
    };
    let problem = format!("{report_type} can't be scheduled: {instead}");
    Err(InvalidRequest::field("ReportType", problem))
}

/// Every marketplace's id begins with an A, has 12 to 14 capitals and digits, and differs from a
/// country's or a shop's name by that.
fn marketplace_id(text: &str) -> Result<MarketplaceId, String> {
    let is_written_so =
        text.starts_with('A') && text.len() >= 10 && text.chars().all(|c| !c.is_ascii_lowercase());
    match MarketplaceId::parse(text) {
        Ok(id) if is_written_so => Ok(id),
        parsed => {
            let problem = match parsed {
                Ok(_) => "must be a marketplace id such as ATVPDKIKX0DER".to_owned(),
                Err(problem) => problem.to_string(),
            };
            Err(match marketplaces::of_country(text) {
                Some(of_country) => format!("{problem}; that of {text} is {}", of_country.id),
                None => problem,
            })
        }
    }
}

fn marketplace_ids(value: Value) -> Result<Vec<MarketplaceId>, InvalidRequest> {
    let invalid = |problem: String| InvalidRequest::field("MarketplaceIds", problem);
    let parse = |text: &str| marketplace_id(text.trim_matches(' ')).map_err(invalid);
    let ids: Vec<MarketplaceId> = match value {
        Value::String(list) => list.split(',').map(parse).collect::<Result<_, _>>()?,
        Value::Array(list) => list
            .iter()
            .map(|id| {
                id.as_str()
                    .ok_or_else(|| invalid("must be a list of texts".to_owned()))
                    .and_then(parse)
            })
            .collect::<Result<_, _>>()?,
        _ => {
            return Err(invalid(
                "must be a text such as \"A1PA6795UKMFR9,A13V1IB3VIYZZH\" or an array".into(),
            ));
        }
    };
    if ids.is_empty() || ids.len() > MOST_MARKETPLACES {
        return Err(invalid(format!(
            "must name 1 to {MOST_MARKETPLACES} marketplaces"
        )));
    }
    Ok(ids)
}

fn report_options(value: Value) -> Result<BTreeMap<String, String>, InvalidRequest> {
    let invalid = |problem: &str| InvalidRequest::field("ReportOptions", problem);
    let object = match value {
        Value::String(escaped) => serde_json::from_str(&escaped)
            .map_err(|_| invalid("must be a JSON object, or the text of one"))?,
        other => other,
    };
    let Value::Object(options) = object else {
        return Err(invalid("must be a JSON object, or the text of one"));
    };
    options
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(text) => Ok((name, text)),
            _ => Err(invalid(&format!(
                "must have a text for each option; that of {name} is something else"
            ))),
        })
        .collect()
}
