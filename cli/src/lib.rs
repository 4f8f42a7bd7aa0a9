#![doc = include_str!("../README.md")]

pub mod commands;
pub mod deployment;
pub mod sales;
pub mod terminal;
mod xray;
