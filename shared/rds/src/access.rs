//! Where the database is and who logs in, as a function's variables say.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_secretsmanager::Client;
use serde::Deserialize;
use sluice_database::{BadSettings, Password, Settings, Tls};
use sluice_runtime::{
    Https, SettingError,
    aws::{self, Budget},
    is_open, required,
};

use crate::{authorities, token};

/// Where the database is.
const URL: &str = "DATABASE_URL";

/// Reading a secret, in the time that connecting may take.
const READ: Budget = Budget {
    attempts: 2,
    attempt: Duration::from_millis(800),
    total: Duration::from_millis(1_700),
};

/// Who logs in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Login {
    /// The user in `DATABASE_URL`, who reads and inserts orders. Its secret is `DATABASE_SECRET`.
    Functions,
    /// `DATABASE_OWNER`, who owns the schema. Its secret is `DATABASE_OWNER_SECRET`.
    Owner,
}

/// How the database of this function is reached, and by whom.
///
/// # Errors
/// A variable is missing or cannot be used, or nobody's certificates are trusted in this region.
pub fn settings(login: Login, https: &Https) -> Result<Settings, SettingError> {
    let address = required(URL)?;
    let mut settings: Settings = address
        .parse()
        .map_err(|why: BadSettings| SettingError::invalid(URL, why))?;
    let secret = match login {
        Login::Functions => "DATABASE_SECRET",
        Login::Owner => {
            settings.user = required("DATABASE_OWNER")?;
            "DATABASE_OWNER_SECRET"
        }
    };
    if settings.is_loopback() {
        return Ok(settings);
    }
    let config = aws::config(READ, https)?;
    let region = required("AWS_REGION")?;
    let pem = authorities::of_region(&region).ok_or_else(|| {
        SettingError::unfit(format!(
            "RDS's authorities in {region} are not known: add them to shared/rds/src/authorities.pem and build again"
        ))
    })?;
    settings.tls = Tls::Authorities { pem };
    settings.password = if let Ok(arn) = required(secret) {
        from_secret(https, Client::new(&config), arn, settings.user.clone())
    } else {
        let credentials = config
            .credentials_provider()
            .ok_or(SettingError::Missing("AWS_ACCESS_KEY_ID"))?;
        let (host, user) = (settings.host.clone(), settings.user.clone());
        by_token((host, settings.port), user, region, credentials)
    };
    Ok(settings)
}

/// A secret as RDS and its rotations have it.
/// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html>
#[derive(Deserialize)]
struct Secret {
    username: Option<String>,
    password: String,
}

/// The password as the secret has it when a connection is opened, so that it may be rotated meanwhile.
fn from_secret(https: &Https, client: Client, arn: String, user: String) -> Password {
    let known = Arc::new((https.clone(), client, arn, user));
    Password::asked(move || {
        let known = Arc::clone(&known);
        async move {
            let (https, client, arn, user) = &*known;
            let secret = client.get_secret_value().secret_id(arn).send().await;
            if !is_open(&secret) {
                // The next try may then find a connection.
                https.trust_system();
            }
            let secret = secret.map_err(|error| {
                let why = sluice_aws::failure(&error);
                format!("the database's secret cannot be read: {why}")
            })?;
            password(secret.secret_string().unwrap_or_default(), user)
        }
    })
}

fn password(secret: &str, user: &str) -> Result<String, String> {
    // What the parser says may quote the secret.
    let secret: Secret = serde_json::from_str(secret)
        .map_err(|_| "the database's secret is no JSON with a password in it")?;
    match secret.username {
        Some(other) if other != user => Err(format!(
            "the database's secret is for the user {other}, and {user} logs in"
        )),
        _ => Ok(secret.password),
    }
}

/// A fresh token for each connection: it is made here, without a call, and a quarter of an hour later it is of no use.
fn by_token(
    place: (String, u16),
    user: String,
    region: String,
    credentials: SharedCredentialsProvider,
) -> Password {
    let known = Arc::new((place, user, region, credentials));
    Password::asked(move || {
        let known = Arc::clone(&known);
        async move {
            let ((host, port), user, region, credentials) = &*known;
            let credentials = credentials.provide_credentials().await;
            let credentials = credentials.map_err(|_| "there are no credentials for a token")?;
            token::token((host, *port), user, region, &credentials, SystemTime::now())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_the_password_of_its_user() {
        let ours = r#"{"username": "sluice", "password": "p\"w", "engine": "postgres"}"#;
        assert_eq!(password(ours, "sluice"), Ok("p\"w".to_owned()));
        assert_eq!(
            password(r#"{"password": "p"}"#, "sluice"),
            Ok("p".to_owned())
        );
    }

    #[test]
    fn a_secret_that_is_of_no_use_is_not_quoted() {
        for secret in [
            "",
            "geheim",
            r#"{"password": 7, "x": "geheim"}"#,
            r#"["geheim"]"#,
        ] {
            let why = password(secret, "sluice").unwrap_err();
            assert!(!why.contains("geheim"), "{why}");
        }
        let others = r#"{"username": "sluice_clone", "password": "geheim"}"#;
        let why = password(others, "sluice").unwrap_err();
        assert!(
            why.contains("sluice_clone") && !why.contains("geheim"),
            "{why}"
        );
    }
}
