//! Signs calls to the API, since it is closed to the unsigned (`AWS_IAM`): `SigV4` for `execute-api`.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use aws_sdk_cloudformation::config::{Credentials, SharedCredentialsProvider};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};

use crate::{deployment::aws, terminal::failure::Failure};

/// Credentials that expire sooner than this are fetched again: the signature must still be valid when it arrives.
const RENEW_BEFORE_EXPIRY: Duration = Duration::from_mins(2);

/// Signs with the credentials of whoever runs the command.
#[derive(Debug)]
pub struct Signer {
    provider: SharedCredentialsProvider,
    region: String,
    current: Mutex<Option<Credentials>>,
}

/// What is signed. None of it may change before it is sent: the URL is sent exactly as it is here.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The whole URL, percent-encoded as it is sent.
    pub url: &'a str,
    /// The headers that the signature covers beside the host.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

impl Signer {
    /// Signs for a region with the credentials that the provider gives.
    pub fn new(provider: SharedCredentialsProvider, region: impl Into<String>) -> Self {
        Self {
            provider,
            region: region.into(),
            current: Mutex::new(None),
        }
    }

    /// The headers that sign the call.
    pub async fn sign(&self, call: Call<'_>) -> Result<Vec<(String, String)>, Failure> {
        let credentials = self.credentials().await?;
        sign_at(SystemTime::now(), &credentials, &self.region, call)
    }

    /// Two calls at once may both fetch new credentials; that does no harm.
    async fn credentials(&self) -> Result<Credentials, Failure> {
        let current = || self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let soon = SystemTime::now() + RENEW_BEFORE_EXPIRY;
        let held = current()
            .clone()
            .filter(|c| c.expiry().is_none_or(|expiry| expiry > soon));
        if let Some(credentials) = held {
            return Ok(credentials);
        }
        let fresh = aws::fetch(&self.provider).await?;
        *current() = Some(fresh.clone());
        Ok(fresh)
    }
}

/// The headers that sign a call at a point in time.
///
/// The default settings are those of `execute-api`: the path is encoded once more for the signature, the
/// query sorted, and the session token is part of what is signed.
pub fn sign_at(
    now: SystemTime,
    credentials: &Credentials,
    region: &str,
    call: Call<'_>,
) -> Result<Vec<(String, String)>, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::environment(
            format!("the call to {} cannot be signed: {error}", call.url),
            "check the stack's output ApiUrl",
        )
    };
    let identity = credentials.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("execute-api")
        .time(now)
        .settings(SigningSettings::default())
        .build()
        .map_err(|e| failed(&e))?
        .into();
    let request = SignableRequest::new(
        call.method,
        call.url,
        call.headers.iter().copied(),
        SignableBody::Bytes(call.body),
    )
    .map_err(|e| failed(&e))?;
    let (instructions, _) = sign(request, &parameters)
        .map_err(|e| failed(&e))?
        .into_parts();
    let signed = instructions.headers();
    Ok(signed.map(|(n, v)| (n.to_owned(), v.to_owned())).collect())
}

#[cfg(test)]
#[path = "sign_tests.rs"]
mod tests;
