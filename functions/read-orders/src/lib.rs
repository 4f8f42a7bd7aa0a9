#![doc = include_str!("../README.md")]

mod handler;
mod query;

pub use handler::ReadOrders;
