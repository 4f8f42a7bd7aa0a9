#![doc = include_str!("../README.md")]

mod aws;
mod context;
mod daemon;
mod document;
mod gather;
mod layer;
mod segments;
mod span;
mod statement;

pub use aws::Calls;
pub use context::TraceContext;
pub use layer::{TARGET, layer};
pub use segments::Segments;
pub use span::{ANNOTATIONS, invocation, order};
pub use statement::Statement;
