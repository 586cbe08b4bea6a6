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

use anyhow::{Context, Result, ensure};
use clap::Parser as _;

use crate::faults::{Broken, Fault};
use crate::options::Options;
use crate::result::{Line, json, table};
use crate::runbook::Runbook;
use crate::scene::Scene;
use crate::shell::Shell;
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
    if result.is_err() {
        // Instead of commands that were not run: the next fault is to come alone.
        fault.mend(scene, &broken, false).await?;
    }
    result?;
    scene
        .delivers()
        .await
        .context("it is mended, and a new report is not delivered")?;
    scene.say("✓ mended: what had stopped came through, and so did a new report");
    Ok(())
}

/// From the signal to the end of the runbook's section.
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
    scene.say(&format!("✓ told: {heard}"));
    line.signal = Some(heard.to_string());
    let worked_off = worked_off(fault, broken, scene, runbook, &heard, line).await;
    signal::is_over(&heard, scene).await?;
    worked_off
}

/// Does what the runbook says, as it is printed.
async fn worked_off(
    fault: Fault,
    broken: &Broken,
    scene: &Scene<'_>,
    runbook: &Runbook,
    heard: &Heard,
    line: &mut Line,
) -> Result<()> {
    let section = match heard {
        Heard::Alarm { anchor, .. } => runbook.section(anchor),
        Heard::Mail { .. } | Heard::Metric { .. } => runbook.section_on(fault.topic()),
    }?;
    line.section = Some(section.anchor.clone());
    ensure!(
        !section.blocks.is_empty(),
        "the runbook's section {} has no commands",
        section.anchor
    );
    let mut shell = Shell::open(scene, fault, runbook, section).await?;
    shell.next(&[]).await.context("looking closer")?;
    fault
        .mend(scene, broken, true)
        .await
        .context("it could not be mended")?;
    shell.next(&fault.typed(broken)).await.context("mending it")?;
    line.cure = Some(fault.cure());
    fault
        .has_recovered(scene, broken)
        .await
        .context("it is mended, and does not go on")?;
    shell.next(&[]).await.context("seeing that it is mended")?;
    let blocks = section.blocks.len();
    scene.say(&format!(
        "✓ runbook: {} ({blocks} blocks of commands, as printed)",
        section.title
    ));
    Ok(())
}
