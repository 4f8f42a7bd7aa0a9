//! Settings of the environment that are empty, and those that hold a password.

use std::{env, ffi::OsString, fmt};

/// A text that may hold a password. Reading it never fails, so that nobody quotes it, and it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Hidden(pub(crate) String);

impl From<String> for Hidden {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(not shown)")
    }
}

/// The text up to the address of a database in it.
pub(crate) fn without_address(text: &str) -> String {
    let schemes = ["postgres:", "postgresql:", "mysql:"];
    let lower = text.to_ascii_lowercase();
    let ends = schemes
        .iter()
        .filter_map(|scheme| Some(lower.find(scheme)? + scheme.len()));
    match ends.min() {
        Some(end) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What the names of the command's settings begin with: its own, AWS's, and those of proxies and certificates.
const PREFIXES: [&str; 8] = [
    "SLUICE_",
    "DATABASE_URL",
    "AWS_",
    "SSL_CERT_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
];

/// Leaves out the settings that are empty, such as `AWS_REGION=` in a CI job: they count as unset.
///
/// The AWS SDK reads the environment itself and takes an empty text for a value. A process cannot safely change its own
/// environment, so the command starts itself again in this process, without them. Where that fails it goes on as it is.
pub fn leave_out_empty() {
    let variables = env::vars_os().filter(|(_, value)| value.is_empty());
    let empty: Vec<_> = variables
        .map(|(name, _)| name)
        .filter(|name| is_setting(&name.to_string_lossy()))
        .collect();
    if !empty.is_empty() {
        start_again(&empty);
    }
}

fn is_setting(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(unix)]
fn start_again(without: &[OsString]) {
    use std::{os::unix::process::CommandExt, process::Command};

    let Ok(program) = env::current_exe() else {
        return;
    };
    let mut arguments = env::args_os();
    let mut again = Command::new(program);
    if let Some(name) = arguments.next() {
        again.arg0(name);
    }
    again.args(arguments);
    for name in without {
        again.env_remove(name);
    }
    // It only returns if it fails.
    let _ = again.exec();
}

/// Windows has no empty variables.
#[cfg(not(unix))]
fn start_again(_: &[OsString]) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_command_and_of_aws_are_known_by_their_names() {
        for name in [
            "AWS_REGION",
            "AWS_ENDPOINT_URL_SQS",
            "SLUICE_STACK",
            "DATABASE_URL",
            "https_proxy",
            "SSL_CERT_FILE",
        ] {
            assert!(is_setting(name), "{name}");
        }
        for name in ["PATH", "LANG", "RAWS_X"] {
            assert!(!is_setting(name), "{name}");
        }
    }
}
