#![doc = include_str!("../README.md")]

mod aws_faults;
mod aws_json;
mod browser;
mod executions;
mod mailbox;
mod reports_api;
mod signing;
mod simulator;
mod stack;

pub use aws_faults::{AwsFaults, Count, Passed};
pub use aws_json::{AwsJson, JsonService};
pub use browser::{Browser, SavedFile};
pub use executions::{Execution, Executions, Step};
pub use mailbox::{Email, Mailbox};
pub use reports_api::{Answer, Caller, ReportsApi};
pub use simulator::Simulator;
pub use stack::Stack;

/// CRC-64/NVME, as S3 writes it.
#[must_use]
pub fn crc64nvme(bytes: &[u8]) -> String {
    use base64::Engine;
    let checksum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, bytes);
    base64::engine::general_purpose::STANDARD.encode(checksum.to_be_bytes())
}

/// SHA-256 of `bytes`, hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
