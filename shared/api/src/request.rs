//! What a handler asks of a request.

use lambda_http::{
    Request, RequestExt, aws_lambda_events::apigw::ApiGatewayProxyRequestContext, http::HeaderName,
    request::RequestContext,
};

use crate::event::{Foreign, Smoke, Unreadable};

/// The body's bytes.
///
/// # Errors
/// Why the event's body is none; for the client.
pub fn body(request: &Request) -> Result<&[u8], &'static str> {
    match request.extensions().get::<Unreadable>() {
        Some(Unreadable(why)) => Err(why),
        None => Ok(request.body()),
    }
}

/// What the event is, where it is no request to the API: a whole sentence, for whoever sent it.
pub fn foreign(request: &Request) -> Option<&'static str> {
    let foreign = request.extensions().get::<Foreign>();
    foreign.map(|Foreign(what)| *what)
}

/// Whether a smoke test makes the request: then it is about smoke orders, and about nothing else.
pub fn is_smoke(request: &Request) -> bool {
    request.extensions().get::<Smoke>().is_some()
}

/// The id under which API Gateway logs the request and that the client sees in a header; empty where there is none.
pub fn request_id(request: &Request) -> &str {
    let id = context(request).and_then(|context| context.request_id.as_deref());
    id.unwrap_or_default()
}

/// When API Gateway took the request, in milliseconds since 1970.
pub fn taken_ms(request: &Request) -> Option<i64> {
    let taken_ms = context(request)?.request_time_epoch;
    (taken_ms > 0).then_some(taken_ms)
}

fn context(request: &Request) -> Option<&ApiGatewayProxyRequestContext> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV1(context) => Some(context),
        _ => None,
    }
}

/// What follows `/orders/` in the path: the API's parameter `id`, or the path's last part where the event has no parameters.
pub fn order_id(request: &Request) -> Option<&str> {
    let parameters = request.path_parameters_ref();
    let of_path = || {
        let (front, id) = request.uri().path().rsplit_once('/')?;
        (front.ends_with("/orders") && !id.is_empty()).then_some(id)
    };
    parameters
        .and_then(|parameters| parameters.first("id"))
        .or_else(of_path)
}

/// The value of a header that may be sent once; `None` where it was not.
///
/// # Errors
/// It was sent more than once, or is no text.
pub fn header<'a>(request: &'a Request, name: &HeaderName) -> Result<Option<&'a str>, NotOneText> {
    let mut values = request.headers().get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => std::str::from_utf8(value.as_bytes())
            .map(Some)
            .map_err(|_| NotOneText),
        (Some(_), Some(_)) => Err(NotOneText),
    }
}

/// A header was sent more than once, or is no text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotOneText;
