//! What a function hands back to the API.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use lambda_http::{
    Body, Request, Response,
    aws_lambda_events::apigw::ApiGatewayProxyResponse,
    http::{
        HeaderValue, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL,
            CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
        },
        response::Builder,
    },
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{Problem, event::AllowedOrigin};

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

/// The answer, which the caller's own browser may keep if it asks each time whether it is still so (RFC 9111, section 5.2.2.4). Where
/// the request says that the browser has this one, it is 304 without a body (RFC 9110, section 13.1.2).
pub fn revalidated(request: &Request, mut answer: Response<Body>) -> Response<Body> {
    let hash = Sha256::digest(answer.body().as_ref());
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hash[..12]));
    let has_it = request.headers().get_all(IF_NONE_MATCH).iter().any(|tags| {
        let tags = tags.to_str().unwrap_or_default().split(',').map(str::trim);
        // What compresses on the way makes a tag weak.
        tags.map(|it| it.strip_prefix("W/").unwrap_or(it))
            .any(|it| it == tag || it == "*")
    });
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(ETAG, tag);
    }
    if has_it {
        headers.remove(CONTENT_TYPE);
        headers.remove(CONTENT_LENGTH);
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        *answer.body_mut() = Body::Empty;
    }
    answer
}

/// The answer, which pages of the origin that the API's stage names may read too
/// (<https://fetch.spec.whatwg.org/#http-cors-protocol>).
pub fn for_browsers(request: &Request, mut answer: Response<Body>) -> Response<Body> {
    let origin = request.extensions().get::<AllowedOrigin>();
    let origin = origin.and_then(|AllowedOrigin(origin)| HeaderValue::try_from(origin).ok());
    if let Some(origin) = origin.filter(|origin| !origin.is_empty()) {
        let headers = answer.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static("ETag, Location, Retry-After");
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
    answer
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
