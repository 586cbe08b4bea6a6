//! Ports: which servers have which, which are free, and who holds the others.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::profile::Profile;

/// Where the servers are to listen.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct PortOptions {
    /// Port of the local AWS [default: 4566]
    #[arg(long, env = "LOCAL_EMULATOR_PORT", global = true)]
    emulator_port: Option<u16>,
    /// Port of the SP-API simulator [default: 4580]
    #[arg(long, env = "LOCAL_SIMULATOR_PORT", global = true)]
    simulator_port: Option<u16>,
    /// Port of the fault proxy, if there is one [default: 4567]
    #[arg(long, env = "LOCAL_FAULT_PROXY_PORT", global = true)]
    fault_proxy_port: Option<u16>,
}

/// Where the servers listen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    /// The local AWS.
    pub emulator: u16,
    /// The SP-API simulator.
    pub simulator: u16,
    /// The fault proxy, if there is one.
    pub fault_proxy: Option<u16>,
}

impl Ports {
    /// The ports for a new stack, if they are free.
    pub fn free(options: PortOptions, profile: &Profile) -> Result<Self> {
        let [emulator, simulator, fault_proxy] = wanted(options);
        let take = |wanted: &Wanted| require_free(wanted).map(|()| wanted.port);
        Ok(Self {
            emulator: take(&emulator)?,
            simulator: take(&simulator)?,
            fault_proxy: profile.faulty_aws.then(|| take(&fault_proxy)).transpose()?,
        })
    }

    /// A running stack keeps its ports.
    pub fn require_same(self, options: PortOptions) -> Result<()> {
        let is_other = |wanted: Option<u16>, present: u16| wanted.is_some_and(|wanted| wanted != present);
        let proxy = self.fault_proxy;
        if is_other(options.emulator_port, self.emulator)
            || is_other(options.simulator_port, self.simulator)
            || proxy.is_some_and(|present| is_other(options.fault_proxy_port, present))
        {
            bail!(
                "a stack of this checkout runs on ports {}, {}{}: stop it with `cargo local down` to move it",
                self.emulator,
                self.simulator,
                proxy.map_or_else(String::new, |port| format!(", {port}"))
            );
        }
        Ok(())
    }
}

/// The ports that servers want: of the local AWS, the simulator and the fault proxy.
pub fn wanted(options: PortOptions) -> [Wanted; 3] {
    let wanted = |purpose, chosen: Option<u16>, default, option| Wanted {
        purpose,
        port: chosen.unwrap_or(default),
        option,
    };
    [
        wanted(
            "the local AWS",
            options.emulator_port,
            4566,
            "--emulator-port (or LOCAL_EMULATOR_PORT)",
        ),
        wanted(
            "the SP-API simulator",
            options.simulator_port,
            4580,
            "--simulator-port (or LOCAL_SIMULATOR_PORT)",
        ),
        wanted(
            "the fault proxy",
            options.fault_proxy_port,
            4567,
            "--fault-proxy-port (or LOCAL_FAULT_PROXY_PORT)",
        ),
    ]
}

/// A port that one of the servers wants.
pub struct Wanted {
    /// Which server.
    pub purpose: &'static str,
    /// Which port.
    pub port: u16,
    /// The option that changes it.
    option: &'static str,
}

/// Fails if a port is taken, and names the holder as far as the system tells.
pub fn require_free(wanted: &Wanted) -> Result<()> {
    let Wanted {
        purpose,
        port,
        option,
    } = wanted;
    match TcpListener::bind((Ipv4Addr::LOCALHOST, *port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            let holder = holder(*port)
                .unwrap_or_else(|| "another program, perhaps another checkout's `cargo local up`".to_owned());
            bail!(
                "port {port}, wanted for {purpose}, is in use by {holder}. Stop that, or choose another port with {option}."
            )
        }
        Err(error) => {
            bail!("port {port}, wanted for {purpose}, can't be used ({error}). Choose another with {option}.")
        }
    }
}

/// Whether something listens on a port.
pub fn answers(port: u16) -> bool {
    TcpStream::connect_timeout(&address(port), Duration::from_secs(1)).is_ok()
}

/// Whether a plain HTTP server answers a GET with 200.
pub fn http_ok(port: u16, path: &str) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address(port), Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.take(0x1_0000).read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.split(' ').nth(1) == Some("200"))
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// The process that listens on a port. Only Linux tells, and only about one's own processes.
fn holder(port: u16) -> Option<String> {
    let sockets: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| {
            table
                .lines()
                .filter_map(|line| listening_inode(line, port))
                .collect::<Vec<_>>()
        })
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    let process = fs::read_dir("/proc").ok()?.flatten().find(|process| {
        let Ok(descriptors) = fs::read_dir(process.path().join("fd")) else {
            return false;
        };
        descriptors.flatten().any(|descriptor| {
            fs::read_link(descriptor.path())
                .is_ok_and(|target| sockets.iter().any(|socket| target.as_os_str() == socket.as_str()))
        })
    })?;
    let id = process.file_name().to_string_lossy().into_owned();
    let command = fs::read_to_string(process.path().join("cmdline"))
        .ok()?
        .replace('\0', " ");
    Some(format!("process {id} ({})", command.trim()))
}

/// The inode in a line of `/proc/net/tcp` that shows a socket listening on the port.
fn listening_inode(line: &str, port: u16) -> Option<String> {
    const LISTEN: &str = "0A";
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (_, hexadecimal) = fields.get(1)?.rsplit_once(':')?;
    let is_listening = fields.get(3) == Some(&LISTEN) && u16::from_str_radix(hexadecimal, 16) == Ok(port);
    is_listening
        .then(|| fields.get(9).map(|inode| (*inode).to_owned()))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listening_socket_is_found() {
        let line = "   0: 0100007F:11D6 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 24873 1 0";
        assert_eq!(listening_inode(line, 4566), Some("24873".to_owned()));
        assert_eq!(listening_inode(line, 4567), None);
        assert_eq!(listening_inode(&line.replace(" 0A ", " 01 "), 4566), None);
    }

    #[test]
    fn a_running_stack_keeps_its_ports() {
        let running = Ports {
            emulator: 4566,
            simulator: 4580,
            fault_proxy: None,
        };
        let options = |emulator_port, simulator_port, fault_proxy_port| PortOptions {
            emulator_port,
            simulator_port,
            fault_proxy_port,
        };
        assert!(running.require_same(options(None, None, None)).is_ok());
        assert!(running.require_same(options(Some(4566), None, Some(1))).is_ok());
        assert!(running.require_same(options(Some(4567), None, None)).is_err());
        assert!(running.require_same(options(None, Some(4581), None)).is_err());
        let faulty = Ports {
            fault_proxy: Some(4567),
            ..running
        };
        assert!(faulty.require_same(options(None, None, Some(1))).is_err());
    }

    #[test]
    fn a_port_in_use_is_explained() -> Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let wanted = Wanted {
            purpose: "the local AWS",
            port,
            option: "--emulator-port",
        };
        let message = require_free(&wanted)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert!(
            message.contains(&port.to_string()) && message.contains("--emulator-port"),
            "{message}"
        );
        drop(listener);
        // A program that another test is just starting inherits the socket until it runs.
        let is_free_at_last = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            require_free(&wanted).is_ok()
        });
        assert!(is_free_at_last, "nobody has it any more");
        Ok(())
    }
}
