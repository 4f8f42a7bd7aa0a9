//! What the tests that cross crates share.

pub mod cases;
pub mod event;
pub mod matching;
pub mod stack;

use std::path::PathBuf;

/// The folder of the project.
pub fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
