//! What a function hands back to the API.

use lambda_http::{
    Body, Response,
    aws_lambda_events::apigw::ApiGatewayProxyResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
        response::Builder,
    },
};
use serde::Serialize;

use crate::Problem;

/// An answer with a JSON body, which no cache may keep: orders are personal and change.
pub fn json(answer: Builder, body: &impl Serialize) -> Response<Body> {
    of_type("application/json", answer, body)
}

/// An error, as `application/problem+json` (RFC 9457).
pub fn problem(answer: Builder, problem: &Problem<'_>) -> Response<Body> {
    let answer = answer.status(problem.status());
    of_type("application/problem+json", answer, problem)
}

fn of_type(content_type: &'static str, answer: Builder, body: &impl Serialize) -> Response<Body> {
    let answer = answer
        .header(CONTENT_TYPE, content_type)
        .header(CACHE_CONTROL, "no-store");
    let body = serde_json::to_string(body).ok();
    let answer = body.and_then(|body| answer.body(Body::Text(body)).ok());
    // No type that is answered with can fail to be written, and no header is wrong; if one ever is, the client hears so.
    answer.unwrap_or_else(|| {
        let mut failure = Response::new(Body::Empty);
        *failure.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        failure
    })
}

/// An answer, as API Gateway wants it. Each header has one value.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct ProxyResponse(ApiGatewayProxyResponse);

impl From<Response<Body>> for ProxyResponse {
    fn from(answer: Response<Body>) -> Self {
        let (head, body) = answer.into_parts();
        let mut response = ApiGatewayProxyResponse::default();
        response.status_code = head.status.as_u16().into();
        response.headers = head.headers;
        response.is_base64_encoded = matches!(body, Body::Binary(_));
        response.body = Some(body);
        Self(response)
    }
}
