//! What is wrong with the operator's settings, so that nothing can be asked: named before the first call.

use std::{collections::BTreeMap, env};

use aws_config::profile;

use crate::terminal::{
    failure::{Failure, root_cause},
    parse::{http_address, quoted},
};

/// The variables whose value is an address that the SDK calls in place of AWS, such as `AWS_ENDPOINT_URL_SQS`.
const ENDPOINT: &str = "AWS_ENDPOINT_URL";

/// The addresses that are called in place of AWS, by the setting that names each.
pub(crate) type Endpoints = BTreeMap<String, String>;

/// The region, if it can be one: it becomes a part of a host's name.
pub(crate) fn region(region: &str) -> Result<(), Failure> {
    let is_letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let is_region = (1..=63).contains(&region.len())
        && region.bytes().all(is_letter)
        && !region.starts_with('-')
        && !region.ends_with('-');
    if is_region {
        return Ok(());
    }
    let names = ["AWS_REGION", "AWS_DEFAULT_REGION"];
    let set = names.into_iter().find(|name| env::var(name).is_ok());
    let setting = set.map_or_else(|| "the region of the profile".to_owned(), str::to_owned);
    Err(Failure::environment(
        format!("{setting} is {}, which is no region", quoted(region)),
        "set it to the name of a region, such as eu-west-1",
    ))
}

/// The endpoints that are set: variables, and the profile's `endpoint_url`.
///
/// # Errors
/// One of them is no address.
pub(crate) async fn endpoints() -> Result<Endpoints, Failure> {
    let variables = env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        let is_one = name == ENDPOINT || name.starts_with(&format!("{ENDPOINT}_"));
        is_one.then(|| (name, value.to_string_lossy().into_owned()))
    });
    let mut endpoints: Endpoints = variables.collect();
    let is_ignored = env::var("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    if is_ignored.is_ok_and(|ignored| ignored.eq_ignore_ascii_case("true")) {
        endpoints.clear();
    } else if !endpoints.contains_key(ENDPOINT)
        && let Ok(profiles) = profiles().await
        && let Some(url) = profiles.get("endpoint_url")
    {
        endpoints.insert("the profile's endpoint_url".to_owned(), url.to_owned());
    }
    for (setting, url) in &endpoints {
        http_address(url).map_err(|wrong| {
            Failure::environment(
                format!("{setting} is {}, which {wrong}", quoted(url)),
                "set it to an address such as http://127.0.0.1:4566, or unset it to use AWS",
            )
        })?;
    }
    Ok(endpoints)
}

/// What is wrong with the credentials' settings, if anything is: asked only where there are no credentials.
pub(crate) async fn with_credentials() -> Option<Failure> {
    let names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    with_profile()
        .await
        .or_else(|| match names.map(|name| env::var_os(name).is_some()) {
            [true, false] => Some(half(names[0], names[1])),
            [false, true] => Some(half(names[1], names[0])),
            _ => None,
        })
}

fn half(set: &str, missing: &str) -> Failure {
    Failure::environment(
        format!("{set} is set, and {missing} is not"),
        "set both, or neither",
    )
}

/// The profiles, and which of them is selected.
async fn profiles() -> Result<profile::ProfileSet, profile::ProfileFileLoadError> {
    let (fs, variables, of_default) = Default::default();
    Box::pin(profile::load(&fs, &variables, &of_default, None)).await
}

/// The region of the profile, where it names one.
pub(crate) async fn region_of_profile() -> Option<String> {
    let profiles = profiles().await.ok()?;
    profiles.get("region").map(str::to_owned)
}

/// What is wrong with the profile, if anything is: asked only where credentials or the region are missing.
pub(crate) async fn with_profile() -> Option<Failure> {
    let files = "~/.aws/config and ~/.aws/credentials, or where AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE say";
    let profiles = match profiles().await {
        Ok(profiles) => profiles,
        Err(error) => {
            return Some(Failure::environment(
                format!("AWS's settings cannot be read: {}", root_cause(&error)),
                format!("correct the file ({files})"),
            ));
        }
    };
    let selected = profiles.selected_profile();
    if selected == "default" || profiles.get_profile(selected).is_some() {
        return None;
    }
    let mut known: Vec<_> = profiles.profiles().collect();
    known.sort_unstable();
    let known = match known[..] {
        [] => "none".to_owned(),
        _ => known.join(", "),
    };
    Some(Failure::environment(
        format!(
            "AWS_PROFILE is {}, and there is no profile of that name: there are {known}",
            quoted(selected)
        ),
        format!("set AWS_PROFILE to one that is there, or add it ({files})"),
    ))
}

/// What is wrong if a server and this command do not get on in TLS, by the text of the error; with what to do.
pub(crate) fn with_tls(error: &str) -> Option<(String, &'static str)> {
    if error.contains("InvalidContentType") {
        let what = "it does not speak TLS".to_owned();
        return Some((what, "write http:// in its address"));
    }
    let (_, why) = error.split_once("invalid peer certificate: ")?;
    let is_unknown = ["UnknownIssuer", "BadSignature"]
        .iter()
        .any(|is| why.starts_with(is));
    Some(if !is_unknown {
        (
            format!("the server's certificate is not accepted: {why}"),
            "check the address, and the clock of this machine",
        )
    } else if rustls_native_certs::load_native_certs().certs.is_empty() {
        (
            "this machine has no certificates of authorities, so it can trust no server".to_owned(),
            "install them (the package ca-certificates), or name a file of them in SSL_CERT_FILE",
        )
    } else {
        (
            "no authority that this machine trusts has signed the server's certificate".to_owned(),
            "if a proxy opens your connections, add its certificate to the system's, or name a file with it in SSL_CERT_FILE",
        )
    })
}
