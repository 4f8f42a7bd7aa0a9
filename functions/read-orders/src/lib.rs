//! `GET /orders/{id}` and `GET /orders`: where an order stands, and a customer's orders.
//!
//! An id proves itself, so a made-up one is answered without asking storage, and a true one that storage
//! does not hold yet is known to be in the buffer.

mod handler;
mod query;

pub use handler::ReadOrders;
