//! Which of the reports that Amazon lists may be an order whose answer was lost.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sp_api::{CreateReport, ReportTraits};

/// Amazon's clock may be behind ours, and a function may run for half a minute before it notes a doubt.
const BEFORE: Duration = Duration::from_secs(90);

/// What Amazon has not taken by then, it never will: who sent it is long gone.
const AFTER: Duration = Duration::from_secs(15 * 60);

/// So long after an order was written down as sent, Amazon has taken it or its sender has given up: its
/// slot, its connection and Amazon's answer have their time in it.
const SENDING: Duration = Duration::from_secs(45);

/// How much a report is like what was ordered; the likest is the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Likeness {
    detail: Detail,
    /// How long before or after the order was sent.
    distance: Duration,
}

/// What Amazon shows of an order's marketplaces and times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    /// All of it as it was ordered.
    Same,
    /// Its marketplaces not at all, or more of them.
    OtherMarketplaces,
    /// Its period not at all, or wider: what tells apart orders that are else alike.
    OtherTimes,
}

impl Likeness {
    /// Whether the report may well be of another order that is like this one: its period is wider or not
    /// told, as of an order for just that, or it was not made while this one was being sent.
    #[must_use]
    pub fn is_rather_of_another(self) -> bool {
        self.detail == Detail::OtherTimes || self.distance > SENDING
    }
}

/// The earliest time at which Amazon may have taken an order that was sent at `sent`.
#[must_use]
pub fn earliest(sent: Timestamp) -> Timestamp {
    sent - BEFORE
}

/// Whether the report `found` may be `order`, sent at `sent`, and how well. What Amazon does not show
/// contradicts nothing, nor does what it shows wider: all but the report's id is optional in the model,
/// or missing in fact.
#[must_use]
pub fn likeness(order: &CreateReport, sent: Timestamp, found: &ReportTraits) -> Option<Likeness> {
    let is_other_type = found
        .report_type
        .as_ref()
        .is_some_and(|it| *it != order.report_type);
    if is_other_type || found.report_schedule_id.is_some() {
        return None;
    }
    let distance = match found.created_time {
        Some(created) if created < earliest(sent) || created > sent + AFTER => return None,
        Some(created) => created.duration_since(sent).unsigned_abs(),
        // What was listed was asked for since the order.
        None => AFTER,
    };
    let details = [
        marketplaces(order, found)?,
        time(order.data_start_time, found.data_start_time, |wanted, shown| {
            shown <= wanted
        })?,
        time(order.data_end_time, found.data_end_time, |wanted, shown| {
            shown >= wanted || is_midnight_before(wanted, shown)
        })?,
    ];
    let detail = details.into_iter().max()?;
    Some(Likeness { detail, distance })
}

fn marketplaces(order: &CreateReport, found: &ReportTraits) -> Option<Detail> {
    let (wanted, shown) = (&order.marketplace_ids, &found.marketplace_ids);
    let has_all = wanted.iter().all(|id| shown.contains(id));
    if has_all && shown.iter().all(|id| wanted.contains(id)) {
        Some(Detail::Same)
    } else {
        (has_all || shown.is_empty()).then_some(Detail::OtherMarketplaces)
    }
}

fn time(
    wanted: Option<Timestamp>,
    shown: Option<Timestamp>,
    is_wider: impl Fn(Timestamp, Timestamp) -> bool,
) -> Option<Detail> {
    match (wanted, shown) {
        // Amazon fills in what was left out.
        (None, _) => Some(Detail::Same),
        (Some(_), None) => Some(Detail::OtherTimes),
        // Amazon shows no fractions.
        (Some(wanted), Some(shown)) if wanted.as_second() == shown.as_second() => Some(Detail::Same),
        (Some(wanted), Some(shown)) => is_wider(wanted, shown).then_some(Detail::OtherTimes),
    }
}

