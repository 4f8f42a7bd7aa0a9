//! The traces of orders, as X-Ray has them.
//!
//! [`client`] reads traces, and is the only part that knows X-Ray's API. A trace consists of documents ([`document`]),
//! which make a tree ([`tree`]). The functions send their documents everywhere, the services of AWS only on AWS: what they
//! did not send is inferred ([`infer`]) from what the functions recorded.

pub(crate) mod client;
pub(crate) mod document;
#[cfg(test)]
pub(crate) mod fake;
pub(crate) mod infer;
pub(crate) mod outcome;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod tree;
