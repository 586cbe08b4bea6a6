//! Where metrics come from here: log lines, queues, and executions.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use aws_sdk_sfn::types::ExecutionStatus;
use aws_sdk_sqs::types::QueueAttributeName;
use end_to_end::JsonService::Logs;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::alarm::{Alarm, Point};
use crate::scene::Scene;

/// The values of an alarm's metric since then.
pub async fn points(
    alarm: &Alarm,
    scene: &Scene<'_>,
    since: Timestamp,
    samples: &mut Vec<Point>,
) -> Result<Vec<Point>> {
    match alarm.namespace.as_str() {
        "SpReports" => counted(alarm, scene, since).await,
        "AWS/Lambda" => of_functions(alarm, scene, since).await,
        "AWS/States" => of_executions(alarm, scene, since).await,
        "AWS/SQS" => {
            samples.push(of_queue(alarm, scene, since).await?);
            Ok(samples.clone())
        }
        other => bail!(
            "nothing here measures {other}, of which the alarm {} is",
            alarm.name
        ),
    }
}

/// What a function counts itself, as lines of its log in the embedded metric format.
async fn counted(alarm: &Alarm, scene: &Scene<'_>, since: Timestamp) -> Result<Vec<Point>> {
    let group = scene.log_group(alarm.dimension("FunctionName")?).await?;
    let lines = metric_lines(&group, scene, since).await?;
    Ok(lines.iter().flat_map(|line| of_line(line, alarm)).collect())
}

/// The values of a metric that any function counts itself.
pub async fn values(name: &str, scene: &Scene<'_>, since: Timestamp) -> Result<Vec<f64>> {
    let mut values = Vec::new();
    for group in scene.log_groups().await? {
        let lines = metric_lines(&group, scene, since).await?;
        values.extend(lines.iter().flat_map(|line| values_of(line, name)));
    }
    Ok(values)
}

/// The lines of a log since then that have metrics.
async fn metric_lines(group: &str, scene: &Scene<'_>, since: Timestamp) -> Result<Vec<Value>> {
    let lines = lines(group, scene, since).await?;
    Ok(lines.into_iter().filter_map(metric_line).collect())
}

/// The lines of a log since then that are JSON, as all of the functions' are.
async fn lines(group: &str, scene: &Scene<'_>, since: Timestamp) -> Result<Vec<Value>> {
    let question = json!({"logGroupName": group, "startTime": since.as_millisecond(), "limit": 10_000});
    let answer = scene.aws.ask(Logs, "FilterLogEvents", &question).await?;
    let events = answer["events"].as_array().cloned().unwrap_or_default();
    let messages = events.iter().filter_map(|event| event["message"].as_str());
    Ok(messages
        .filter_map(|message| serde_json::from_str(message.trim()).ok())
        .collect())
}

/// A line in the embedded metric format.
fn metric_line(line: Value) -> Option<Value> {
    // Lambda's own format has what is printed in a field.
    let line = match line["message"].as_str().map(serde_json::from_str) {
        Some(Ok(inner)) => inner,
        _ => line,
    };
    line["_aws"].is_object().then_some(line)
}

/// One value, or several.
fn values_of(line: &Value, name: &str) -> Vec<f64> {
    let value = &line[name];
    let values = value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice);
    values.iter().filter_map(Value::as_f64).collect()
}

/// The values in a line, if it is one of the metric.
fn of_line(line: &Value, alarm: &Alarm) -> Vec<Point> {
    let directives = line["_aws"]["CloudWatchMetrics"].as_array();
    let has_metric = directives.is_some_and(|directives| directives.iter().any(|it| is_about(it, alarm)));
    let is_of_dimensions = alarm
        .dimensions()
        .into_iter()
        .all(|(name, value)| line[name] == value);
    let at = line["_aws"]["Timestamp"]
        .as_i64()
        .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok());
    let Some(at) = at.filter(|_| has_metric && is_of_dimensions) else {
        return Vec::new();
    };
    let values = values_of(line, &alarm.metric_name).into_iter();
    values.map(|value| Point { at, value }).collect()
}

/// Whether a directive says that the line has the metric, by just the alarm's dimensions.
fn is_about(directive: &Value, alarm: &Alarm) -> bool {
    let array = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let names: Vec<&str> = alarm.dimensions().into_keys().collect();
    let has_dimensions = array(&directive["Dimensions"]).iter().any(|set| {
        let mut set = array(set);
        set.sort_by_key(|name| name.as_str().map(str::to_owned));
        set == names
    });
    directive["Namespace"] == alarm.namespace
        && has_dimensions
        && array(&directive["Metrics"])
            .iter()
            .any(|metric| metric["Name"] == alarm.metric_name)
}

