//! Whether what was stored is what had to be stored.

use std::io::Read;

use anyhow::{Context, Result, bail, ensure};
use flate2::read::MultiGzDecoder;

use super::composition::{Composition, Material, Name, Packing};
use super::contestant::Content;
use super::sink::Received;

/// Checks what the sink has received: one object, nothing left open, the right length and checksum. What
/// was compressed anew may have any; there the gzip trailer tells the text's own, and small objects are
/// looked at byte for byte.
pub fn check(
    material: &Material,
    document: Name,
    expected: Content,
    received: &Received,
    content: &[u8],
) -> Result<()> {
    if expected == Content::None {
        return Ok(());
    }
    let [object] = received.objects.as_slice() else {
        bail!("{} objects were stored", received.objects.len());
    };
    ensure!(received.open_uploads == 0, "an upload was left open");
    let plain = Name {
        packing: Packing::Plain,
        ..document
    };
    let text = match expected {
        Content::AsSent => material.document(document)?,
        Content::Inflated => material.document(plain)?,
        Content::Utf8 | Content::Utf8Gzip | Content::None => material.in_utf8(document),
    };
    if expected == Content::Utf8Gzip {
        ensure!(
            object.tail == text.gzip_trailer(),
            "the gzip trailer is not the text's"
        );
        if !content.is_empty() {
            let mut inflated = Vec::new();
            MultiGzDecoder::new(content)
                .read_to_end(&mut inflated)
                .context("what was stored can't be inflated")?;
            ensure!(is_same(&text, &inflated), "another text was stored");
        }
        return Ok(());
    }
    ensure!(
        object.bytes == text.len(),
        "{} bytes were stored, not {}",
        object.bytes,
        text.len()
    );
    ensure!(object.checksum == text.crc64nvme(), "other bytes were stored");
    Ok(())
}

fn is_same(text: &Composition<'_>, bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while !rest.is_empty() {
        let expected = text.at((bytes.len() - rest.len()) as u64);
        let length = expected.len().min(rest.len());
        if length == 0 || expected[..length] != rest[..length] {
            return false;
        }
        rest = &rest[length..];
    }
    bytes.len() as u64 == text.len()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::super::sink::Stored;
    use super::*;

    fn whole(text: &Composition<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < text.len() {
            bytes.extend_from_slice(text.at(bytes.len() as u64));
        }
        bytes
    }

    fn received(bytes: &[u8]) -> Received {
        let object = Stored {
            bytes: bytes.len() as u64,
            checksum: crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, bytes),
            tail: bytes[bytes.len() - 8..].to_vec(),
            ..Stored::default()
        };
        Received {
            objects: vec![object],
            ..Received::default()
        }
    }

    #[test]
    fn only_the_right_bytes_pass() -> Result<()> {
        let material = Material::new()?;
        let name = Name {
            packing: Packing::Gzip,
            plain_bytes: 300_000,
        };
        let sent = whole(&material.document(name)?);
        let text = whole(&material.in_utf8(name));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&text)?;
        let packed = encoder.finish()?;
        let passes =
            |expected, bytes: &[u8]| check(&material, name, expected, &received(bytes), bytes).is_ok();
        assert!(passes(Content::AsSent, &sent) && passes(Content::Utf8, &text));
        assert!(passes(Content::Utf8Gzip, &packed));
        assert!(!passes(Content::Utf8Gzip, &sent) && !passes(Content::AsSent, &sent[1..]));
        let mut changed = text.clone();
        changed[1000] ^= 1;
        assert!(!passes(Content::Utf8, &changed) && !passes(Content::Inflated, &text));
        let mut twice = received(&sent);
        twice.open_uploads = 1;
        assert!(check(&material, name, Content::AsSent, &twice, &[]).is_err());
        Ok(())
    }
}
