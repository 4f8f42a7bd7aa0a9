//! The operator's command: submit an order, see where it stands, replay sales and check storage, handle dead letters,
//! plan a sale, pause a lane and see its pace, follow an order's trace.
//!
//! [`commands`] has one room for each command. They share what is known of a deployment ([`deployment`]), of traces
//! (`xray`) and of sales files ([`sales`]), and how to talk to a person ([`terminal`]). Dependencies point only in this
//! direction: a command never uses another command, and [`terminal`] uses none of the others.

pub mod commands;
pub mod deployment;
pub mod sales;
pub mod terminal;
mod xray;
