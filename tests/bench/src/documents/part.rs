//! What the processes of a measurement say to the one that measures, on their standard output.

use std::io::{self, BufRead, Write};
use std::net::SocketAddr;

use anyhow::Result;

/// A server says where it listens.
pub fn say_address(address: SocketAddr) {
    say(&address.to_string());
}

/// A worker says that it is ready, waits for the signal, works, says how it went, and stays until it
/// has been measured. The peers' scripts do the same.
pub fn work(work: impl FnOnce() -> Result<()>) -> Result<()> {
    say("ready");
    let mut lines = io::stdin().lock().lines();
    lines.next().transpose()?;
    work()?;
    say("done");
    lines.next().transpose()?;
    Ok(())
}

fn say(line: &str) {
    let mut output = io::stdout().lock();
    // Without the one who measures there is nobody to tell.
    let _ = writeln!(output, "{line}");
    let _ = output.flush();
}
