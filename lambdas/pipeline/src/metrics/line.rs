use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Metric;

/// The namespace of all metrics.
const NAMESPACE: &str = "SpReports";

/// The dimension that all metrics have; it tells stacks apart.
const FUNCTION: &str = "FunctionName";

/// Values that go together: one line of the log, as far as the format allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    values: Vec<(Metric, u64)>,
}

impl Line {
    /// The same line with one more value.
    #[must_use]
    pub fn with(mut self, metric: Metric, value: u64) -> Self {
        self.values.push((metric, value));
        self
    }

    /// The same line with one more value, if there is one.
    #[must_use]
    pub fn with_any(self, metric: Metric, value: Option<u64>) -> Self {
        match value {
            Some(value) => self.with(metric, value),
            None => self,
        }
    }

    /// Has CloudWatch count it.
    pub fn emit(self) {
        let function = std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
        for line in self.lines(&function, Timestamp::now()) {
            println!("{line}");
        }
    }

    /// As few lines as possible: in one, a metric has one value, and so has a dimension.
    pub(super) fn lines(mut self, function: &str, now: Timestamp) -> Vec<Value> {
        let mut lines = Vec::new();
        while !self.values.is_empty() {
            let (mut fields, mut later) = (BTreeMap::new(), Vec::new());
            let mut directives: BTreeMap<Option<&str>, Vec<Value>> = BTreeMap::new();
            fields.insert(FUNCTION, Value::from(function));
            for (metric, value) in self.values {
                let dimension = metric.dimension();
                let is_free = dimension.is_none_or(|(name, of)| fields.get(name).is_none_or(|it| it == of));
                if fields.contains_key(metric.name()) || !is_free {
                    later.push((metric, value));
                    continue;
                }
                fields.insert(metric.name(), value.into());
                fields.extend(dimension.map(|(name, of)| (name, of.into())));
                let described = json!({"Name": metric.name(), "Unit": metric.unit().name()});
                directives
                    .entry(dimension.map(|(name, _)| name))
                    .or_default()
                    .push(described);
            }
            let directives = directives.into_iter().map(|(dimension, metrics)| {
                let dimensions: Vec<_> = [FUNCTION].into_iter().chain(dimension).collect();
                json!({"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics})
            });
            let directives: Vec<_> = directives.collect();
            let mut line = json!({
                "_aws": {"Timestamp": now.as_millisecond(), "CloudWatchMetrics": directives},
            });
            for (name, value) in fields {
                line[name] = value;
            }
            lines.push(line);
            self.values = later;
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use sp_api::rates::Operation;

    use super::super::Outcome;
    use super::*;

    fn lines(line: Line) -> Vec<Value> {
        line.lines("processor", "2026-11-27T10:00:00Z".parse().expect("a time"))
    }

    #[test]
    fn a_line_holds_the_value_and_what_cloudwatch_must_know_of_it() {
        let line = &lines(Line::default().with(Metric::AnnouncementsOfUnknownSellers, 1))[0];
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(line["_aws"]["Timestamp"], 1_795_773_600_000_i64);
        assert_eq!(directive["Namespace"], "SpReports");
        for named in [&directive["Metrics"][0]["Name"], &directive["Dimensions"][0][0]] {
            assert!(line[named.as_str().expect("a name")] != Value::Null, "{line}");
        }
        assert_eq!(line["AnnouncementsOfUnknownSellers"], 1);
    }

    #[test]
    fn what_goes_together_is_one_line_each_with_its_dimensions() {
        let line = Line::default()
            .with(Metric::Reports(Outcome::Delivered), 1)
            .with(Metric::TimeToMail, 1500)
            .with_any(Metric::DocumentBytes, Some(7))
            .with_any(Metric::LinkTime, None);
        let lines = lines(line);
        assert_eq!(lines.len(), 1);
        let directives = json!([
            {"Namespace": "SpReports", "Dimensions": [["FunctionName"]], "Metrics": [
                {"Name": "TimeToMail", "Unit": "Milliseconds"}, {"Name": "DocumentBytes", "Unit": "Bytes"},
            ]},
            {"Namespace": "SpReports", "Dimensions": [["FunctionName", "Outcome"]], "Metrics": [
                {"Name": "Reports", "Unit": "Count"},
            ]},
        ]);
        assert_eq!(lines[0]["_aws"]["CloudWatchMetrics"], directives);
        assert_eq!(lines[0]["Outcome"], "Delivered");
        assert_eq!(lines[0]["TimeToMail"], 1500);
        assert_eq!(lines[0].get("LinkTime"), None);
    }

    #[test]
    fn what_would_have_two_values_is_two_lines() {
        let line = Line::default()
            .with(Metric::QuotaSlots(Operation::GetReport), 1)
            .with(Metric::QuotaSlots(Operation::GetReports), 2)
            .with(Metric::QuotaWait, 0);
        let lines = lines(line);
        assert_eq!(lines.len(), 2);
        assert_eq!(
            (&lines[0]["Operation"], &lines[0]["QuotaSlots"]),
            (&json!("getReport"), &json!(1))
        );
        assert_eq!(
            (&lines[1]["Operation"], &lines[1]["QuotaSlots"]),
            (&json!("getReports"), &json!(2))
        );
        assert_eq!(lines[0]["QuotaWait"], 0);
    }
}
