//! Who is told of a fault, and how: by an alarm or by an e-mail.

mod sources;

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use end_to_end::Email;
use end_to_end::JsonService::Metrics;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::alarm::{Alarm, Point};
use crate::scene::Scene;

/// What is to be heard.
#[derive(Clone, Debug, PartialEq)]
pub enum Signal {
    /// One of these alarms, by their names in the CDK app.
    Alarm(&'static [&'static str]),
    /// A value of a metric on the dashboard. No alarm rings, as nobody has to act.
    Metric { name: &'static str, at_least: f64 },
    /// An e-mail that begins like that, to do with that seller.
    Mail { headline: &'static str, seller: String },
}

/// What was heard.
#[derive(Clone, Debug)]
pub enum Heard {
    /// An alarm goes off.
    Alarm {
        name: &'static str,
        /// As it is deployed.
        full_name: String,
        /// The runbook's section that it names.
        anchor: String,
        value: f64,
        threshold: f64,
        /// How long it must be so until the alarm rings, in seconds; 0 if it rings at once.
        lasting: u32,
    },
    /// The dashboard shows it.
    Metric { name: &'static str, value: f64 },
    /// An e-mail came.
    Mail { subject: String },
}

impl fmt::Display for Heard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alarm {
                name,
                value,
                threshold,
                lasting,
                ..
            } => {
                write!(formatter, "alarm {name} ({value} of {threshold}")?;
                match lasting {
                    0 => write!(formatter, ")"),
                    seconds => write!(formatter, ", rings when it lasts {} min)", seconds / 60),
                }
            }
            Self::Metric { name, value } => write!(formatter, "metric {name} ({value}), no alarm"),
            Self::Mail { subject } => write!(formatter, "e-mail \"{subject}\""),
        }
    }
}

/// The reconciler looks every minute, and what it finds is counted by whom it starts.
const PATIENCE: Duration = Duration::from_secs(300);
const PAUSE: Duration = Duration::from_secs(2);

/// Waits until it is heard.
pub async fn wait_for(signal: &Signal, scene: &Scene<'_>, since: Timestamp) -> Result<Heard> {
    match signal {
        Signal::Alarm(names) => first_alarm(names, scene, since).await,
        Signal::Metric { name, at_least } => metric(name, *at_least, scene, since).await,
        Signal::Mail { headline, seller } => {
            let email = scene
                .mailbox
                .wait_for_headline(headline, seller, PATIENCE)
                .await?;
            Ok(Heard::Mail {
                subject: email.subject,
            })
        }
    }
}

async fn metric(name: &'static str, at_least: f64, scene: &Scene<'_>, since: Timestamp) -> Result<Heard> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let values = sources::values(name, scene, since).await?;
        let highest = values.into_iter().reduce(f64::max);
        if let Some(value) = highest.filter(|value| *value >= at_least) {
            return Ok(Heard::Metric { name, value });
        }
        ensure!(
            Instant::now() < deadline,
            "no function has counted {at_least} of {name} within {} s",
            PATIENCE.as_secs()
        );
        tokio::time::sleep(PAUSE).await;
    }
}

/// An alarm under watch.
struct Watched {
    name: &'static str,
    alarm: Alarm,
    /// Of what can only be asked as it is now.
    samples: Vec<Point>,
    /// As measured last.
    value: Option<f64>,
}

