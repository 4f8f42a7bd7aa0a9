//! Reading a secret from AWS Secrets Manager.

use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use futures::{FutureExt, future::BoxFuture};

use crate::{
    Https, SettingError,
    aws::{self, Budget},
};

/// An order waits for it in the worst case, and must be answered before the function's timeout of 10 s.
const READ: Budget = Budget {
    attempts: 2,
    attempt: Duration::from_secs(1),
    total: Duration::from_secs(2),
};

/// How the secret with this ARN is read. The error is how far the call came, or AWS's code.
///
/// # Errors
/// The AWS configuration is not complete.
pub(super) fn read(
    arn: String,
    https: &Https,
) -> Result<impl Fn() -> BoxFuture<'static, Result<String, String>> + use<>, SettingError> {
    let client = Client::new(&aws::config(READ, https)?);
    Ok(move || {
        let call = client.get_secret_value().secret_id(&arn).send();
        async move {
            let value = call
                .await
                .map_err(|error| sluice_aws::failure(&error).to_owned())?;
            value
                .secret_string
                .ok_or_else(|| "it holds bytes, not text".to_owned())
        }
        .boxed()
    })
}
