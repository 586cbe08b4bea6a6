//! `cargo local drill`: breaks the local stack in each way that the runbook speaks of, sees that somebody is told,
//! runs the runbook's commands as they are printed, mends it, and sees that reports are delivered again.

mod alarm;
mod faults;
mod options;
mod result;
mod runbook;
mod scene;
mod shell;
mod signal;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Parser as _;

use crate::faults::{Broken, Fault};
use crate::options::Options;
use crate::result::{Line, json, table};
use crate::runbook::Runbook;
use crate::scene::Scene;
use crate::signal::Heard;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("\n✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all of it went as the runbook says.
async fn run(options: &Options) -> Result<bool> {
    let runbook = Runbook::read(&options.runbook)?;
    let scene = Scene::find(options).await?;
    let mut lines = Vec::new();
    for fault in options.chosen() {
        scene.say(&format!("── {fault}: {}", fault.what()));
        let started = Instant::now();
        let mut line = Line::of(fault);
        let outcome = drill(fault, &scene, &runbook, &mut line).await;
        line.seconds = started.elapsed().as_secs();
        if let Err(error) = outcome {
            scene.say(&format!("✗ {error:#}"));
            line.failure = Some(format!("{error:#}"));
        }
        // Whatever went wrong, the next one finds a healthy stack.
        scene.calm_down().await?;
        lines.push(line);
    }
    scene.say(&format!("\n{}", table(&lines)));
    if options.json {
        println!("{}", json(&lines)?);
    }
    Ok(lines.iter().all(|line| line.failure.is_none()))
}

/// One fault from beginning to end.
async fn drill(fault: Fault, scene: &Scene<'_>, runbook: &Runbook, line: &mut Line) -> Result<()> {
    let since = jiff::Timestamp::now();
    let broken = fault.strike(scene).await.context("it could not be broken")?;
    let result = repaired(fault, &broken, scene, runbook, since, line).await;
    // The outer world mends what the runbook's commands can't, even if they were not run.
    let mended = fault.mend(scene, &broken, result.is_ok()).await;
    result?;
    mended.context("it could not be mended")?;
    fault
        .has_recovered(scene, &broken)
        .await
        .context("it was mended, and does not go on")?;
    scene
        .delivers()
        .await
        .context("after the cure a new report is not delivered")?;
    scene.say("✓ mended: what had stopped went on, and a new report was delivered");
    Ok(())
}

/// From the signal to the last of the runbook's commands.
async fn repaired(
    fault: Fault,
    broken: &Broken,
    scene: &Scene<'_>,
    runbook: &Runbook,
    since: jiff::Timestamp,
    line: &mut Line,
) -> Result<()> {
    let heard = signal::wait_for(&fault.signal(broken), scene, since)
        .await
        .context("nobody is told")?;
    scene.say(&format!("✓ signal: {heard}"));
    line.signal = Some(heard.to_string());
    let section = match &heard {
        Heard::Alarm { anchor, .. } => runbook.section(anchor),
        Heard::Mail { .. } => runbook.section_on(fault.status()),
    }?;
    line.section = Some(section.anchor.clone());
    let commands = section.blocks.len();
    scene.say(&format!(
        "  runbook: {} ({commands} blocks of commands)",
        section.title
    ));
    anyhow::ensure!(
        commands > 0,
        "the runbook's section {} has no commands",
        section.anchor
    );
    fault.prepare_cure(scene, broken).await?;
    let blocks: Vec<&str> = runbook.preamble().chain(section.commands()).collect();
    shell::run(scene, fault, &blocks, &fault.inputs(broken)).await?;
    line.cure = Some(fault.cure());
    Ok(())
}
