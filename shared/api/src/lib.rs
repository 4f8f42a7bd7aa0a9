//! The REST API's proxy events (payload version 1.0): what a handler reads, what it answers.
//!
//! The event is read into a type of our own, and of it only what the handlers use: nothing that a client
//! can send (a strange `Host`, a header in no encoding, a path that is no URL) makes reading fail, so
//! it cannot become a panic or a 502.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>

mod problem;
mod request;
mod response;

pub use problem::{Offences, ParameterError, Problem, ProblemType};
pub use request::ApiRequest;
pub use response::ApiResponse;
