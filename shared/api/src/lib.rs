#![doc = include_str!("../README.md")]

mod caller;
mod event;
mod problem;
mod request;
mod response;

pub use caller::{NoCaller, caller};
pub use event::ProxyRequest;
pub use problem::{Offences, ParameterError, Problem, ProblemType};
pub use request::{NotOneText, body, foreign, header, is_smoke, order_id, request_id, taken_ms};
pub use response::{ProxyResponse, for_browsers, json, problem, revalidated};
