//! Who makes a request, as API Gateway says.

use lambda_http::Request;
use sluice_order::{Caller, CustomerId, Timestamp};

/// The value of the stage variable `callers` by which the API for tokens is known.
const CUSTOMERS: &str = "customers";

/// What API Gateway says of the caller. No client can write any of it.
#[derive(Clone, Default, Debug)]
pub(crate) struct Called {
    /// The stage variable `callers` of the API that was called.
    pub(crate) callers: Option<String>,
    /// What the authorizer read in the token: whose it is.
    pub(crate) customer: Option<String>,
    /// And when it ends, in Unix seconds.
    pub(crate) expires: Option<String>,
}

/// Why a request has no caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoCaller {
    /// The token has ended. API Gateway may keep the authorizer's answer for longer than that.
    Expired,
    /// The API for tokens names no customer: its template lost the authorizer, or the stage its variable. For the operator.
    NoCustomer,
}

/// Who makes the request. Whoever may call the API for backends, which has no authorizer of ours, is a backend.
///
/// # Errors
/// See [`NoCaller`]. A request through the API for tokens is never taken for a backend's.
pub fn caller(request: &Request, now: Timestamp) -> Result<Caller, NoCaller> {
    let nothing = Called::default();
    let called = request.extensions().get().unwrap_or(&nothing);
    let Called {
        callers,
        customer,
        expires,
    } = called;
    if callers.is_none() && customer.is_none() && expires.is_none() {
        return Ok(Caller::Backend);
    }
    let customer = customer.clone().and_then(CustomerId::new);
    let expires = expires
        .as_deref()
        .and_then(|expires| expires.parse::<i64>().ok());
    match (callers.as_deref(), customer, expires) {
        (Some(CUSTOMERS), Some(customer), Some(expires)) => {
            if expires.saturating_mul(1_000) <= now.as_millis() {
                return Err(NoCaller::Expired);
            }
            Ok(Caller::Customer(customer))
        }
        _ => Err(NoCaller::NoCustomer),
    }
}
