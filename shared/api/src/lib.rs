#![doc = include_str!("../README.md")]

mod problem;
mod request;
mod response;

pub use problem::{Offences, ParameterError, Problem, ProblemType};
pub use request::{NotOneText, ProxyRequest, body, header, request_id, taken_ms};
pub use response::{ProxyResponse, json, problem};
