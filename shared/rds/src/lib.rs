#![doc = include_str!("../README.md")]

mod access;
mod administration;
mod authorities;
mod token;

pub use access::{Login, settings};
pub use administration::{
    Administered, Administration, Answer, Event, Hashes, Task, administer, serve,
};
pub use authorities::of_region;
pub use sluice_database::Listed;
pub use token::token;