/// How often a function failed. The local AWS counts no calls that workflows make, so the log is asked: who fails
/// says so in a line, and whoever is called names the request in it.
async fn of_functions(alarm: &Alarm, scene: &Scene<'_>, since: Timestamp) -> Result<Vec<Point>> {
    if alarm.metric_name != "Errors" {
        bail!("nothing here measures a function's {}", alarm.metric_name);
    }
    let group = scene.log_group(alarm.dimension("FunctionName")?).await?;
    let lines = lines(&group, scene, since).await?;
    Ok(failures(&lines))
}

/// One for each request that has a line of an error.
fn failures(lines: &[Value]) -> Vec<Point> {
    let mut failed = BTreeMap::new();
    for line in lines.iter().filter(|line| line["level"] == "ERROR") {
        let at = line["timestamp"].as_str().and_then(|time| time.parse().ok());
        if let (Some(request), Some(at)) = (line["requestId"].as_str(), at) {
            failed.entry(request).or_insert(Point { at, value: 1.0 });
        }
    }
    failed.into_values().collect()
}

/// A workflow's executions that ended like that.
async fn of_executions(alarm: &Alarm, scene: &Scene<'_>, since: Timestamp) -> Result<Vec<Point>> {
    let status = match alarm.metric_name.as_str() {
        "ExecutionsFailed" => ExecutionStatus::Failed,
        "ExecutionsTimedOut" => ExecutionStatus::TimedOut,
        "ExecutionsAborted" => ExecutionStatus::Aborted,
        "ExecutionsSucceeded" => ExecutionStatus::Succeeded,
        other => bail!("nothing here measures {other}"),
    };
    let state_machine = alarm.dimension("StateMachineArn")?;
    let ends = scene.ends_of_executions(state_machine, status).await?;
    Ok(ends
        .into_iter()
        .filter(|at| *at >= since)
        .map(|at| Point { at, value: 1.0 })
        .collect())
}

/// A queue as it is now.
async fn of_queue(alarm: &Alarm, scene: &Scene<'_>, since: Timestamp) -> Result<Point> {
    use QueueAttributeName::{
        ApproximateNumberOfMessages as Waiting, ApproximateNumberOfMessagesNotVisible as InWork,
    };
    let queue = alarm.dimension("QueueName")?;
    let at = Timestamp::now();
    let waiting = scene.queue_attribute(queue, Waiting).await?;
    let value = match alarm.metric_name.as_str() {
        "ApproximateNumberOfMessagesVisible" => waiting,
        "ApproximateNumberOfMessagesNotVisible" => scene.queue_attribute(queue, InWork).await?,
        // The local SQS doesn't tell. Nothing waited when the fault began.
        "ApproximateAgeOfOldestMessage" if waiting > 0 => {
            u64::try_from(at.as_second() - since.as_second()).context("time goes on")?
        }
        "ApproximateAgeOfOldestMessage" => 0,
        other => bail!("nothing here measures {other}"),
    };
    Ok(Point {
        at,
        value: value as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm() -> Result<Alarm> {
        Ok(serde_json::from_value(json!({
            "AlarmName": "A", "Namespace": "SpReports", "MetricName": "Refused", "Statistic": "Sum", "Period": 300,
            "EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Dimensions": [{"Name": "FunctionName", "Value": "worker"}],
        }))?)
    }

    fn line(function: &str, metric: &str, value: &Value) -> Value {
        json!({
            "_aws": {"Timestamp": 1_795_773_600_000_i64, "CloudWatchMetrics": [{
                "Namespace": "SpReports", "Dimensions": [["FunctionName"]], "Metrics": [{"Name": metric}],
            }]},
            "FunctionName": function, metric: value,
        })
    }

    #[test]
    fn values_are_read_from_lines_of_the_metric_and_no_others() -> Result<()> {
        let alarm = alarm()?;
        let values = |message: Value| -> Vec<f64> {
            let line = metric_line(message);
            let points = line.map(|line| of_line(&line, &alarm)).unwrap_or_default();
            points.into_iter().map(|point| point.value).collect()
        };
        let one = line("worker", "Refused", &json!(1));
        assert_eq!(values(one.clone()), [1.0]);
        assert_eq!(values(json!({"message": one.to_string()})), [1.0]);
        assert_eq!(values(line("worker", "Refused", &json!([1, 2]))), [1.0, 2.0]);
        assert_eq!(values(line("another", "Refused", &json!(1))), [0.0; 0]);
        assert_eq!(values(line("worker", "Other", &json!(1))), [0.0; 0]);
        let mut by_more = line("worker", "Refused", &json!(1));
        by_more["_aws"]["CloudWatchMetrics"][0]["Dimensions"] = json!([["FunctionName", "Stage"]]);
        assert_eq!(values(by_more), [0.0; 0]);
        Ok(())
    }

    #[test]
    fn a_request_that_fails_counts_once() {
        let line = |level: &str, request: &str| json!({"timestamp": "2026-11-22T08:30:00.000Z", "level": level, "requestId": request, "message": "m"});
        let lines = [
            line("ERROR", "1"),
            line("ERROR", "1"),
            line("ERROR", "2"),
            line("INFO", "3"),
        ];
        assert_eq!(failures(&lines).len(), 2);
    }
}
