//! Settings from environment variables.

use std::{fmt::Display, str::FromStr};

/// A setting that cannot be used. The text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// It is not set.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// The value is not allowed; the second field says why.
    #[error("the environment variable {0} is not valid: {1}")]
    Invalid(&'static str, String),
    /// Several settings do not fit each other; the text names them.
    #[error("{0}")]
    Unfit(String),
}

impl SettingError {
    /// The variable has a value that is not allowed.
    pub fn invalid(name: &'static str, why: impl Display) -> Self {
        Self::Invalid(name, why.to_string())
    }

    /// Settings do not fit each other, or one is out of range. The text names them.
    pub fn unfit(why: impl Display) -> Self {
        Self::Unfit(why.to_string())
    }
}

/// Reads a number that is required.
///
/// # Errors
/// The variable is missing, empty, or not a number of this type.
pub fn number<T: FromStr<Err: Display>>(name: &'static str) -> Result<T, SettingError> {
    required(name)?
        .parse()
        .map_err(|error| SettingError::invalid(name, error))
}

/// Reads a setting that may be missing. Empty means missing, and gives the default value.
///
/// # Errors
/// The variable is set and its value is not valid.
pub fn optional<T: FromStr<Err: Display> + Default>(name: &'static str) -> Result<T, SettingError> {
    let Ok(value) = required(name) else {
        return Ok(T::default());
    };
    value
        .parse()
        .map_err(|error| SettingError::invalid(name, error))
}

/// Refuses to start a program in a stack that stores its orders elsewhere: `STORE`, where it is set.
///
/// # Errors
/// The stack names another store.
pub fn built_for(store: &str) -> Result<(), SettingError> {
    match required("STORE") {
        Ok(other) if other != store => Err(SettingError::invalid(
            "STORE",
            format!("this program is built for {store}: build with STORE={other}"),
        )),
        _ => Ok(()),
    }
}

/// Reads a setting that is required.
///
/// # Errors
/// The variable is missing or empty.
pub fn required(name: &'static str) -> Result<String, SettingError> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .ok_or(SettingError::Missing(name))
}
