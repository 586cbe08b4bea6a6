//! `gzip -d | gzip -1` by the library that the function uses: the limit of what has to be inflated
//! and deflated, without any network and without looking at the text.

use std::io::{self, Write};
use std::sync::mpsc::sync_channel;
use std::thread;

use anyhow::{Result, anyhow, ensure};
use flate2::Compression;
use flate2::write::{GzDecoder, GzEncoder};

use super::composition::{Material, Name};
use super::copy::Pieces;
use super::part;

/// As much as a pipe of the kernel's holds, times the size of a piece.
const BACKLOG: usize = 4;

/// One thread inflates from memory, another deflates; what comes out is dropped.
pub fn play(name: Name) -> Result<()> {
    let material = Material::new()?;
    let document = material.document(name)?;
    part::work(|| {
        let (sender, receiver) = sync_channel::<Vec<u8>>(BACKLOG);
        thread::scope(|scope| {
            let deflating = scope.spawn(move || -> io::Result<u64> {
                let mut encoder = GzEncoder::new(io::sink(), Compression::fast());
                let mut bytes = 0;
                for piece in receiver {
                    encoder.write_all(&piece)?;
                    bytes += piece.len() as u64;
                }
                encoder.finish()?;
                Ok(bytes)
            });
            let mut decoder = GzDecoder::new(Pieces::new(sender));
            let mut offset = 0;
            while offset < document.len() {
                let piece = document.at(offset);
                decoder.write_all(piece)?;
                offset += piece.len() as u64;
            }
            let mut last = decoder.finish()?;
            last.flush()?;
            drop(last);
            let bytes = deflating.join().map_err(|_| anyhow!("deflating panicked"))??;
            ensure!(bytes == name.plain_bytes, "{bytes} bytes came through");
            Ok(())
        })
    })
}
