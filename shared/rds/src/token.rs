//! The token that stands for a password with IAM authentication: a signed request that nobody sends.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.Connecting.html>

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4,
};
use url::Url;

/// How long a token may be used to log in. A connection that stands outlives it. It is AWS's figure.
const LIFETIME: Duration = Duration::from_mins(15);

/// A token for logging in as a user to a database at a host and port, signed at a point in time.
///
/// # Errors
/// It cannot be signed; why, without a secret.
pub fn token(
    (host, port): (&str, u16),
    user: &str,
    region: &str,
    credentials: &Credentials,
    now: SystemTime,
) -> Result<String, String> {
    let failed = |_| "the token could not be signed".to_owned();
    let mut url = Url::parse(&format!("https://{host}:{port}/"))
        .map_err(|_| "the database's host is no name".to_owned())?;
    url.query_pairs_mut()
        .append_pair("Action", "connect")
        .append_pair("DBUser", user);
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(LIFETIME);
    let identity = credentials.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("rds-db")
        .time(now)
        .settings(settings)
        .build()
        .map_err(|_| "the token could not be signed".to_owned())?
        .into();
    let no_headers = std::iter::empty::<(&str, &str)>();
    let signable = SignableRequest::new("GET", url.as_str(), no_headers, SignableBody::Bytes(&[]));
    let (instructions, _) = sign(signable.map_err(failed)?, &parameters)
        .map_err(failed)?
        .into_parts();
    for (name, value) in instructions.params() {
        url.query_pairs_mut().append_pair(name, value);
    }
    let token = url.as_str().strip_prefix("https://");
    Ok(token.unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As botocore 1.43 makes it of the same (`generate_db_auth_token`). The order of the parameters is free.
    #[test]
    fn a_token_is_the_one_that_aws_s_own_sdk_makes() {
        let credentials = Credentials::new("AKID", "secret", Some("the/token=".into()), None, "t");
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(498_900);
        let host = "orders.cluster-abc.eu-west-1.rds.amazonaws.com";
        let token = token((host, 5432), "sluice", "eu-west-1", &credentials, now).unwrap();
        let url = Url::parse(&format!("https://{token}")).unwrap();
        assert!(token.starts_with(&format!("{host}:5432/?")), "{token}");
        let mut parts: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        parts.sort();
        let expected = [
            ("Action", "connect"),
            ("DBUser", "sluice"),
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            (
                "X-Amz-Credential",
                "AKID/20261130/eu-west-1/rds-db/aws4_request",
            ),
            ("X-Amz-Date", "20261130T120000Z"),
            ("X-Amz-Expires", "900"),
            ("X-Amz-Security-Token", "the/token="),
            (
                "X-Amz-Signature",
                "dc4352f8e664ca5a80f659026dd4ea55efe8fcba68c10a303f8876a901eafe0e",
            ),
            ("X-Amz-SignedHeaders", "host"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(parts, expected);
    }
}
