#![doc = include_str!("../README.md")]

pub mod cases;
pub mod checker;
#[cfg(feature = "stack")]
pub mod consumers;
#[cfg(feature = "stack")]
pub mod dead_letters;
#[cfg(feature = "stack")]
pub mod deployed;
#[cfg(feature = "dynamodb")]
pub mod dynamodb;
pub mod event;
#[cfg(feature = "stack")]
pub mod lane;
pub mod matching;
#[cfg(feature = "mysql")]
pub mod mysql;
#[cfg(feature = "stack")]
pub mod orders;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "stack")]
pub mod proxy;
#[cfg(feature = "stack")]
pub mod queues;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub mod server;
#[cfg(feature = "stack")]
pub mod stack;
pub mod stand_in;
pub mod wait;
#[cfg(feature = "stack")]
pub mod xray;

use std::path::PathBuf;

pub use wait::wait_for;

/// The folder of the project.
pub fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}