/// Some types are made of whole days, and an end within a day is shown as that day.
fn is_midnight_before(wanted: Timestamp, shown: Timestamp) -> bool {
    let (wanted, shown) = (wanted.to_zoned(TimeZone::UTC), shown.to_zoned(TimeZone::UTC));
    shown.date() == wanted.date() && shown.time() == jiff::civil::Time::midnight()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use sp_api::ReportsPage;

    use super::*;

    const SENT: &str = "2026-11-22T05:00:00Z";

    fn order() -> CreateReport {
        serde_json::from_value(json!({
            "reportType": "GET_X", "marketplaceIds": ["A1", "A2"],
            "dataStartTime": "2026-11-01T10:00:00.250Z", "dataEndTime": "2026-11-20T12:00:00.000Z",
        }))
        .expect("an order")
    }

    /// What the list tells of a report with these `changes`; null takes a field away.
    fn listed(changes: &Value) -> ReportTraits {
        let mut report = json!({
            "reportId": "1", "reportType": "GET_X", "marketplaceIds": ["A2", "A1"], "processingStatus": "IN_QUEUE",
            "createdTime": "2026-11-22T05:00:01Z", "dataStartTime": "2026-11-01T10:00:00+00:00",
            "dataEndTime": "2026-11-20T12:00:00+00:00",
        });
        let fields = report.as_object_mut().expect("an object");
        for (name, value) in changes.as_object().expect("an object") {
            if value.is_null() {
                fields.remove(name);
            } else {
                fields.insert(name.clone(), value.clone());
            }
        }
        let page: ReportsPage = serde_json::from_value(json!({ "reports": [report] })).expect("a page");
        page.into_traits().next().expect("a report")
    }

    fn likeness_to(changes: &Value) -> Option<Likeness> {
        likeness(&order(), SENT.parse().expect("a time"), &listed(changes))
    }

    fn detail(changes: &Value) -> Option<Detail> {
        likeness_to(changes).map(|it| it.detail)
    }

    #[test]
    fn an_order_that_is_listed_as_it_was_placed_is_known_again() {
        assert_eq!(detail(&json!({})), Some(Detail::Same));
    }

    #[test]
    fn what_the_list_leaves_out_does_not_contradict() {
        for (name, expected) in [
            ("marketplaceIds", Detail::OtherMarketplaces),
            ("dataStartTime", Detail::OtherTimes),
            ("dataEndTime", Detail::OtherTimes),
        ] {
            let mut absent = json!({});
            absent[name] = Value::Null;
            assert_eq!(detail(&absent), Some(expected), "{name}");
        }
        assert_eq!(
            detail(&json!({"marketplaceIds": []})),
            Some(Detail::OtherMarketplaces)
        );
        let bare = json!({"marketplaceIds": null, "dataStartTime": null, "dataEndTime": null});
        assert_eq!(detail(&bare), Some(Detail::OtherTimes));
    }

    #[test]
    fn what_the_list_shows_wider_does_not_contradict() {
        let more = json!({"marketplaceIds": ["A1", "A2", "A3"]});
        assert_eq!(detail(&more), Some(Detail::OtherMarketplaces));
        for changes in [
            json!({"dataStartTime": "2026-11-01T00:00:00Z"}),
            json!({"dataEndTime": "2026-11-21T00:00:00Z"}),
            json!({"dataEndTime": "2026-11-20T23:59:59Z"}),
            json!({"dataEndTime": "2026-11-20T00:00:00Z"}),
        ] {
            assert_eq!(detail(&changes), Some(Detail::OtherTimes), "{changes}");
        }
    }

    #[test]
    fn an_entry_that_is_unreadable_otherwise_is_compared_by_what_can_be_read() {
        for changes in [
            json!({"processingStatus": "ON_HOLD"}),
            json!({"processingStatus": null}),
            json!({"reportDocumentId": "a/../b"}),
        ] {
            assert_eq!(detail(&changes), Some(Detail::Same), "{changes}");
        }
        for changes in [
            json!({"createdTime": null}),
            json!({"createdTime": "yesterday"}),
            json!({"reportType": null}),
            json!({"dataEndTime": ""}),
        ] {
            assert!(likeness_to(&changes).is_some(), "{changes}");
        }
    }

    #[test]
    fn what_contradicts_is_another_report() {
        for changes in [
            json!({"reportType": "GET_Y"}),
            json!({"marketplaceIds": ["A1"]}),
            json!({"marketplaceIds": ["A1", "A3"]}),
            json!({"createdTime": "2026-11-22T04:58:29Z"}),
            json!({"createdTime": "2026-11-22T05:15:01Z"}),
            json!({"dataStartTime": "2026-11-01T10:00:01Z"}),
            json!({"dataEndTime": "2026-11-20T11:59:59Z"}),
            json!({"dataEndTime": "2026-11-19T00:00:00Z"}),
            json!({"reportScheduleId": "7"}),
        ] {
            assert_eq!(detail(&changes), None, "{changes}");
        }
    }

    #[test]
    fn what_was_not_made_while_the_order_was_sent_is_rather_of_another_one() {
        for (changes, expected) in [
            (json!({}), false),
            (json!({"marketplaceIds": null}), false),
            (json!({"createdTime": "2026-11-22T04:59:30Z"}), false),
            (json!({"createdTime": "2026-11-22T05:00:45Z"}), false),
            (json!({"createdTime": "2026-11-22T04:59:14Z"}), true),
            (json!({"createdTime": "2026-11-22T05:00:46Z"}), true),
            (json!({"createdTime": null}), true),
            (json!({"dataEndTime": null}), true),
        ] {
            let found = likeness_to(&changes).expect("contradicts nothing");
            assert_eq!(found.is_rather_of_another(), expected, "{changes}");
        }
    }

    #[test]
    fn the_likest_comes_first_and_among_these_the_nearest() {
        let (soon, later) = ("2026-11-22T05:00:01Z", "2026-11-22T05:01:00Z");
        let mut found = [
            likeness_to(&json!({"marketplaceIds": null, "createdTime": soon})),
            likeness_to(&json!({"createdTime": later})),
            likeness_to(&json!({"createdTime": soon})),
        ];
        let unsorted = found;
        found.sort();
        assert_eq!(found, [unsorted[2], unsorted[1], unsorted[0]]);
    }
}
