//! Runs the handlers under seeded faults in virtual time, and judges what they did.
//!
//! What runs is the real core of `accept-order` and `fulfill-orders`, driven through their traits. Around it stand
//! models: of storefronts ([`clients`]), of the SNS topic ([`topic`]), of SQS ([`queue`]), of Lambda's event source
//! ([`source`]) and of the table ([`storage`]). Each behaves as badly as its service may. A [`scenario`] follows from a
//! seed, and a run follows from its scenario, so a seed determines everything.
//!
//! The run leaves a [`history`] of plain data. The [`checker`] judges it against the promises, and knows nothing of the code
//! that ran. To show that the checker sees what it should, each [`mistake`] can be built in on purpose.

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
