//! Ports: which are free, and who holds the others.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Result, bail};

/// A port that one of the servers wants.
pub struct Wanted {
    /// What for.
    pub purpose: &'static str,
    /// The number.
    pub port: u16,
    /// The option that changes it.
    pub option: &'static str,
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
        for _ in 0..100 {
            if require_free(&wanted).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        require_free(&wanted)
    }
}
