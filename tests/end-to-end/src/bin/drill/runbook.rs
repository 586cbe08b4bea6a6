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
pub struct Block {
    /// When it is typed.
    pub phase: Phase,
    /// As printed.
    pub commands: String,
}

/// What an operator does, one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Looks closer.
    Look,
    /// Mends it.
    #[default]
    Mend,
    /// Sees that it is mended.
    See,
}

impl Phase {
    /// What begins with these words.
    fn begun_by(line: &str) -> Option<Self> {
        [
            ("**Look closer.", Self::Look),
            ("**What to do.", Self::Mend),
            ("**Mended when.", Self::See),
        ]
        .into_iter()
        .find_map(|(words, phase)| line.starts_with(words).then_some(phase))
    }
}

/// The language of the blocks that are run. Blocks of others are there to be looked at.
const SHELL: &str = "sh";
/// The section whose commands all others build on.
const PREAMBLE: &str = "before-you-begin";

impl Runbook {
    /// Reads it.
    pub fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("the runbook {} can't be read", file.display()))?;
        Ok(Self::parse(&text))
    }

    /// The one beside the CDK app.
    #[cfg(test)]
    pub fn of_checkout() -> Result<Self> {
        Self::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cdk/RUNBOOK.md"))
    }

    /// The sections that have commands.
    #[cfg(test)]
    pub fn with_commands(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(|section| !section.blocks.is_empty())
    }

    fn parse(text: &str) -> Self {
        let mut sections = vec![Section::default()];
        // A fence's marks and language, and what is in it so far.
        let mut fence: Option<(String, String)> = None;
        let mut phase = Phase::default();
        for line in text.lines() {
            let is_mark = line.trim_start().starts_with("```");
            match (&mut fence, is_mark) {
                (None, true) => {
                    let language = line.trim_start().trim_start_matches('`').trim().to_owned();
                    fence = Some((language, String::new()));
                }
                (Some((language, commands)), true) => {
                    if language == SHELL {
                        let commands = std::mem::take(commands);
                        let block = Block { phase, commands };
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
                    Some((level, title)) => {
                        phase = Phase::default();
                        sections.push(Section {
                            anchor: anchor_of(title),
                            title: title.to_owned(),
                            level,
                            ..Section::default()
                        });
                    }
                    None => {
                        phase = Phase::begun_by(line).unwrap_or(phase);
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

    /// What is typed once, before everything else.
    pub fn preamble(&self) -> Result<Vec<&str>> {
        let blocks = &self.section(PREAMBLE)?.blocks;
        Ok(blocks.iter().map(|block| block.commands.as_str()).collect())
    }
}

impl Section {
    /// The commands of a phase.
    pub fn commands(&self, phase: Phase) -> Vec<&str> {
        let blocks = self.blocks.iter().filter(|block| block.phase == phase);
        blocks.map(|block| block.commands.as_str()).collect()
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
                        **Look closer.** So:\n\n```sh\naws a\n# no heading\n```\n\n**What to do.**\n\n```json\n{}\n```\n\n\
                        ```sh\naws b\n```\n\n```sh\naws c\n```\n\n**Mended when.**\n\n```sh\naws d\n```\n\n\
                        ## Reports that wait\n\n### `AuthorizationRevoked`: a seller's\n\n```sh\naws e\n```\n\n### Others\n\nAs \
                        `RoleMissing`.\n\n```sh\naws f\n```\n";

    #[test]
    fn commands_are_those_of_the_section_in_their_order() -> Result<()> {
        let runbook = Runbook::parse(TEXT);
        let section = runbook.section("dead-letter-queue-not-empty")?;
        assert_eq!(section.commands(Phase::Look), ["aws a\n# no heading\n"]);
        assert_eq!(section.commands(Phase::Mend), ["aws b\n", "aws c\n"]);
        assert_eq!(section.commands(Phase::See), ["aws d\n"]);
        assert_eq!(runbook.preamble()?, ["output() { :; }\n"]);
        assert!(runbook.section("no-such-section").is_err());
        Ok(())
    }

    #[test]
    fn a_section_has_what_is_under_lower_headings() -> Result<()> {
        let runbook = Runbook::parse(TEXT);
        let section = runbook.section("reports-that-wait")?;
        assert_eq!(section.commands(Phase::Mend), ["aws e\n", "aws f\n"]);
        Ok(())
    }

    #[test]
    fn what_a_row_waits_for_is_found_by_its_name() -> Result<()> {
        let runbook = Runbook::parse(TEXT);
        let anchor = |name: &str| runbook.section_on(name).map(|section| section.anchor.clone());
        assert_eq!(anchor("AuthorizationRevoked")?, "authorizationrevoked-a-sellers");
        assert_eq!(anchor("RoleMissing")?, "others");
        assert!(anchor("Nothing").is_err());
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
