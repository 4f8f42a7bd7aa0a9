//! A deployment of Sluice, seen from outside.
//!
//! Everything that the command needs to know of it stands in the outputs and parameters of its `CloudFormation` stack
//! ([`stack`]), so the command works the same on AWS and on a local stack. Calls to the API are signed ([`sign`]) and
//! repeated until the service has answered ([`api`], [`retry`]).

pub mod api;
pub(crate) mod aws;
pub(crate) mod counts;
pub(crate) mod invoke;
pub(crate) mod problem;
pub(crate) mod rate;
pub mod retry;
pub mod sign;
pub mod stack;
pub(crate) mod store;
mod trouble;
