//! The connection that the process opens before its first order, and whom it trusts.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use std::{env::temp_dir, fs, net::UdpSocket, process::Stdio, sync::Arc};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use sluice_order::testing::SECRETS;
use sluice_testing::stand_in::{Answer, Call, StandIn};
use tokio::{net::TcpListener, process::Command};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer, version::TLS13},
};

/// An SNS at `https://localhost`, whose certificate is this one. Returns its port, and what it was asked.
async fn sns(certified: &CertifiedKey<rcgen::KeyPair>) -> (u16, Arc<StandIn>) {
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let sns = Arc::new(StandIn::answering([Answer::new(400, "")]).await);
    let asked = Arc::clone(&sns);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, sns) = (acceptor.clone(), Arc::clone(&sns));
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    sns.serve(stream).await;
                }
            });
        }
    });
    (port, asked)
}

/// The first line of each call so far.
fn lines(asked: &StandIn) -> Vec<String> {
    let line = |call: &Arc<Call>| call.to_string().lines().next().unwrap().to_owned();
    asked.calls().iter().map(line).collect()
}

/// Runs the process until it asks for its first order. The system's certificate authority is this one.
async fn run_until_it_asks(name: &str, system_s: &str, network: &[(&str, String)]) {
    let authority = temp_dir().join(format!("sluice-opening-{}-{name}", std::process::id()));
    fs::write(&authority, system_s).unwrap();
    let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
    daemon.set_nonblocking(true).unwrap();
    let runtime = StandIn::answering([Answer::never()]).await;
    let mut function = Command::new(env!("CARGO_BIN_EXE_accept-order"))
        .env_clear()
        .envs([
            ("ORDERS_TOPIC_ARN", "arn:aws:sns:eu-west-1:1:orders"),
            ("ORDER_ID_SECRETS", SECRETS),
            ("AWS_LAMBDA_FUNCTION_NAME", "accept"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "l"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "l"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ])
        .envs(network.iter().map(|(name, value)| (name, value)))
        .env("AWS_LAMBDA_RUNTIME_API", runtime.address().to_string())
        .env(
            "AWS_XRAY_DAEMON_ADDRESS",
            daemon.local_addr().unwrap().to_string(),
        )
        .env("SSL_CERT_FILE", &authority)
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    runtime.called(1).await;
    function.kill().await.unwrap();
    fs::remove_file(authority).unwrap();
    // What init does is no trace of its own.
    assert!(daemon.recv(&mut [0; 1]).is_err());
}

fn at(port: u16) -> [(&'static str, String); 1] {
    [("AWS_ENDPOINT_URL", format!("https://localhost:{port}"))]
}

fn certified() -> CertifiedKey<rcgen::KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

/// AWS in China, a proxy that inspects, a root that AWS has yet to make: where Amazon's own do not do, the system's count.
#[tokio::test]
async fn whom_the_system_trusts_is_trusted_where_amazon_s_roots_do_not_do() {
    let here = certified();
    let (port, sns) = sns(&here).await;
    run_until_it_asks("trusted", &here.cert.pem(), &at(port)).await;
    assert_eq!(lines(&sns), ["GET / HTTP/1.1"]);
}

#[tokio::test]
async fn whom_nobody_trusts_is_asked_nothing_and_the_function_starts() {
    let (here, other) = (certified(), certified());
    let (port, sns) = sns(&here).await;
    run_until_it_asks("untrusted", &other.cert.pem(), &at(port)).await;
    assert_eq!(lines(&sns), [""; 0]);
}

/// As the SDK's own client does it.
#[tokio::test]
async fn a_proxy_is_asked_for_the_connection() {
    let proxy = StandIn::answering([Answer::new(400, "")]).await;
    let network = [
        ("AWS_ENDPOINT_URL", "https://sns.example".to_owned()),
        ("HTTPS_PROXY", proxy.url()),
    ];
    run_until_it_asks("proxy", &certified().cert.pem(), &network).await;
    assert_eq!(lines(&proxy)[0], "CONNECT sns.example:443 HTTP/1.1");
}
