//! What the tests that cross crates share.

pub mod cases;
pub mod checker;
pub mod consumers;
pub mod deployed;
pub mod event;
pub mod lane;
pub mod matching;
pub mod orders;
pub mod proxy;
pub mod queues;
pub mod stack;
pub mod xray;

use std::path::PathBuf;

/// The folder of the project.
pub fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
