//! What needn't be done again: a result carries the hash of what it was made from.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// The hash of named contents.
#[derive(Default)]
pub struct Fingerprint(Sha256);

impl Fingerprint {
    /// Adds a text, under a name.
    pub fn text(mut self, name: &str, text: &str) -> Self {
        self.add(name.as_bytes(), text.as_bytes());
        self
    }

    /// Adds a file; a missing one counts as such.
    pub fn file(mut self, path: &Path) -> Result<Self> {
        let content = match fs::read(path) {
            Ok(content) => content,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => b"missing".to_vec(),
            Err(error) => return Err(error).with_context(|| format!("{} can't be read", path.display())),
        };
        self.add(path.as_os_str().as_encoded_bytes(), &content);
        Ok(self)
    }

    /// Adds all files under a folder.
    pub fn folder(mut self, folder: &Path) -> Result<Self> {
        for path in files_under(folder)? {
            self = self.file(&path)?;
        }
        Ok(self)
    }

    /// The hash, in hexadecimal digits.
    pub fn finish(self) -> String {
        self.0
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    fn add(&mut self, name: &[u8], content: &[u8]) {
        // Lengths first, so that no two lists of contents are the same bytes.
        for part in [name, content] {
            self.0.update((part.len() as u64).to_be_bytes());
            self.0.update(part);
        }
    }
}

fn files_under(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("{} can't be read", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// A stamp lies inside of what it stamps, so that it is gone when that is deleted.
pub struct Stamp {
    path: PathBuf,
}

impl Stamp {
    /// The stamp of a folder.
    pub fn of(folder: &Path) -> Self {
        Self {
            path: folder.join(".made-from"),
        }
    }

    /// Whether the folder was made from this.
    pub fn matches(&self, fingerprint: &str) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|content| content == fingerprint)
    }

    /// The folder is made from this now.
    pub fn write(&self, fingerprint: &str) -> Result<()> {
        fs::write(&self.path, fingerprint)
            .with_context(|| format!("{} can't be written", self.path.display()))
    }

    /// The folder is about to change.
    pub fn remove(&self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_depends_on_contents_and_names() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let source = folder.path().join("lib/app.ts");
        fs::create_dir_all(folder.path().join("lib"))?;
        let of_folder = || {
            Fingerprint::default()
                .folder(folder.path())
                .map(Fingerprint::finish)
        };

        fs::write(&source, "one")?;
        let one = of_folder()?;
        fs::write(&source, "two")?;
        assert_ne!(of_folder()?, one);
        fs::write(&source, "one")?;
        assert_eq!(of_folder()?, one);
        fs::rename(&source, folder.path().join("lib/stack.ts"))?;
        assert_ne!(of_folder()?, one);
        Ok(())
    }

    #[test]
    fn contents_do_not_run_into_each_other() {
        let fingerprint = |first, second| Fingerprint::default().text("a", first).text("b", second).finish();
        assert_ne!(fingerprint("xy", "z"), fingerprint("x", "yz"));
    }

    #[test]
    fn a_stamp_is_gone_with_its_folder() -> Result<()> {
        let parent = tempfile::tempdir()?;
        let folder = parent.path().join("venv");
        let stamp = Stamp::of(&folder);
        assert!(!stamp.matches("abc"));
        fs::create_dir(&folder)?;
        stamp.write("abc")?;
        assert!(stamp.matches("abc"));
        assert!(!stamp.matches("abd"));
        fs::remove_dir_all(&folder)?;
        assert!(!stamp.matches("abc"));
        Ok(())
    }
}
