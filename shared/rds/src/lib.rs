#![doc = include_str!("../README.md")]

mod access;
mod administration;
mod authorities;
mod custom_resource;
mod token;

pub use access::{Login, settings};
pub use administration::{
    Administered, Administration, Answer, Event, Hashes, Task, administer, refuse, serve,
};
pub use authorities::of_region;
pub use token::token;
