//! Reports: what Amazon keeps of each.

pub(crate) mod life;
pub(crate) mod listing;
pub(crate) mod operations;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde_json::{Value, json};
pub(crate) use sp_api::ProcessingStatus as Status;
use sp_api::RegionCode;

use crate::outcomes::Outcome;

/// What names a report: its id is unique only together with the seller.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ReportKey {
    pub(crate) region: RegionCode,
    pub(crate) seller_id: String,
    pub(crate) id: String,
}

/// What a report is asked to be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Specification {
    pub(crate) report_type: String,
    pub(crate) marketplace_ids: Vec<String>,
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) data_start: Option<Timestamp>,
    pub(crate) data_end: Option<Timestamp>,
    pub(crate) schedule_id: Option<String>,
    /// When it was ordered, if that is past.
    pub(crate) created: Option<Timestamp>,
}

/// A report.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) key: ReportKey,
    /// Counts up over all reports.
    pub(crate) sequence: u64,
    pub(crate) specification: Specification,
    pub(crate) status: Status,
    pub(crate) created: Timestamp,
    pub(crate) started: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) document_id: Option<String>,
    pub(crate) outcome: Outcome,
    /// How many notifications about it were delivered.
    pub(crate) notified: u64,
}

/// A time as SP-API writes it in answers.
pub(crate) fn write_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

impl Report {
    /// Where it stands in lists.
    pub(crate) fn place(&self) -> (Timestamp, u64) {
        (self.created, self.sequence)
    }

    /// The model's `Report`.
    pub(crate) fn describe(&self) -> Value {
        let specification = &self.specification;
        let now = write_time(self.created);
        let time = |time: Option<Timestamp>| time.map(write_time);
        let fields = [
            ("processingStartTime", time(self.started)),
            ("processingEndTime", time(self.ended)),
            ("reportDocumentId", self.document_id.clone()),
            ("reportScheduleId", specification.schedule_id.clone()),
        ];
        let mut report = json!({
            "reportId": self.key.id,
            "reportType": specification.report_type,
            "marketplaceIds": specification.marketplace_ids,
            // "The default is now."
            "dataStartTime": time(specification.data_start).unwrap_or_else(|| now.clone()),
            "dataEndTime": time(specification.data_end).unwrap_or_else(|| now.clone()),
            "createdTime": now,
            "processingStatus": self.status.as_str(),
        });
        for (name, value) in fields {
            if let Some(value) = value {
                report[name] = value.into();
            }
        }
        report
    }
}

/// Every report there is.
#[derive(Debug)]
pub(crate) struct Reports {
    by_key: HashMap<ReportKey, Report>,
    /// What each seller's next report id is, in each region. Each starts at the same number, so that the
    /// same id belongs to different sellers, and to one seller in different regions.
    next_ids: HashMap<(RegionCode, String), u64>,
    first_id: u64,
    last_sequence: u64,
    pub(crate) pages: HashMap<String, listing::Page>,
}

impl Reports {
    /// Ids start where the clock is: a simulator that was started again must not give out the ids
    /// of reports that a deployment beside it still remembers.
    pub(crate) fn new() -> Self {
        Self {
            by_key: HashMap::new(),
            next_ids: HashMap::new(),
            first_id: u64::try_from(Timestamp::now().as_millisecond() / 10).unwrap_or_default(),
            last_sequence: 0,
            pages: HashMap::new(),
        }
    }

    /// The next unused id of a seller in a region, which schedules have too.
    pub(crate) fn next_id(&mut self, region: RegionCode, seller_id: &str) -> String {
        let place = (region, seller_id.to_owned());
        let next = self.next_ids.entry(place).or_insert(self.first_id);
        *next += 1;
        next.to_string()
    }

    /// Adds a report, in the queue.
    pub(crate) fn add(
        &mut self,
        region: RegionCode,
        seller_id: &str,
        specification: Specification,
        outcome: Outcome,
    ) -> ReportKey {
        let key = ReportKey {
            region,
            seller_id: seller_id.to_owned(),
            id: self.next_id(region, seller_id),
        };
        self.last_sequence += 1;
        let created = specification.created.unwrap_or_else(Timestamp::now);
        let report = Report {
            key: key.clone(),
            sequence: self.last_sequence,
            specification,
            status: Status::InQueue,
            created,
            started: None,
            ended: None,
            document_id: None,
            outcome,
            notified: 0,
        };
        self.by_key.insert(key.clone(), report);
        key
    }

    pub(crate) fn get(&self, key: &ReportKey) -> Option<&Report> {
        self.by_key.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &ReportKey) -> Option<&mut Report> {
        self.by_key.get_mut(key)
    }

    /// All of them, the newest first.
    pub(crate) fn newest_first(&self) -> Vec<&Report> {
        let mut reports = self.by_key.values().collect::<Vec<_>>();
        reports.sort_unstable_by_key(|report| std::cmp::Reverse(report.place()));
        reports
    }
}
