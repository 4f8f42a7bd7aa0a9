//! The signature, worked out a second time by hand from AWS's description of Signature Version 4.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::{
    fmt::Write,
    time::{Duration, UNIX_EPOCH},
};

use super::*;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn hmac(key: &[u8], data: &str) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.chain_update(data).finalize().into_bytes().to_vec()
}

/// Signature of a canonical request made at 2026-11-27T08:00:00Z in eu-west-1 with the secret `s3cret`.
fn signature(canonical_request: &str) -> String {
    let scope = "20261127/eu-west-1/execute-api/aws4_request";
    let hash = hex(&Sha256::digest(canonical_request));
    let to_sign = format!("AWS4-HMAC-SHA256\n20261127T080000Z\n{scope}\n{hash}");
    let key = ["20261127", "eu-west-1", "execute-api", "aws4_request"]
        .iter()
        .fold(b"AWS4s3cret".to_vec(), |key, part| hmac(&key, part));
    hex(&hmac(&key, &to_sign))
}

fn authorization(url: &str, headers: &[(&str, &str)], body: &[u8]) -> String {
    let credentials = Credentials::new("AKID", "s3cret", None, None, "test");
    let call = Call {
        method: "POST",
        url,
        headers,
        body,
    };
    // 2026-11-27T08:00:00Z
    let now = UNIX_EPOCH + Duration::from_hours(498_824);
    let signed = sign_at(now, &credentials, "eu-west-1", call).unwrap();
    let found = signed.iter().find(|(name, _)| name == "authorization");
    found.unwrap().1.clone()
}

#[test]
fn a_post_is_signed_with_its_host_headers_and_body() {
    let body = br#"{"a":1}"#;
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", "k-1"),
    ];
    let canonical = format!(
        "POST\n/restapis/x1/v1/_user_request_/orders\n\ncontent-type:application/json\nhost:127.0.0.1:4566\n\
         idempotency-key:k-1\nx-amz-date:20261127T080000Z\n\ncontent-type;host;idempotency-key;x-amz-date\n{}",
        hex(&Sha256::digest(body))
    );
    let url = "http://127.0.0.1:4566/restapis/x1/v1/_user_request_/orders";
    assert_eq!(
        authorization(url, &headers, body),
        format!(
            "AWS4-HMAC-SHA256 Credential=AKID/20261127/eu-west-1/execute-api/aws4_request, \
             SignedHeaders=content-type;host;idempotency-key;x-amz-date, Signature={}",
            signature(&canonical)
        )
    );
}

/// What is percent-encoded on the wire is encoded once more in the canonical path, and the query is sorted
/// whatever its order on the wire.
#[test]
fn the_path_is_encoded_once_more_and_the_query_sorted() {
    let canonical = format!(
        "POST\n/v1/orders/a%2520b%252F%25C3%25A9\n\
         customer_id=c%2F1&limit=1&order=asc\nhost:api.example\nx-amz-date:20261127T080000Z\n\nhost;x-amz-date\n{}",
        hex(&Sha256::digest(b""))
    );
    let url = "https://api.example/v1/orders/a%20b%2F%C3%A9?order=asc&limit=1&customer_id=c%2F1";
    let signed = authorization(url, &[], b"");
    let expected = signature(&canonical);
    assert!(
        signed.ends_with(&format!("Signature={expected}")),
        "{signed}"
    );
}

#[test]
fn a_session_token_is_sent_and_signed() {
    let credentials = Credentials::new("AKID", "s3cret", Some("token".into()), None, "test");
    let call = Call {
        method: "GET",
        url: "https://api.example/v1/orders",
        headers: &[],
        body: b"",
    };
    let signed = sign_at(UNIX_EPOCH, &credentials, "eu-west-1", call).unwrap();
    let value = |wanted: &str| &signed.iter().find(|(name, _)| name == wanted).unwrap().1;
    assert_eq!(value("x-amz-security-token"), "token");
    assert!(value("authorization").contains(";x-amz-security-token,"));
}
