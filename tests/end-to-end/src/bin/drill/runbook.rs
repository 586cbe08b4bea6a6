//! `cdk/RUNBOOK.md`, as somebody reads it who was told of an alarm: sections, and the commands in them.

use std::path::Path;

use anyhow::{Context, Result};

/// The runbook.
#[derive(Debug)]
pub struct Runbook {
    sections: Vec<Section>,
}

/// What stands under a heading, with everything under lower headings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// How links name it.
    pub anchor: String,
    /// The heading.
    pub title: String,
    level: usize,
    text: String,
    /// The commands, a block at a time.
    pub blocks: Vec<Block>,
}

/// A fenced block of commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block(String);

/// The language of the blocks that are run. Blocks of others are there to be looked at.
const SHELL: &str = "sh";

impl Runbook {
    /// Reads it.
    pub fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("the runbook {} can't be read", file.display()))?;
        Ok(Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let mut sections = vec![Section::default()];
        // A fence's marks and language, and what is in it so far.
        let mut fence: Option<(String, String)> = None;
        for line in text.lines() {
            let is_mark = line.trim_start().starts_with("```");
            match (&mut fence, is_mark) {
                (None, true) => {
                    let language = line.trim_start().trim_start_matches('`').trim().to_owned();
                    fence = Some((language, String::new()));
                }
                (Some((language, commands)), true) => {
                    if language == SHELL {
                        let block = Block(std::mem::take(commands));
                        for section in open(&mut sections) {
                            section.blocks.push(block.clone());
                        }
                    }
                    fence = None;
                }
                (Some((_, commands)), false) => {
                    commands.push_str(line);
                    commands.push('\n');
                }
                (None, false) => match heading(line) {
                    Some((level, title)) => sections.push(Section {
                        anchor: anchor_of(title),
                        title: title.to_owned(),
                        level,
                        ..Section::default()
                    }),
                    None => {
                        for section in open(&mut sections) {
                            section.text.push_str(line);
                            section.text.push('\n');
                        }
                    }
                },
            }
        }
        Self { sections }
    }

    /// The section that a link leads to.
    pub fn section(&self, anchor: &str) -> Result<&Section> {
        let found = self.sections.iter().find(|section| section.anchor == anchor);
        found.with_context(|| format!("the runbook has no section #{anchor}"))
    }

    /// The section about what rows and e-mails call by that name.
    pub fn section_on(&self, name: &str) -> Result<&Section> {
        let in_title = self.sections.iter().find(|section| section.title.contains(name));
        let in_text = || {
            let name = format!("`{name}`");
            // The innermost: what surrounds it has it, too.
            let has = self
                .sections
                .iter()
                .filter(|section| section.text.contains(&name));
            has.filter(|section| !section.blocks.is_empty())
                .max_by_key(|section| section.level)
        };
        in_title
            .or_else(in_text)
            .with_context(|| format!("the runbook has no section about {name}"))
    }

    /// What is typed before everything else: the commands before the first section of the second level that has a
    /// name of its own, and those of a section called *Before you begin*.
    pub fn preamble(&self) -> impl Iterator<Item = &str> {
        let before = self
            .sections
            .iter()
            .find(|section| section.anchor == "before-you-begin");
        before.into_iter().flat_map(Section::commands)
    }
}

impl Section {
    /// The commands.
    pub fn commands(&self) -> impl Iterator<Item = &str> {
        self.blocks.iter().map(|Block(commands)| commands.as_str())
    }
}

/// The last section, and those around it.
fn open(sections: &mut [Section]) -> impl Iterator<Item = &mut Section> {
    let mut level = usize::MAX;
    sections.iter_mut().rev().filter(move |section| {
        let is_around = section.level < level;
        if is_around {
            level = section.level;
        }
        is_around
    })
}

/// A heading's level and text.
fn heading(line: &str) -> Option<(usize, &str)> {
    let level = line.chars().take_while(|character| *character == '#').count();
    let title = line.get(level..)?.strip_prefix(' ')?;
    (1..=6).contains(&level).then(|| (level, title.trim()))
}

/// As GitHub makes them.
fn anchor_of(title: &str) -> String {
    let kept = title.chars().filter_map(|character| match character {
        ' ' => Some('-'),
        '-' | '_' => Some(character),
        _ if character.is_alphanumeric() => Some(character),
        _ => None,
    });
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Runbook\n\n## Before you begin\n\n```sh\noutput() { :; }\n```\n\n## Dead letter queue not empty\n\n\
                        Look:\n\n```sh\naws sqs a\n# no heading\n```\n\n### What to do\n\n```json\n{}\n```\n\n```sh\naws b\n```\n\n\
                        ## Reports that wait\n\n### `AuthorizationRevoked`: a seller's\n\n```sh\naws c\n```\n\n### Others\n\nAs \
                        `RoleMissing`.\n\n```sh\naws d\n```\n";

    #[test]
    fn commands_are_those_of_the_section_and_below() -> Result<()> {
        let runbook = Runbook::parse(TEXT);
        let section = runbook.section("dead-letter-queue-not-empty")?;
        let commands: Vec<&str> = section.commands().collect();
        assert_eq!(commands, ["aws sqs a\n# no heading\n", "aws b\n"]);
        assert!(runbook.section("no-such-section").is_err());
        let preamble: Vec<&str> = runbook.preamble().collect();
        assert_eq!(preamble, ["output() { :; }\n"]);
        Ok(())
    }

    #[test]
    fn a_status_is_found_by_its_name() -> Result<()> {
        let runbook = Runbook::parse(TEXT);
        let commands = |name: &str| -> Result<Vec<String>> {
            let section = runbook.section_on(name)?;
            Ok(section.commands().map(str::to_owned).collect())
        };
        assert_eq!(commands("AuthorizationRevoked")?, ["aws c\n"]);
        assert_eq!(commands("RoleMissing")?, ["aws d\n"]);
        assert!(commands("Other").is_ok() && commands("Nothing").is_err());
        Ok(())
    }

    #[test]
    fn anchors_are_github_s() {
        assert_eq!(anchor_of("Deliveries fail"), "deliveries-fail");
        assert_eq!(
            anchor_of("`WAITING_FOR_OWNER`: a seller's"),
            "waiting_for_owner-a-sellers"
        );
    }
}
