//! One trace an order, through every function.
//!
//! Functions open `tracing` spans ([`invocation`], [`order`]) and the AWS clients are given [`Calls`], which opens one for
//! each call. [`layer`] turns those spans, and no others, into X-Ray's documents and sends them to the daemon that Lambda runs
//! beside each traced function. Where there is no daemon there is no layer, and a span costs nothing.
//!
//! A document is sent when its first span ends, so all of an invocation's are sent before its answer. They go by UDP from a
//! socket that does not block: a daemon that is slow or dead delays nothing.

mod aws;
mod context;
mod daemon;
mod document;
mod gather;
mod layer;
mod segments;
mod span;

pub use aws::Calls;
pub use context::TraceContext;
pub use layer::{TARGET, layer};
pub use segments::Segments;
pub use span::{ANNOTATIONS, invocation, order};
