//! Reports API 2021-06-30: the list of a selling partner's reports.

use http::Method;
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::Call;
use crate::ids::{MarketplaceId, ReportId, ReportScheduleId, ReportType};
use crate::rates::Operation;
use crate::reports::{API, Report};
use crate::wire::{absent_if_empty, comma_list, write_time};
use crate::{AccessToken, ProcessingStatus, RegionCode, SpApiClient, SpApiError};

/// How many report types, and how many marketplaces, Amazon takes in one question.
const MOST: usize = 10;

/// What getReports is asked. Amazon refuses a token that comes with anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportsQuery {
    /// The first page of the reports that match.
    Filter(ReportsFilter),
    /// The page that follows the one which gave this token, and nothing else.
    Next(NextToken),
}

/// How far back Amazon's list reaches. What is asked for since an earlier time is refused with 400, and
/// will be for ever.
const REACH: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Amazon's clock may be ahead of ours, and a question may be on its way for a while.
const REACH_MARGIN: SignedDuration = SignedDuration::from_hours(1);

/// A time since when Amazon can be asked for reports: within the reach of its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedSince {
    time: Timestamp,
    gap: Option<Gap>,
}

/// A time of which Amazon does not list reports any more, although they were wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Since when reports were wanted.
    pub from: Timestamp,
    /// Since when they are listed.
    pub until: Timestamp,
}

impl ListedSince {
    /// As long ago as `wanted`, or as Amazon's list reaches at the time `now`.
    #[must_use]
    pub fn within_reach(wanted: Timestamp, now: Timestamp) -> Self {
        let earliest = now - (REACH - REACH_MARGIN);
        Self {
            time: wanted.max(earliest),
            gap: (wanted < earliest).then_some(Gap {
                from: wanted,
                until: earliest,
            }),
        }
    }

    /// What lies beyond the list's reach.
    #[must_use]
    pub fn gap(self) -> Option<Gap> {
        self.gap
    }
}

/// Which reports are meant, newest first. Without a time since which: those of 90 days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportsFilter {
    report_types: Vec<ReportType>,
    marketplace_ids: Vec<MarketplaceId>,
    processing_statuses: Vec<ProcessingStatus>,
    page_size: Option<u8>,
    created_since: Option<Timestamp>,
    created_until: Option<Timestamp>,
}

/// Why a filter is none that Amazon takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidFilter(&'static str);

impl ReportsFilter {
    /// Reports of these types, 1 to 10.
    ///
    /// # Errors
    /// There is no type, or there are too many.
    pub fn new(report_types: Vec<ReportType>) -> Result<Self, InvalidFilter> {
        if !(1..=MOST).contains(&report_types.len()) {
            return Err(InvalidFilter("must name 1 to 10 report types"));
        }
        Ok(Self {
            report_types,
            marketplace_ids: Vec::new(),
            processing_statuses: Vec::new(),
            page_size: None,
            created_since: None,
            created_until: None,
        })
    }

    /// Only reports that cover one of these marketplaces, at most 10; with none, of all.
    ///
    /// # Errors
    /// There are too many.
    pub fn marketplaces(self, marketplace_ids: Vec<MarketplaceId>) -> Result<Self, InvalidFilter> {
        if marketplace_ids.len() > MOST {
            return Err(InvalidFilter("must name at most 10 marketplaces"));
        }
        Ok(Self {
            marketplace_ids,
            ..self
        })
    }

    /// Only reports in one of these statuses; with none, in all.
    #[must_use]
    pub fn processing_statuses(self, processing_statuses: Vec<ProcessingStatus>) -> Self {
        Self {
            processing_statuses,
            ..self
        }
    }

    /// At most so many reports a page, 1 to 100; Amazon's default is 10.
    ///
    /// # Errors
    /// It is no such number.
    pub fn page_size(self, page_size: u8) -> Result<Self, InvalidFilter> {
        if !(1..=100).contains(&page_size) {
            return Err(InvalidFilter("must be a page size from 1 to 100"));
        }
        Ok(Self {
            page_size: Some(page_size),
            ..self
        })
    }

    /// Only reports ordered at this time or later.
    #[must_use]
    pub fn created_since(self, since: ListedSince) -> Self {
        Self {
            created_since: Some(since.time),
            ..self
        }
    }

    /// Only reports ordered at this time or earlier.
    #[must_use]
    pub fn created_until(self, time: Timestamp) -> Self {
        Self {
            created_until: Some(time),
            ..self
        }
    }
}

