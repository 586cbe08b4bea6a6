//! What a command needs before it begins: asked first, so that nobody waits for minutes only to be refused.

use anyhow::{Result, bail};

use crate::ports::{PortOptions, Ports};
use crate::prerequisites;
use crate::profile::Profile;
use crate::run_record::RunRecord;
use crate::stack;
use crate::workspace::Workspace;

/// What a command needs.
#[derive(Debug, Default, PartialEq)]
pub struct Needs {
    /// The programs and the room on the disk that it takes to build and run anything.
    pub tools: bool,
    /// All that must be so about this checkout's stack.
    pub stack: Vec<StackNeed>,
}

/// What must be so about this checkout's stack.
#[derive(Debug, PartialEq)]
pub enum StackNeed {
    /// One runs.
    Running,
    /// None runs: it would be measured, too.
    NoneRuns,
    /// The one that runs is of this kind, or there is room for one.
    Of(Profile),
    /// If none runs, there is room for one of this kind later. If one runs, the command does without.
    RoomFor(Profile),
}

impl Needs {
    /// Only a stack that runs.
    pub fn running() -> Self {
        Self {
            tools: false,
            stack: vec![StackNeed::Running],
        }
    }

    /// Everything that it takes to have a stack of this kind.
    pub fn stack_of(profile: Profile) -> Self {
        Self {
            tools: true,
            stack: vec![StackNeed::Of(profile)],
        }
    }

    /// Fails if something is missing, and says what to type.
    pub fn check(&self, workspace: &Workspace, ports: PortOptions) -> Result<()> {
        // Before the tools: this takes no time.
        let running = stack::running(workspace).map(|(record, _)| record);
        let has_room = |profile: &Profile| Ports::free(ports, profile).map(drop);
        for need in &self.stack {
            need.check(running.as_ref(), ports, has_room)?;
        }
        if self.tools {
            prerequisites::check(workspace)?;
        }
        Ok(())
    }
}

impl StackNeed {
    fn check(
        &self,
        running: Option<&RunRecord>,
        ports: PortOptions,
        has_room: impl Fn(&Profile) -> Result<()>,
    ) -> Result<()> {
        match (self, running) {
            (Self::Running | Self::RoomFor(_), Some(_)) | (Self::NoneRuns, None) => Ok(()),
            (Self::Running, None) => bail!(stack::NONE_RUNS),
            (Self::NoneRuns, Some(_)) => bail!(
                "a stack of this checkout runs, and would be measured, too: stop it with `cargo local down`"
            ),
            (Self::Of(profile), Some(record)) => {
                profile.require_same(&record.profile)?;
                record.ports.require_same(ports)
            }
            (Self::Of(profile) | Self::RoomFor(profile), None) => has_room(profile),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a need is met; else the beginning of what is said.
    fn complaint(need: &StackNeed, running: Option<&Profile>, is_room: bool) -> Option<String> {
        let record = running.map(|profile| RunRecord {
            profile: profile.clone(),
            ..RunRecord::default()
        });
        let has_room = |_: &Profile| match is_room {
            true => Ok(()),
            false => bail!("port 4566 is in use"),
        };
        let outcome = need.check(record.as_ref(), PortOptions::default(), has_room);
        outcome.err().map(|error| error.to_string())
    }

    #[test]
    fn a_command_that_works_on_a_stack_says_how_to_start_one() {
        let said = complaint(&StackNeed::Running, None, true);
        assert!(said.is_some_and(|it| it.contains("`cargo local up`")));
        assert_eq!(complaint(&StackNeed::Running, Some(&Profile::STORM), false), None);
    }

    #[test]
    fn a_stack_must_be_of_the_kind_or_have_room() {
        let storm = StackNeed::Of(Profile::STORM);
        assert_eq!(complaint(&storm, Some(&Profile::STORM), false), None);
        assert_eq!(complaint(&storm, None, true), None);
        let other = complaint(&storm, Some(&Profile::default()), true);
        assert!(other.is_some_and(|it| it.contains("`cargo local down`")));
        let taken = complaint(&storm, None, false);
        assert_eq!(taken.as_deref(), Some("port 4566 is in use"));
    }

    #[test]
    fn what_is_measured_alone_is_refused_while_a_stack_runs() {
        let said = complaint(&StackNeed::NoneRuns, Some(&Profile::STORM), true);
        assert!(said.is_some_and(|it| it.contains("`cargo local down`")));
        assert_eq!(complaint(&StackNeed::NoneRuns, None, false), None);
    }

    #[test]
    fn a_stack_for_later_needs_room_unless_one_runs() {
        let later = StackNeed::RoomFor(Profile::STORM);
        assert_eq!(complaint(&later, Some(&Profile::default()), false), None);
        assert_eq!(complaint(&later, None, true), None);
        assert!(complaint(&later, None, false).is_some());
    }
}
