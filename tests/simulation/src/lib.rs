//! The handlers under seeded faults, in virtual time, and a checker that judges what they did.
//!
//! What runs is the real core of `accept-order` and `fulfill-orders`, driven through their traits. Around it stand
//! models: of storefronts ([`clients`]), of the SNS topic ([`topic`]), of SQS ([`queue`]), of Lambda's event source
//! ([`source`]) and of the table ([`storage`]). Each does what its service may do at its worst. A [`scenario`]
//! follows from a seed, and a run from its scenario, so a seed says everything.
//!
//! The run leaves a [`history`] in plain data; the [`checker`] judges it against the promises, and knows nothing
//! of the code that ran. So that the checker is no blind one, every [`mistake`] that others ship can be built in.

mod clients;
mod mark;
mod queue;
mod run;
mod source;
mod storage;
mod topic;

pub mod checker;
pub mod history;
pub mod mistake;
pub mod scenario;
pub mod search;
pub mod world;

pub use checker::judge;
pub use history::readable;
pub use mistake::Mistake;
pub use scenario::Scenario;
pub use world::run;
