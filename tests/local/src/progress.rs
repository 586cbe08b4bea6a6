//! One line per step: with a spinner on a terminal, plain otherwise.

use std::cell::{Cell, RefCell};
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::interrupt;

/// In a plain log a long step gives a sign of life this often.
const HEARTBEAT: Duration = Duration::from_secs(30);

static TO_STDERR: AtomicBool = AtomicBool::new(false);

/// From here on nothing is said on standard output: it belongs to a program's result.
pub fn leave_stdout_alone() {
    TO_STDERR.store(true, Ordering::SeqCst);
}

fn is_to_stderr() -> bool {
    TO_STDERR.load(Ordering::SeqCst)
}

/// Whether lines may be drawn over: a terminal, and not a CI system's.
pub fn interactive() -> bool {
    let is_ci = std::env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false");
    let is_dumb = std::env::var("TERM").is_ok_and(|value| value == "dumb");
    let is_terminal = if is_to_stderr() {
        std::io::stderr().is_terminal()
    } else {
        std::io::stdout().is_terminal()
    };
    is_terminal && !is_ci && !is_dumb
}

/// Prints a line. Unlike `println!` it doesn't panic when the terminal is gone, so that
/// clean-up goes on.
pub fn say(line: &str) {
    let mut output: Box<dyn Write> = if is_to_stderr() {
        Box::new(std::io::stderr().lock())
    } else {
        Box::new(std::io::stdout().lock())
    };
    let _ = writeln!(output, "{line}");
    let _ = output.flush();
}

/// `0.4 s`, `12.3 s`, `4 min 05 s`.
pub fn seconds(duration: Duration) -> String {
    let tenths = duration.as_millis() / 100;
    if tenths < 1000 {
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else {
        format!("{} min {:02} s", duration.as_secs() / 60, duration.as_secs() % 60)
    }
}

/// A step under way. Dropped without [`Step::done`], it is shown as failed.
pub struct Step {
    title: String,
    started: Instant,
    bar: Option<ProgressBar>,
    last_sign: Cell<Instant>,
    closed: RefCell<bool>,
}

impl Step {
    /// Begins a step.
    pub fn start(title: impl Into<String>) -> Self {
        let title = title.into();
        let bar = interactive().then(|| {
            let target = if is_to_stderr() {
                ProgressDrawTarget::stderr()
            } else {
                ProgressDrawTarget::stdout()
            };
            let bar = ProgressBar::with_draw_target(None, target);
            if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} … {elapsed} {wide_msg}") {
                bar.set_style(style);
            }
            bar.set_prefix(title.clone());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        let started = Instant::now();
        Self {
            title,
            started,
            bar,
            last_sign: Cell::new(started),
            closed: RefCell::new(false),
        }
    }

    /// How far it is.
    pub fn detail(&self, detail: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(detail.to_owned());
        } else if self.last_sign.get().elapsed() >= HEARTBEAT {
            self.last_sign.set(Instant::now());
            say(&format!(
                "{} … {detail} ({})",
                self.title,
                seconds(self.started.elapsed())
            ));
        }
    }

    /// The step succeeded.
    pub fn done(self) {
        self.close("done");
    }

    /// The step succeeded, and this is worth saying about it.
    pub fn done_with(self, note: &str) {
        self.close(&format!("done, {note}"));
    }

    fn close(&self, outcome: &str) {
        if self.closed.replace(true) {
            return;
        }
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        say(&format!(
            "{} … {outcome} ({})",
            self.title,
            seconds(self.started.elapsed())
        ));
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.close(if interrupt::requested() {
            "interrupted"
        } else {
            "failed"
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_to_read() {
        assert_eq!(seconds(Duration::from_millis(449)), "0.4 s");
        assert_eq!(seconds(Duration::from_millis(12_340)), "12.3 s");
        assert_eq!(seconds(Duration::from_secs(245)), "4 min 05 s");
    }
}
