//! The connection that the process opens before its first order, and whom it trusts.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use std::{
    env::temp_dir,
    fs,
    net::UdpSocket,
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    process::Command,
    time::timeout,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer, version::TLS13},
};

/// An SNS at `https://localhost`, whose certificate is this one. Returns its port, and the first line of each request so far.
async fn sns(certified: &CertifiedKey<rcgen::KeyPair>) -> (u16, Arc<Mutex<Vec<String>>>) {
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
    let requests = Arc::<Mutex<Vec<String>>>::default();
    let seen = requests.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, seen) = (acceptor.clone(), seen.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut stream = BufReader::new(stream);
                let mut line = String::new();
                while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                    if line.ends_with("HTTP/1.1\r\n") {
                        seen.lock().unwrap().push(line.trim_end().to_owned());
                        let answer = b"HTTP/1.1 400 X\r\ncontent-length: 0\r\n\r\n";
                        stream.write_all(answer).await.unwrap();
                    }
                    line.clear();
                }
            });
        }
    });
    (port, requests)
}

/// Runs the process until it asks for its first order. The system's certificate authority is this one.
async fn run_until_it_asks(name: &str, system_s: &str, network: &[(&str, String)]) {
    let authority = temp_dir().join(format!("sluice-opening-{}-{name}", std::process::id()));
    fs::write(&authority, system_s).unwrap();
    let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
    daemon.set_nonblocking(true).unwrap();
    let runtime = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut function = Command::new(env!("CARGO_BIN_EXE_accept-order"))
        .env_clear()
        .envs([
            ("ORDERS_TOPIC_ARN", "arn:aws:sns:eu-west-1:1:orders"),
            (
                "ORDER_ID_SECRETS",
                r#"{"1":"11111111111111111111111111111111"}"#,
            ),
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
        .env(
            "AWS_LAMBDA_RUNTIME_API",
            runtime.local_addr().unwrap().to_string(),
        )
        .env(
            "AWS_XRAY_DAEMON_ADDRESS",
            daemon.local_addr().unwrap().to_string(),
        )
        .env("SSL_CERT_FILE", &authority)
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    timeout(Duration::from_secs(30), runtime.accept())
        .await
        .unwrap()
        .unwrap();
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
    let (port, requests) = sns(&here).await;
    run_until_it_asks("trusted", &here.cert.pem(), &at(port)).await;
    assert_eq!(*requests.lock().unwrap(), ["GET / HTTP/1.1"]);
}

#[tokio::test]
async fn whom_nobody_trusts_is_asked_nothing_and_the_function_starts() {
    let (here, other) = (certified(), certified());
    let (port, requests) = sns(&here).await;
    run_until_it_asks("untrusted", &other.cert.pem(), &at(port)).await;
    assert_eq!(*requests.lock().unwrap(), [""; 0]);
}

/// As the SDK's own client does it.
#[tokio::test]
async fn a_proxy_is_asked_for_the_connection() {
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let asked = tokio::spawn(async move {
        let (stream, _) = proxy.accept().await.unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await.unwrap();
        line
    });
    let network = [
        ("AWS_ENDPOINT_URL", "https://sns.example".to_owned()),
        ("HTTPS_PROXY", address),
    ];
    run_until_it_asks("proxy", &certified().cert.pem(), &network).await;
    let asked = timeout(Duration::from_secs(10), asked).await.unwrap();
    assert_eq!(asked.unwrap(), "CONNECT sns.example:443 HTTP/1.1\r\n");
}
