use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that ask a program to end: SIGTERM, and SIGINT from a terminal.
#[derive(Debug)]
pub struct Ending {
    terminate: Signal,
    interrupt: Signal,
}

impl Ending {
    /// Takes the signals: from now on they don't kill the process any more.
    ///
    /// # Errors
    /// The system refuses.
    pub fn prepare() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("can't wait for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("can't wait for SIGINT")?,
        })
    }

    /// Waits for one of them.
    pub async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
