//! Lambda's Runtime API, from the function's side.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use anyhow::{Context, Result, ensure};

use crate::http::Connection;

/// Answers invocations until the host ends the process.
///
/// # Errors
/// An invocation failed, or the host is out of reach.
pub fn serve(mut answer: impl FnMut(&[u8]) -> Result<Vec<u8>>) -> Result<()> {
    let mut host = Connection::to(&std::env::var("AWS_LAMBDA_RUNTIME_API")?)?;
    loop {
        let next = host.ask("GET", "/2018-06-01/runtime/invocation/next", "", b"")?;
        let id = next.header("lambda-runtime-aws-request-id");
        let id = id.context("the invocation has no id")?;
        let path = format!("/2018-06-01/runtime/invocation/{id}/response");
        let body = answer(next.body)?;
        let taken = host.ask("POST", &path, "content-type: application/json\r\n", &body)?;
        ensure!(taken.status == 202, "the host answered {}", taken.status);
    }
}
