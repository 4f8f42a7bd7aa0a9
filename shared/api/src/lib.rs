//! The REST API's proxy events (payload version 1.0) as `lambda_http`'s requests, and answers to them.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>
//!
//! Nothing that a client can send (a strange `Host`, a header in no encoding, a path that is no URL) makes reading fail, so it
//! cannot become a panic or a 502.

mod problem;
mod request;
mod response;

pub use problem::{Offences, ParameterError, Problem, ProblemType};
pub use request::{NotOneText, ProxyRequest, body, header, request_id, taken_ms};
pub use response::{ProxyResponse, json, problem};
