//! What people paste as arguments, and the files that they name.

use std::process::Stdio;

use serde_json::json;

use crate::{
    run::{Scratch, ended},
    service::Service,
};

fn order() -> String {
    json!({"customer_id": "c", "currency": "GBP", "lines": [{"sku": "é", "quantity": 1, "unit_price": 1}]}).to_string()
}

#[tokio::test]
async fn an_id_is_found_in_what_was_pasted_and_nothing_raw_comes_back() {
    let service = Service::start().await;
    let file = Scratch::of(order());
    assert_eq!(service.run(&["submit", &file.0]).await.code, Some(0));
    let id = service.state().table[0]["order_id"]
        .as_str()
        .unwrap()
        .to_owned();
    for text in [
        id.clone(),
        format!("{id}\r"),
        format!("\u{a0}{id}\n"),
        format!("orders/{id}"),
        format!("https://api.example/v1/orders/{id}"),
    ] {
        let ran = service.run(&["status", &text]).await;
        assert_eq!(ran.code, Some(0), "{text:?} {ran:?}");
        assert!(ran.out.contains(&id), "{}", ran.out);
    }
    for (arguments, told) in [
        (&["status", "ord_AAA\rA"][..], "ord_AAA\\rA"),
        (&["trace", "\u{1b}[2J"], "\\u{1b}[2J"),
        (&["dlq", "show", "a b\u{9b}"], "a b\\u{9b}"),
        (
            &["status", "1-5759e988-bd862e3fe1be46a994272793"],
            "it is a trace id",
        ),
        (
            &["status", "8e03978e-40d5-43dd-bc93-6894a57f9324"],
            "a message id or an Idempotency-Key",
        ),
        (&["pause", "st\u{7}"], "st\\u{7}"),
        (&["--\u{1b}[2J"], "\\u{1b}[2J"),
        (
            &["submit", "a\u{1b}b"],
            "a\\u{1b}b cannot be posted: there is no such file",
        ),
    ] {
        let ran = service.run(arguments).await;
        assert_eq!(ran.code, Some(2), "{arguments:?} {ran:?}");
        assert!(ran.err.contains(told), "{arguments:?}: {}", ran.err);
        let raw = ran.err.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(raw, None, "{arguments:?}: {:?}", ran.err);
    }
}

#[tokio::test]
async fn an_order_file_is_read_in_every_form_of_text() {
    let utf_16 = |text: &str| -> Vec<u8> {
        let units = format!("\u{feff}{text}");
        units.encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    for file in [
        order().into_bytes(),
        format!("\u{feff}{}\r\n", order()).into_bytes(),
        utf_16(&order()),
    ] {
        let service = Service::start().await;
        let file = Scratch::of(file);
        let ran = service.run(&["submit", &file.0]).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!(service.state().table[0]["lines"][0]["sku"], "é");
    }
    let service = Service::start().await;
    for (file, told) in [
        (&b""[..], "it is empty"),
        (b"{\"customer_id\": \"caf\xe9\"}", "line 1: it is not UTF-8"),
        (b"\x1f\x8b\x08\0", "gzip"),
    ] {
        let file = Scratch::of(file);
        let ran = service.run(&["submit", &file.0]).await;
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(
            ran.err.contains(told) && ran.err.contains("nothing was posted"),
            "{}",
            ran.err
        );
    }
    assert_eq!(service.state().posts, 0);
}

#[tokio::test]
async fn every_file_may_be_standard_input() {
    let service = Service::start().await;
    let sales = crate::service::sales("i", 2);
    for (arguments, input) in [
        (&["submit", "-"][..], order()),
        (&["replay", "-"], sales.clone()),
        (
            &[
                "plan",
                "--peak",
                "1",
                "--writes-per-second",
                "100",
                "--sales",
                "-",
            ],
            sales,
        ),
    ] {
        let mut child = service
            .command(arguments)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let ran = tokio::task::spawn_blocking(move || {
            std::io::Write::write_all(&mut pipe, input.as_bytes()).unwrap();
            drop(pipe);
            ended(child)
        });
        let ran = ran.await.unwrap();
        assert_eq!(ran.code, Some(0), "{arguments:?} {ran:?}");
    }
    assert_eq!(service.state().posts, 3);
}

#[tokio::test]
async fn numbers_and_times_that_are_none_are_wrong_usage() {
    let service = Service::start().await;
    let id = format!("ord_{}", "A".repeat(32));
    for (arguments, told) in [
        (&["replay", "f", "--rate", "0"][..], "above 0"),
        (&["replay", "f", "--rate=-5/s"], "above 0"),
        (&["replay", "f", "--limit", "1e3"], "an integer"),
        (
            &["replay", "f", "--patience", "2026-11-27"],
            "a number of seconds",
        ),
        (
            &["status", &id, "--wait", "18446744073709551615"],
            "a number of seconds",
        ),
        (
            &["status", &id, "--wait", "tomorrow"],
            "a number of seconds",
        ),
        (
            &["map", "--since", "2026-11-27T08:00:00Z"],
            "from 1s to 24h",
        ),
        (
            &[
                "plan",
                "--peak",
                "0",
                "--for",
                "1m",
                "--writes-per-second",
                "1",
            ],
            "from 0.001",
        ),
        (&["dlq", "replay", "--rate", "0"], "above 0"),
    ] {
        let ran = service.run(arguments).await;
        assert_eq!(ran.code, Some(2), "{arguments:?} {ran:?}");
        assert!(ran.err.contains(told), "{arguments:?}: {}", ran.err);
    }
}
