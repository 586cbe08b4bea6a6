use end_to_end::{crc64nvme, sha256};
use serde_json::json;

use crate::world::{LISTINGS, World};

/// Three times what the function may use for parts. `cargo local bench` sends gibibytes; the emulator
/// takes a second for each part, because it computes S3's checksum byte by byte.
const LARGE: u64 = 96 << 20;
const MOST_MEMORY_MIB: u64 = 64;

/// A large document passes through ReportDocumentStorage in a small memory.
#[tokio::test]
async fn a_large_document_passes_in_a_small_memory() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    world
        .simulator
        .script(&seller.id, json!({"sizeBytes": LARGE}))
        .await
        .expect("scripted");
    let report = world.order(&seller, "EU", LISTINGS).await;
    let peak = PeakMemory::watch("ReportDocumentStorage");
    world.delivered(&seller, &report).await;
    let peak = peak.stop();

    let key = world.objects(&seller).await.pop().expect("an object");
    let object = world
        .stack
        .s3()
        .get_object()
        .bucket(world.stack.output("REPORTS_BUCKET").expect("set"))
        .key(key)
        .send()
        .await
        .expect("the object is there");
    let bytes = object.body.collect().await.expect("whole").into_bytes();
    assert_eq!(bytes.len() as u64, LARGE);
    assert_eq!(sha256(&bytes), world.served_sha256(&seller, &report).await);
    let row = world.row(&seller, &report).await;
    assert_eq!(row.text("crc64nvme"), Some(crc64nvme(&bytes).as_str()));
    println!("peak resident memory of report-document-storage: {peak} MiB");
    assert!(peak > 0, "the function's process was not seen");
    assert!(peak < MOST_MEMORY_MIB, "{peak} MiB");
}

/// The largest resident memory of any process of a function, which runs on this machine.
struct PeakMemory {
    stop: std::sync::mpsc::Sender<()>,
    thread: std::thread::JoinHandle<u64>,
}

impl PeakMemory {
    fn watch(function: &'static str) -> Self {
        let (stop, stopped) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut peak = 0;
            loop {
                peak = peak.max(resident_mebibytes(function));
                let pause = std::time::Duration::from_millis(100);
                if stopped.recv_timeout(pause) != Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                    return peak;
                }
            }
        });
        Self { stop, thread }
    }

    fn stop(self) -> u64 {
        drop(self.stop);
        self.thread.join().expect("the watcher ends")
    }
}

/// `VmHWM`, the kernel's own high-water mark, of the largest process whose `AWS_LAMBDA_FUNCTION_NAME`
/// holds `function`.
fn resident_mebibytes(function: &str) -> u64 {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let of_function = processes.filter(|process| {
        let environment = std::fs::read(process.path().join("environ")).unwrap_or_default();
        String::from_utf8_lossy(&environment)
            .split('\0')
            .filter_map(|variable| variable.strip_prefix("AWS_LAMBDA_FUNCTION_NAME="))
            .any(|name| name.contains(function))
    });
    let peaks = of_function.filter_map(|process| {
        let status = std::fs::read_to_string(process.path().join("status")).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    });
    // In kB of 1024 bytes.
    peaks.max().unwrap_or(0) >> 10
}
