//! A folder for as long as it is needed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Removed at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Beside this program: where it runs, so do its copies of others, which a folder for temporary files may forbid.
    pub(crate) fn new() -> Result<Self> {
        let here = std::env::current_exe()?;
        let here = here.parent().context("this program is in no folder")?;
        let folder = here.join(format!("bench-{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| folder.display().to_string())?;
        Ok(Self(folder))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
