//! Settings: empty ones count as unset, and one that cannot be right is named as the operator's, never as a service's silence.

use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use sluice_testing::stand_in::{Answer, StandIn};
use tokio::net::TcpListener;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer, version::TLS13},
};

use crate::{
    run::{Ran, Scratch, run},
    service::Service,
};

/// Runs a command that asks the stack, with these settings.
async fn with(service: &Service, settings: &[(&str, &str)]) -> Ran {
    let mut command = service.command(&["dlq", "list"]);
    command.envs(settings.iter().copied());
    run(command).await
}

fn says(ran: &Ran, what: &str) {
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains(what), "{what}: {}", ran.err);
    assert!(ran.err.contains("Next: "), "{}", ran.err);
    assert!(!ran.err.contains("does not answer"), "{}", ran.err);
}

#[tokio::test]
async fn an_empty_setting_counts_as_unset() {
    let service = Service::start().await;
    let empty = [
        "AWS_DEFAULT_REGION",
        "AWS_PROFILE",
        "AWS_SESSION_TOKEN",
        "AWS_ENDPOINT_URL_SQS",
        "AWS_ENDPOINT_URL_CLOUDFORMATION",
        "AWS_CONFIG_FILE",
        "AWS_CA_BUNDLE",
        "AWS_RETRY_MODE",
        "AWS_MAX_ATTEMPTS",
        "AWS_USE_FIPS_ENDPOINT",
        "AWS_USE_DUALSTACK_ENDPOINT",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "SLUICE_STACK",
        "SSL_CERT_FILE",
        "HTTPS_PROXY",
        "HTTP_PROXY",
    ];
    let settings = empty.map(|name| (name, ""));
    let ran = with(&service, &settings).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let region = [("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "eu-west-2")];
    assert_eq!(with(&service, &region).await.code, Some(0));

    says(
        &with(&service, &[("AWS_REGION", "")]).await,
        "no AWS region is set",
    );
    let none = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];
    says(&with(&service, &none).await, "no AWS credentials");
    let mut command = service.command(&["pace"]);
    command.env("AWS_ENDPOINT_URL", "").env("AWS_REGION", "");
    says(&run(command).await, "no AWS region is set");
}

#[tokio::test]
async fn a_region_that_can_be_none_is_named() {
    let service = Service::start().await;
    for (region, shown) in [
        (
            "eu west 1",
            "AWS_REGION is \"eu west 1\", which is no region",
        ),
        ("eu-west-1\r", "AWS_REGION is \"eu-west-1\\r\""),
        ("EU-WEST-1", "AWS_REGION is \"EU-WEST-1\""),
        (" ", "AWS_REGION is \" \""),
        ("https://sqs.eu-west-1.amazonaws.com", "AWS_REGION is"),
    ] {
        let ran = with(&service, &[("AWS_REGION", region)]).await;
        says(&ran, shown);
        assert!(!ran.err.contains('\r'));
    }
    let config = Scratch::of("[default]\nregion = eu/west\n");
    let settings = [("AWS_REGION", ""), ("AWS_CONFIG_FILE", &*config.0)];
    says(
        &with(&service, &settings).await,
        "the region of the profile is \"eu/west\"",
    );
}

#[tokio::test]
async fn an_endpoint_that_is_no_address_is_named() {
    let service = Service::start().await;
    for (name, url) in [
        ("AWS_ENDPOINT_URL", "127.0.0.1:4566"),
        ("AWS_ENDPOINT_URL", "localhost:4566"),
        ("AWS_ENDPOINT_URL", "not an address"),
        ("AWS_ENDPOINT_URL", "http://"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:99999"),
        ("AWS_ENDPOINT_URL_SQS", "ftp://127.0.0.1"),
        ("AWS_ENDPOINT_URL_CLOUDFORMATION", "127.0.0.1:4566"),
    ] {
        says(
            &with(&service, &[(name, url)]).await,
            &format!("{name} is \"{url}\", which "),
        );
    }
    let config = Scratch::of("[default]\nendpoint_url = localhost\n");
    let mut command = service.command(&["pace"]);
    command
        .env("AWS_ENDPOINT_URL", "")
        .env("AWS_CONFIG_FILE", &config.0);
    let ran = run(command).await;
    says(&ran, "the profile's endpoint_url is \"localhost\"");
}

#[tokio::test]
async fn a_profile_that_there_is_not_is_named_with_those_that_there_are() {
    let service = Service::start().await;
    let config = Scratch::of("[default]\nregion = eu-west-1\n[profile shop]\nregion = eu-west-1\n");
    for region in ["eu-west-1", ""] {
        let settings = [
            ("AWS_PROFILE", "typo"),
            ("AWS_CONFIG_FILE", &*config.0),
            ("AWS_ACCESS_KEY_ID", ""),
            ("AWS_REGION", region),
        ];
        let ran = with(&service, &settings).await;
        says(
            &ran,
            "AWS_PROFILE is \"typo\", and there is no profile of that name: there are default, shop",
        );
    }
    let broken = Scratch::of("[default\nregion = eu-west-1\n");
    let settings = [("AWS_CONFIG_FILE", &*broken.0), ("AWS_REGION", "")];
    says(
        &with(&service, &settings).await,
        "AWS's settings cannot be read",
    );
}

#[tokio::test]
async fn a_stack_s_name_is_named_as_such() {
    let service = Service::start().await;
    let ran = with(&service, &[("SLUICE_STACK", "a b\u{1b}")]).await;
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err.contains("a stack's name has letters"),
        "{}",
        ran.err
    );
    assert!(
        ran.err.contains("a b\\u{1b}") && !ran.err.contains('\u{1b}'),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn only_silence_is_silence() {
    let service = Service::start().await;
    service.state().aws_answers = Some(Answer::new(404, "<html>"));
    let ran = with(&service, &[]).await;
    says(&ran, "answers HTTP 404, and not as AWS does");
    assert!(ran.err.contains("unset AWS_ENDPOINT_URL"), "{}", ran.err);
    let ran = with(&service, &[("AWS_ENDPOINT_URL", "http://127.0.0.1:1")]).await;
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err.contains("http://127.0.0.1:1 does not answer"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn half_a_key_is_named() {
    let service = Service::start().await;
    for (set, missing) in [
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
    ] {
        let ran = with(&service, &[(missing, "")]).await;
        says(&ran, &format!("{set} is set, and {missing} is not"));
    }
}

/// A laptop in a company, and the local AWS.
#[tokio::test]
async fn no_proxy_is_asked_for_what_is_on_this_machine() {
    let service = Service::start().await;
    let proxy = ["HTTP_PROXY", "http_proxy", "ALL_PROXY"].map(|name| (name, "http://127.0.0.1:1"));
    assert_eq!(with(&service, &proxy).await.code, Some(0));
}

#[tokio::test]
async fn a_server_without_tls_is_told_from_silence() {
    let service = Service::start().await;
    let url = service.url().replace("http://", "https://");
    let ran = with(&service, &[("AWS_ENDPOINT_URL", &url)]).await;
    says(
        &ran,
        "it does not speak TLS. Next: write http:// in its address",
    );
}

/// A server in TLS whose certificate nobody knows. Returns its address.
async fn unknown_server() -> String {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let aws = StandIn::answering([Answer::new(400, "")]).await;
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                aws.serve(stream).await;
            }
        }
    });
    format!("https://localhost:{port}")
}

#[tokio::test]
async fn a_machine_without_authorities_is_told_so() {
    let service = Service::start().await;
    let url = unknown_server().await;
    let none = Scratch::of("");
    let settings = [("AWS_ENDPOINT_URL", &*url), ("SSL_CERT_FILE", &*none.0)];
    let ran = with(&service, &settings).await;
    says(&ran, "this machine has no certificates of authorities");
    assert!(
        ran.err.contains("ca-certificates") && ran.err.contains("SSL_CERT_FILE"),
        "{}",
        ran.err
    );

    let other = generate_simple_self_signed(["other".to_owned()]).unwrap();
    let other = Scratch::of(other.cert.pem());
    let settings = [("AWS_ENDPOINT_URL", &*url), ("SSL_CERT_FILE", &*other.0)];
    let ran = with(&service, &settings).await;
    says(
        &ran,
        "no authority that this machine trusts has signed the server's certificate",
    );
}