impl ReportsQuery {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        let filter = match self {
            Self::Next(token) => return vec![("nextToken", token.0.clone())],
            Self::Filter(filter) => filter,
        };
        let types = filter.report_types.iter().map(ReportType::as_str);
        let marketplaces = filter.marketplace_ids.iter().map(MarketplaceId::as_str);
        let statuses = filter.processing_statuses.iter().map(|status| status.as_str());
        [
            ("reportTypes", Some(comma_list(types))),
            ("marketplaceIds", Some(comma_list(marketplaces))),
            ("processingStatuses", Some(comma_list(statuses))),
            ("pageSize", filter.page_size.map(|size| size.to_string())),
            ("createdSince", filter.created_since.map(write_time)),
            ("createdUntil", filter.created_until.map(write_time)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)))
        .collect()
    }

    fn write_to(&self, url: &mut Url) {
        url.query_pairs_mut().extend_pairs(self.parameters());
    }
}

/// Where a list goes on. Amazon keeps the filter that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextToken(String);

impl From<String> for NextToken {
    fn from(token: String) -> Self {
        Self(token)
    }
}

/// A part of the list.
///
/// Amazon adds to its models without asking us. An entry that this crate can't read, be it for a new
/// processing status or an id of a new form, neither takes the whole page with it nor goes missing:
/// it is in `unreadable`, for the caller to report, and the others are in `reports`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "PageAnswer")]
pub struct ReportsPage {
    /// The reports, newest first.
    pub reports: Vec<Report>,
    /// The entries that are no reports as the model has them.
    pub unreadable: Vec<UnreadableReport>,
    /// Where the list goes on; `None` at its end.
    pub next_token: Option<NextToken>,
}

/// An entry of the list that is no report as the model has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableReport {
    /// What it tells of its report, if it names one.
    pub traits: Option<ReportTraits>,
    /// What is wrong with it.
    pub problem: String,
}

/// What an entry of the list tells of how its report was ordered. All but the id may be missing, in the
/// model or in fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportTraits {
    /// Amazon's id for it.
    pub report_id: ReportId,
    /// What it reports.
    pub report_type: Option<ReportType>,
    /// The marketplaces it covers; empty if they are not told.
    pub marketplace_ids: Vec<MarketplaceId>,
    /// The schedule that made it, if one did.
    pub report_schedule_id: Option<ReportScheduleId>,
    /// When it was ordered.
    pub created_time: Option<Timestamp>,
    /// Start of the period.
    pub data_start_time: Option<Timestamp>,
    /// End of the period.
    pub data_end_time: Option<Timestamp>,
}

impl From<Report> for ReportTraits {
    fn from(report: Report) -> Self {
        Self {
            report_id: report.report_id,
            report_type: Some(report.report_type),
            marketplace_ids: report.marketplace_ids,
            report_schedule_id: report.report_schedule_id,
            created_time: Some(report.created_time),
            data_start_time: report.data_start_time,
            data_end_time: report.data_end_time,
        }
    }
}

impl ReportTraits {
    /// Reads as much of `entry` as can be read; `None` if that is not even the id.
    fn read(entry: &Value) -> Option<Self> {
        Some(Self {
            report_id: field(entry, "reportId")?,
            report_type: field(entry, "reportType"),
            marketplace_ids: field(entry, "marketplaceIds").unwrap_or_default(),
            report_schedule_id: field(entry, "reportScheduleId"),
            created_time: field(entry, "createdTime"),
            data_start_time: field(entry, "dataStartTime"),
            data_end_time: field(entry, "dataEndTime"),
        })
    }
}

fn field<T: DeserializeOwned>(entry: &Value, name: &str) -> Option<T> {
    T::deserialize(entry.get(name)?).ok()
}

