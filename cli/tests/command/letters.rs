//! Dead letters: what a filter met, and letters whose event somebody wrapped.

use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sluice_order::{Order, testing::secrets};

use crate::service::{Letter, Service};

#[tokio::test]
async fn a_filter_that_matches_nothing_says_what_was_met() {
    let service = Service::start().await;
    let list = ["dlq", "list", "--reason", "TOO_LARGE"];
    let none = service.run(&list).await;
    assert!(
        none.out.starts_with("SQS handed out no dead letter.\n"),
        "{}",
        none.out
    );

    let letters = (0..23).map(|n| Letter::new(&format!("m-{n}"), "x", Some("PANIC")));
    service.state().letters.extend(letters);
    for (command, told) in [
        (&list[..], "0 of 23 letters met have this reason.\n"),
        (
            &["dlq", "replay", "--reason", "TOO_LARGE"],
            "0 of 23 letters met have this reason. None was replayed.\n",
        ),
        (
            &["dlq", "purge", "--yes", "--reason", "TOO_LARGE"],
            "0 of 23 letters met have this reason. None was removed.\n",
        ),
        (
            &["dlq", "replay", "m-x", "--reason", "PANIC"],
            "0 of 23 letters met have this reason and one of these ids. None was replayed.\n",
        ),
    ] {
        let ran = service.run(command).await;
        assert!(ran.out.starts_with(told), "{command:?} {}", ran.out);
    }
    let ran = service.run(&["dlq", "show", "m-x"]).await;
    assert!(
        ran.err.contains("not found among 23 letters: m-x"),
        "{}",
        ran.err
    );

    // Another run holds the one that matches.
    let mut held = Letter::new("held", "x", Some("TOO_LARGE"));
    held.hidden_until = Some(Instant::now() + Duration::from_mins(10));
    service.state().letters.push(held);
    let ran = service.run(&list).await;
    assert!(
        ran.out.starts_with(
            "0 of 23 letters met have this reason. Hidden: about 1, because somebody else"
        ),
        "{}",
        ran.out
    );
    let ran = service.run(&["dlq", "show", "held"]).await;
    assert!(
        ran.err
            .contains("not found among 23 letters, with about 1 more hidden: held"),
        "{}",
        ran.err
    );
    let ran = service
        .run(&["dlq", "list", "--json", "--reason", "TOO_LARGE"])
        .await;
    let list: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (&list["letters_met"], &list["letters_hidden"]),
        (&23.into(), &1.into())
    );
}

/// The body of an order, in what tools wrap it into.
fn wrapped(body: &str) -> Vec<(&'static str, String)> {
    let notification =
        json!({"Type": "Notification", "MessageId": "n", "TopicArn": "arn", "Message": body});
    vec![
        ("SNS's envelope", notification.to_string()),
        ("encoded twice", json!(body).to_string()),
        (
            "encoded three times",
            json!(json!(body).to_string()).to_string(),
        ),
        (
            "an envelope in an envelope",
            json!({"Type": "Notification", "Message": notification.to_string()}).to_string(),
        ),
        ("base64", STANDARD.encode(body)),
        ("a byte order mark", format!("\u{feff}{body}")),
    ]
}

/// P2: an order whose whole content lies in the letter is found by its id, and none vanishes without a record.
#[tokio::test]
async fn a_letter_whose_event_was_wrapped_is_found_by_its_order() {
    let message = Order::sample().customer("wrapped").message(&secrets());
    let (id, body) = (message.order_id.to_string(), message.to_body().unwrap());
    for (form, body) in wrapped(&body) {
        let service = Service::start().await;
        service
            .state()
            .letters
            .push(Letter::new("m-1", &body, Some("UNKNOWN_EVENT")));
        let ran = service.run(&["dlq", "list"]).await;
        assert!(ran.out.contains(&id), "{form}: {}", ran.out);
        let ran = service.run(&["dlq", "show", &id, "--json"]).await;
        let shown: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(
            (&shown[0]["body"], &shown[0]["order_id"]),
            (&body.clone().into(), &id.clone().into()),
            "{form}"
        );

        let ran = service.run(&["dlq", "replay", &id, "--rate", "1000"]).await;
        assert_eq!(ran.code, Some(0), "{form}: {ran:?}");
        assert_eq!(
            service.state().sent,
            [body.as_str()],
            "{form}: as it lay there"
        );
        assert!(service.state().letters.is_empty());

        service
            .state()
            .letters
            .push(Letter::new("m-2", &body, Some("UNKNOWN_EVENT")));
        let ran = service.run(&["dlq", "purge", &id, "--yes"]).await;
        assert_eq!(ran.code, Some(0), "{form}: {ran:?}");
        let state = service.state();
        assert!(state.letters.is_empty());
        let record = &state.table[0];
        assert_eq!(record["order_id"]["S"], id, "{form}: {record}");
        assert_eq!(record["reason"]["S"], "PURGED");
        assert!(
            record["rejected_order"].is_object(),
            "{form}: with its content: {record}"
        );
    }
}
