#![doc = include_str!("../README.md")]
#![recursion_limit = "256"] // The types of nested futures are deep.

mod handler;
mod query;
mod start;

pub use handler::ReadOrders;
pub use start::run;
