//! Files that are there whole or not at all.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};

/// Only the user can read it.
pub const PRIVATE: u32 = 0o600;
/// Everybody can run it.
pub const EXECUTABLE: u32 = 0o755;

/// Writes a file, with the folders above it. Whoever reads meanwhile sees what was there before.
pub fn write(path: &Path, content: &[u8], mode: u32) -> Result<()> {
    let context = || format!("{} can't be written", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(context)?;
    }
    let new = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&new)
        .with_context(context)?;
    file.write_all(content).with_context(context)?;
    fs::rename(&new, path).with_context(context)
}

/// Writes a file, unless it has that content already: what depends on it stays up to date.
pub fn write_if_changed(path: &Path, content: &[u8], mode: u32) -> Result<()> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    write(path, content, mode)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_written_with_its_mode_and_folders() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("run/stack.json");
        write(&path, b"one", PRIVATE)?;
        write(&path, b"two", PRIVATE)?;
        assert_eq!(fs::read(&path)?, b"two");
        assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, PRIVATE);
        assert_eq!(fs::read_dir(folder.path().join("run"))?.count(), 1);
        Ok(())
    }

    #[test]
    fn unchanged_files_are_left_alone() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("report-creator/bootstrap");
        write_if_changed(&path, b"one", EXECUTABLE)?;
        let written = fs::metadata(&path)?.modified()?;
        write_if_changed(&path, b"one", EXECUTABLE)?;
        assert_eq!(fs::metadata(&path)?.modified()?, written);
        write_if_changed(&path, b"two", EXECUTABLE)?;
        assert_eq!(fs::read(&path)?, b"two");
        Ok(())
    }
}
