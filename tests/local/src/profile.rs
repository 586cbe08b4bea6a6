//! What kind of stack to start.

use anyhow::{Result, bail};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::setting::Setting;

/// What makes stacks differ, besides their ports.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// How many times faster than Amazon's quotas fill up again and schedules come round
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = factor)]
    pub speed_up: f64,
    /// Let the functions' calls to AWS go through a proxy that can fail as AWS does
    #[arg(long)]
    pub faulty_aws: bool,
    /// A setting of the deployment, as `cdk deploy` takes it, such as `documentFormat=utf8`
    #[arg(short = 'c', long = "context", value_name = "NAME=VALUE")]
    pub context: Vec<Setting>,
}

/// A plain stack.
impl Default for Profile {
    fn default() -> Self {
        Self {
            speed_up: 1.0,
            faulty_aws: false,
            context: Vec::new(),
        }
    }
}

impl Profile {
    /// A stack to let a storm of faults loose on. At this speed, Amazon lets 60 reports be
    /// ordered in a minute and not in an hour.
    pub const STORM: Self = Self {
        speed_up: 60.0,
        faulty_aws: true,
        context: Vec::new(),
    };

    /// How long after an order or a notification the reconciler looks after a report.
    pub fn overdue_seconds(&self) -> u32 {
        if self.faulty_aws { 15 } else { 30 }
    }

    /// How long after its order a report is slow: in a storm, none of its reports.
    pub fn slow_after_hours(&self) -> f64 {
        if self.faulty_aws { 24.0 } else { 0.03 }
    }

    /// Fails if a stack of another kind runs.
    pub fn require_same(&self, running: &Self) -> Result<()> {
        if self == running {
            return Ok(());
        }
        bail!(
            "a stack runs already, but one with `{}`, and this needs one with `{}`: stop it with `cargo local down`",
            running.as_command(),
            self.as_command()
        );
    }

    fn as_command(&self) -> String {
        let mut command = "cargo local up".to_owned();
        if self.speed_up != Self::default().speed_up {
            command.push_str(&format!(" --speed-up {}", self.speed_up));
        }
        if self.faulty_aws {
            command.push_str(" --faulty-aws");
        }
        for setting in &self.context {
            command.push_str(&format!(" -c {setting}"));
        }
        command
    }
}

/// Reads how many times faster something goes.
pub fn factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor > 0.0 && factor.is_finite() => Ok(factor),
        _ => Err("must be a positive number".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_of_another_kind_is_refused_by_name() {
        assert!(Profile::STORM.require_same(&Profile::STORM).is_ok());
        let message = |wanted: Profile, running: Profile| {
            let error = wanted.require_same(&running).err();
            error.map(|error| error.to_string()).unwrap_or_default()
        };
        let plain = message(Profile::STORM, Profile::default());
        assert!(plain.contains("one with `cargo local up`,"), "{plain}");
        let storm = message(Profile::default(), Profile::STORM);
        assert!(
            storm.contains("`cargo local up --speed-up 60 --faulty-aws`,"),
            "{storm}"
        );
        let express = Profile {
            context: vec!["workflowType=express".parse().expect("a setting")],
            ..Profile::default()
        };
        let express = message(Profile::default(), express);
        assert!(
            express.contains("`cargo local up -c workflowType=express`,"),
            "{express}"
        );
    }

    #[test]
    fn speed_is_a_positive_number() {
        assert_eq!(factor("2.5"), Ok(2.5));
        for wrong in ["0", "-1", "inf", "NaN", "fast"] {
            assert!(factor(wrong).is_err(), "{wrong}");
        }
    }
}