impl ReportsPage {
    /// What the entries tell of how their reports were ordered, the unreadable ones as well.
    pub fn into_traits(self) -> impl Iterator<Item = ReportTraits> {
        let unreadable = self.unreadable.into_iter().filter_map(|entry| entry.traits);
        self.reports.into_iter().map(ReportTraits::from).chain(unreadable)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageAnswer {
    reports: Vec<Value>,
    #[serde(default, deserialize_with = "absent_if_empty")]
    next_token: Option<NextToken>,
}

impl From<PageAnswer> for ReportsPage {
    fn from(answer: PageAnswer) -> Self {
        let mut page = Self {
            reports: Vec::new(),
            unreadable: Vec::new(),
            next_token: answer.next_token,
        };
        for entry in answer.reports {
            match Report::deserialize(&entry) {
                Ok(report) => page.reports.push(report),
                Err(error) => page.unreadable.push(UnreadableReport {
                    traits: ReportTraits::read(&entry),
                    problem: error.to_string(),
                }),
            }
        }
        page
    }
}

impl SpApiClient {
    /// Lists the selling partner's reports, wherever they were ordered, page by page.
    ///
    /// # Errors
    /// See [`SpApiError`]; a token that has run out is [`SpApiError::Rejected`].
    pub async fn get_reports(
        &self,
        region: RegionCode,
        token: &AccessToken,
        query: &ReportsQuery,
    ) -> Result<ReportsPage, SpApiError> {
        let mut url = self.url(region, &[API[0], API[1], "reports"]);
        query.write_to(&mut url);
        self.send(Call::without_body(Operation::GetReports, Method::GET, url, token))
            .await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn types(count: usize) -> Vec<ReportType> {
        let name = |number| ReportType::parse(&format!("GET_{number}")).expect("valid");
        (0..count).map(name).collect()
    }

    fn since(wanted: &str, now: &str) -> ListedSince {
        let time = |text: &str| text.parse().expect("a time");
        ListedSince::within_reach(time(wanted), time(now))
    }

    #[test]
    fn a_search_since_longer_than_90_days_ago_is_clamped_and_leaves_a_gap() {
        let now = "2026-11-27T12:00:00Z";
        let recent = since("2026-08-29T13:00:00Z", now);
        assert_eq!(
            (recent.time.to_string(), recent.gap()),
            ("2026-08-29T13:00:00Z".into(), None)
        );
        let old = since("2026-08-19T12:00:00Z", now);
        assert_eq!(old.time, recent.time);
        let gap = old.gap().expect("beyond the reach");
        assert_eq!(
            (gap.from.to_string(), gap.until),
            ("2026-08-19T12:00:00Z".into(), old.time)
        );
    }

    fn query_of(query: &ReportsQuery) -> String {
        let mut url = Url::parse("https://amazon.com/").expect("a URL");
        query.write_to(&mut url);
        url.query().unwrap_or_default().to_owned()
    }

    #[test]
    fn a_filter_says_what_is_wanted_and_no_more() {
        let least = ReportsFilter::new(types(1)).expect("valid");
        assert_eq!(
            query_of(&ReportsQuery::Filter(least.clone())),
            "reportTypes=GET_0"
        );
        let marketplace = MarketplaceId::parse("ATVPDKIKX0DER").expect("valid");
        let full = least
            .marketplaces(vec![marketplace])
            .and_then(|filter| filter.page_size(100))
            .expect("valid")
            .processing_statuses(vec![ProcessingStatus::Done, ProcessingStatus::Fatal])
            .created_since(since("2024-03-10T20:11:24Z", "2024-03-12T00:00:00Z"))
            .created_until("2024-03-11T20:11:24.5Z".parse().expect("a time"));
        assert_eq!(
            query_of(&ReportsQuery::Filter(full)),
            "reportTypes=GET_0&marketplaceIds=ATVPDKIKX0DER&processingStatuses=DONE%2CFATAL&pageSize=100\
             &createdSince=2024-03-10T20%3A11%3A24.000Z&createdUntil=2024-03-11T20%3A11%3A24.500Z"
        );
    }

    #[test]
    fn a_token_is_sent_alone_and_unharmed() {
        let token = NextToken::from("a+b/c==".to_owned());
        assert_eq!(query_of(&ReportsQuery::Next(token)), "nextToken=a%2Bb%2Fc%3D%3D");
    }

    #[test]
    fn a_filter_keeps_amazons_limits() {
        assert!(ReportsFilter::new(types(0)).is_err());
        assert!(ReportsFilter::new(types(11)).is_err());
        let filter = ReportsFilter::new(types(10)).expect("valid");
        for size in [0, 101] {
            assert!(filter.clone().page_size(size).is_err(), "{size}");
        }
        let marketplaces = |count| vec![MarketplaceId::parse("ATVPDKIKX0DER").expect("valid"); count];
        assert!(filter.clone().marketplaces(marketplaces(10)).is_ok());
        assert!(filter.marketplaces(marketplaces(11)).is_err());
    }

    #[test]
    fn an_unknown_status_costs_no_other_report_and_does_not_go_unseen() {
        let entry = |id: &str, status: &str| {
            json!({
                "reportId": id, "reportType": "GET_0", "processingStatus": status,
                "createdTime": "2024-03-10T20:11:24Z",
            })
        };
        let page: ReportsPage = serde_json::from_value(json!({
            "reports": [entry("1", "DONE"), entry("2", "ON_HOLD"), entry("3", "FATAL"), "what?"],
            "nextToken": "",
        }))
        .expect("a page");
        let ids = page.reports.iter().map(|report| report.report_id.as_str());
        assert_eq!(ids.collect::<Vec<_>>(), ["1", "3"]);
        let [on_hold, nonsense] = &page.unreadable[..] else {
            panic!("{page:?}");
        };
        let traits = on_hold.traits.as_ref().expect("it names its report");
        assert_eq!(traits.report_id.as_str(), "2");
        assert_eq!(traits.created_time, "2024-03-10T20:11:24Z".parse().ok());
        assert_eq!((traits.data_start_time, traits.marketplace_ids.len()), (None, 0));
        assert!(on_hold.problem.contains("ON_HOLD"), "{}", on_hold.problem);
        assert_eq!(nonsense.traits, None);
        assert_eq!(page.next_token, None);
    }
}
