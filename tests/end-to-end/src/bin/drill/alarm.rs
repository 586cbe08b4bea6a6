//! Alarms as they are deployed, and whether they go off. The local CloudWatch knows neither what the functions count
//! nor the queues and workflows, so the same rule is applied here.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde::Deserialize;

/// What stands before a section's name in a description.
const RUNBOOK: &str = "RUNBOOK.md#";

/// An alarm on one metric.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Alarm {
    #[serde(rename = "AlarmName")]
    pub name: String,
    #[serde(rename = "AlarmDescription", default)]
    pub description: String,
    pub namespace: String,
    pub metric_name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
    pub statistic: Statistic,
    /// In seconds.
    pub period: u32,
    pub evaluation_periods: u32,
    pub datapoints_to_alarm: Option<u32>,
    pub threshold: f64,
    comparison_operator: Comparison,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Dimension {
    name: String,
    value: String,
}

/// How a period's values become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Statistic {
    Sum,
    Maximum,
    Minimum,
    Average,
    SampleCount,
}

/// What a value is to the threshold if it is one too many, or too few.
#[derive(Clone, Copy, Debug, Deserialize)]
enum Comparison {
    #[serde(rename = "GreaterThanOrEqualToThreshold")]
    GreaterOrEqual,
    #[serde(rename = "GreaterThanThreshold")]
    Greater,
    #[serde(rename = "LessThanThreshold")]
    Less,
    #[serde(rename = "LessThanOrEqualToThreshold")]
    LessOrEqual,
}

/// A value of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub at: Timestamp,
    pub value: f64,
}

impl Alarm {
    /// What the metric is about.
    pub fn dimensions(&self) -> BTreeMap<&str, &str> {
        let pairs = self.dimensions.iter();
        pairs
            .map(|dimension| (dimension.name.as_str(), dimension.value.as_str()))
            .collect()
    }

    /// The value of a dimension.
    pub fn dimension(&self, name: &str) -> Result<&str> {
        let dimensions = self.dimensions();
        let value = dimensions.get(name).copied();
        value.with_context(|| format!("the alarm {} has no dimension {name}", self.name))
    }

    /// The section of the runbook that its description names.
    pub fn anchor(&self) -> Result<&str> {
        let (_, rest) = self
            .description
            .split_once(RUNBOOK)
            .with_context(|| format!("the alarm {} names no section of the runbook", self.name))?;
        let end = rest
            .find(|character: char| !character.is_alphanumeric() && !matches!(character, '-' | '_'))
            .unwrap_or(rest.len());
        let anchor = &rest[..end];
        ensure!(
            !anchor.is_empty(),
            "the alarm {} names an empty section",
            self.name
        );
        Ok(anchor)
    }

    /// How many of the last periods must be too much.
    pub fn periods_needed(&self) -> u32 {
        self.datapoints_to_alarm.unwrap_or(self.evaluation_periods).max(1)
    }

    /// The statistic over a period that ends now; nothing if nothing was measured.
    pub fn statistic_of(&self, points: &[Point], now: Timestamp) -> Option<f64> {
        let period = i64::from(self.period);
        let values: Vec<f64> = points
            .iter()
            .filter(|point| (0..period).contains(&(now.as_second() - point.at.as_second())))
            .map(|point| point.value)
            .collect();
        let sum: f64 = values.iter().sum();
        let count = values.len() as f64;
        match self.statistic {
            _ if values.is_empty() => None,
            Statistic::Sum => Some(sum),
            Statistic::Average => Some(sum / count),
            Statistic::SampleCount => Some(count),
            Statistic::Maximum => values.into_iter().reduce(f64::max),
            Statistic::Minimum => values.into_iter().reduce(f64::min),
        }
    }

    /// Whether that is too much, or too little.
    pub fn is_breached_by(&self, value: f64) -> bool {
        match self.comparison_operator {
            Comparison::GreaterOrEqual => value >= self.threshold,
            Comparison::Greater => value > self.threshold,
            Comparison::Less => value < self.threshold,
            Comparison::LessOrEqual => value <= self.threshold,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn alarm(more: &Value) -> Result<Alarm> {
        let mut alarm = json!({
            "AlarmName": "SpReports-AlarmsX", "AlarmDescription": "Bad. Runbook: cdk/RUNBOOK.md#dead-letters. More.",
            "Namespace": "SpReports", "MetricName": "Refused", "Statistic": "Sum", "Period": 300,
            "EvaluationPeriods": 3, "Threshold": 5.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Dimensions": [{"Name": "FunctionName", "Value": "worker"}],
        });
        for (name, value) in more.as_object().context("an object")? {
            alarm[name] = value.clone();
        }
        Ok(serde_json::from_value(alarm)?)
    }

    #[test]
    fn what_is_deployed_is_read() -> Result<()> {
        let read = alarm(&json!({}))?;
        assert_eq!(read.anchor()?, "dead-letters");
        assert_eq!(read.dimension("FunctionName")?, "worker");
        assert!(read.dimension("QueueName").is_err());
        assert_eq!(read.periods_needed(), 3);
        assert_eq!(alarm(&json!({"DatapointsToAlarm": 2}))?.periods_needed(), 2);
        assert!(alarm(&json!({"AlarmDescription": "Bad."}))?.anchor().is_err());
        Ok(())
    }

    #[test]
    fn a_period_s_values_become_one() -> Result<()> {
        let now: Timestamp = "2026-11-28T12:00:00Z".parse()?;
        let point = |seconds_ago: i64, value| -> Result<Point> {
            let at = Timestamp::from_second(now.as_second() - seconds_ago)?;
            Ok(Point { at, value })
        };
        // The first is of the period before.
        let points = [point(300, 100.0)?, point(299, 2.0)?, point(0, 4.0)?];
        for (statistic, expected) in [
            ("Sum", 6.0),
            ("Maximum", 4.0),
            ("Minimum", 2.0),
            ("Average", 3.0),
            ("SampleCount", 2.0),
        ] {
            let alarm = alarm(&json!({"Statistic": statistic}))?;
            assert_eq!(alarm.statistic_of(&points, now), Some(expected), "{statistic}");
            assert_eq!(alarm.statistic_of(&points[..1], now), None, "{statistic}");
        }
        Ok(())
    }

    #[test]
    fn the_threshold_is_compared_as_it_says() -> Result<()> {
        for (operator, below, at, above) in [
            ("GreaterThanOrEqualToThreshold", false, true, true),
            ("GreaterThanThreshold", false, false, true),
            ("LessThanThreshold", true, false, false),
            ("LessThanOrEqualToThreshold", true, true, false),
        ] {
            let alarm = alarm(&json!({"ComparisonOperator": operator}))?;
            let found = [4.0, 5.0, 6.0].map(|value| alarm.is_breached_by(value));
            assert_eq!(found, [below, at, above], "{operator}");
        }
        Ok(())
    }
}