async fn first_alarm(names: &[&'static str], scene: &Scene<'_>, since: Timestamp) -> Result<Heard> {
    let mut watched = Vec::new();
    for name in names {
        watched.push(Watched {
            name,
            alarm: deployed(name, scene).await?,
            samples: Vec::new(),
            value: None,
        });
    }
    let deadline = Instant::now() + PATIENCE;
    loop {
        for one in &mut watched {
            let points = sources::points(&one.alarm, scene, since, &mut one.samples).await?;
            one.value = one.alarm.statistic_of(&points, Timestamp::now());
            let Some(value) = one.value.filter(|value| one.alarm.is_breached_by(*value)) else {
                continue;
            };
            arrives(&one.alarm, scene).await?;
            let needed = one.alarm.periods_needed();
            return Ok(Heard::Alarm {
                name: one.name,
                full_name: one.alarm.name.clone(),
                anchor: one.alarm.anchor()?.to_owned(),
                value,
                threshold: one.alarm.threshold,
                lasting: if needed > 1 { one.alarm.period * needed } else { 0 },
            });
        }
        if Instant::now() > deadline {
            let measured = watched.iter().map(|one| {
                let value = one.value.map_or("nothing".to_owned(), |value| value.to_string());
                format!("{} measures {value} and wants {}", one.name, one.alarm.threshold)
            });
            let measured: Vec<String> = measured.collect();
            bail!(
                "no alarm goes off within {} s: {}",
                PATIENCE.as_secs(),
                measured.join("; ")
            );
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The alarm of that name in the CDK app.
async fn deployed(name: &str, scene: &Scene<'_>) -> Result<Alarm> {
    let answer = describe(scene, "MetricAlarm").await?;
    // CloudFormation adds to the name in the app, which has the construct's before it.
    let is_it = |alarm: &&Value| {
        let full = alarm["AlarmName"].as_str().unwrap_or_default();
        let rest = full.split_once(&format!("Alarms{name}")).map(|(_, rest)| rest);
        rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_lowercase()))
    };
    let alarms = answer["MetricAlarms"].as_array();
    let found = alarms.and_then(|alarms| alarms.iter().find(is_it));
    let found = found.with_context(|| format!("no alarm {name} is deployed"))?;
    Ok(serde_json::from_value(found.clone())?)
}

/// Says in CloudWatch's stead that an alarm goes off; somebody must get an e-mail that names it, or the composite
/// alarm that it is part of.
async fn arrives(alarm: &Alarm, scene: &Scene<'_>) -> Result<()> {
    let composites = describe(scene, "CompositeAlarm").await?;
    let composites = composites["CompositeAlarms"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let around = composites.iter().filter_map(|composite| {
        let rule = composite["AlarmRule"].as_str()?;
        rule.contains(&alarm.name)
            .then(|| composite["AlarmName"].as_str())?
    });
    let names: Vec<&str> = std::iter::once(alarm.name.as_str()).chain(around).collect();
    let subjects: Vec<String> = names.iter().map(|name| format!("ALARM: \"{name}\"")).collect();
    let earlier = told(scene, &subjects).await?;
    set_state(scene, &alarm.name, "ALARM").await?;
    let deadline = Instant::now() + Duration::from_secs(60);
    while told(scene, &subjects).await? == earlier {
        ensure!(
            Instant::now() < deadline,
            "the alarm {} goes off, and no e-mail tells of it",
            alarm.name
        );
    }
    Ok(())
}

/// How many e-mails have come with one of these subjects, as far as a subject's hundred characters go.
async fn told(scene: &Scene<'_>, subjects: &[String]) -> Result<usize> {
    let emails = scene.mailbox.all().await?;
    let is_one = |email: &&Email| {
        subjects.iter().any(|subject| {
            let (one, other) = (email.subject.as_str(), subject.as_str());
            one.starts_with("ALARM: ") && (one.starts_with(other) || other.starts_with(one))
        })
    };
    Ok(emails.iter().filter(is_one).count())
}

/// Says in CloudWatch's stead that it is over.
pub async fn is_over(heard: &Heard, scene: &Scene<'_>) -> Result<()> {
    match heard {
        Heard::Alarm { full_name, .. } => set_state(scene, full_name, "OK").await,
        Heard::Metric { .. } | Heard::Mail { .. } => Ok(()),
    }
}

async fn set_state(scene: &Scene<'_>, name: &str, state: &str) -> Result<()> {
    let change = json!({"AlarmName": name, "StateValue": state, "StateReason": "drill"});
    scene.aws.ask(Metrics, "SetAlarmState", &change).await?;
    Ok(())
}

async fn describe(scene: &Scene<'_>, kind: &str) -> Result<Value> {
    let question = json!({"AlarmTypes": [kind], "MaxRecords": 100});
    scene.aws.ask(Metrics, "DescribeAlarms", &question).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_heard_says_how_long_it_must_last() {
        let heard = |lasting| {
            let (anchor, full_name) = (String::new(), String::new());
            let (value, threshold) = (7.0, 5.0);
            let name = "StorageFails";
            Heard::Alarm {
                name,
                full_name,
                anchor,
                value,
                threshold,
                lasting,
            }
            .to_string()
        };
        assert_eq!(heard(0), "alarm StorageFails (7 of 5)");
        assert_eq!(
            heard(900),
            "alarm StorageFails (7 of 5, rings when it lasts 15 min)"
        );
    }
}
