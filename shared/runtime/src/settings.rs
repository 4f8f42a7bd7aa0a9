//! Settings, from the environment.

use std::{fmt::Display, str::FromStr};

use sluice_order::Secrets;

/// A setting that cannot be used; for the operator.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// It is not set.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// It is set to something else than it must be.
    #[error("the environment variable {0} is not valid: {1}")]
    Invalid(&'static str, String),
    /// Several do not fit together; the text names them.
    #[error("{0}")]
    Unfit(String),
}

impl SettingError {
    /// The variable is set to something that it cannot be.
    pub fn invalid(name: &'static str, why: impl Display) -> Self {
        Self::Invalid(name, why.to_string())
    }

    /// Settings do not fit together, or one is out of range; the text names them.
    pub fn unfit(why: impl Display) -> Self {
        Self::Unfit(why.to_string())
    }
}

/// A number that must be there.
///
/// # Errors
/// It is absent, empty, or no number of this kind.
pub fn number<T: FromStr<Err: Display>>(name: &'static str) -> Result<T, SettingError> {
    required(name)?
        .parse()
        .map_err(|error| SettingError::invalid(name, error))
}

/// A setting that may be absent, which is the same as empty.
///
/// # Errors
/// It is there, and not valid.
pub fn optional<T: FromStr<Err: Display> + Default>(name: &'static str) -> Result<T, SettingError> {
    let Ok(value) = required(name) else {
        return Ok(T::default());
    };
    value
        .parse()
        .map_err(|error| SettingError::invalid(name, error))
}

/// A setting that must be there.
///
/// # Errors
/// It is absent or empty.
pub fn required(name: &'static str) -> Result<String, SettingError> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .ok_or(SettingError::Missing(name))
}

/// The secrets of the order ids, from `ORDER_ID_SECRETS`.
///
/// # Errors
/// They are absent or unusable. No part of a secret is shown.
pub fn secrets() -> Result<Secrets, SettingError> {
    const NAME: &str = "ORDER_ID_SECRETS";
    Secrets::from_json(&required(NAME)?).map_err(|error| SettingError::invalid(NAME, error))
}
