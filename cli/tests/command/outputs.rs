//! Whoever stops listening does not stop the work: a closed pipe, a full disk.

use serde_json::json;

use crate::{
    run::{Ran, Scratch, Sink, run_with},
    service::{Letter, Service, sales},
};

/// Ways to lose what the command writes, and what that makes of an exit code of 0. A pipe that was closed on purpose
/// (`| head`) is no failure; a full disk is one.
const LOST: [(Sink, Sink, i32); 5] = [
    (Sink::Read, Sink::Full, 0),
    (Sink::Read, Sink::Closed, 0),
    (Sink::Closed, Sink::Closed, 0),
    (Sink::Full, Sink::Read, 2),
    (Sink::Full, Sink::Full, 2),
];

#[tokio::test]
async fn a_replay_posts_all_and_checks_all() {
    for (out, err, code) in LOST {
        let service = Service::start().await;
        let file = Scratch::of(sales("r", 60));
        let command = service.command(&["replay", &file.0, "--rate", "200"]);
        let ran = run_with(command, out, err).await;
        assert_eq!(ran.code, Some(code), "{out:?} {err:?} {ran:?}");
        assert_eq!(service.state().posts, 60);
        let is_checked = service.state().asked.iter().any(|asked| asked == "Scan");
        assert!(is_checked);
        if out == Sink::Read {
            assert!(ran.out.contains("Every accepted order"), "{}", ran.out);
        }
        if err == Sink::Read {
            assert!(ran.err.contains("could not be written"), "{}", ran.err);
        }
    }
}

#[tokio::test]
async fn dead_letters_are_all_handled() {
    for (arguments, are_left) in [
        (&["dlq", "replay", "--rate", "1000"][..], false),
        (&["dlq", "purge", "--yes"], false),
        (&["dlq", "list"], true),
        (&["dlq", "show", "m-3"], true),
    ] {
        for (out, err, code) in LOST {
            let service = Service::start().await;
            let letters = (0..30).map(|n| Letter::new(&format!("m-{n}"), "x", Some("PANIC")));
            service.state().letters.extend(letters);
            let ran = run_with(service.command(arguments), out, err).await;
            assert_eq!(
                ran.code,
                Some(code),
                "{arguments:?} {out:?} {err:?} {ran:?}"
            );
            let state = service.state();
            assert_eq!(
                state.letters.len(),
                if are_left { 30 } else { 0 },
                "{arguments:?} {out:?} {err:?}"
            );
            assert!(
                state.letters.iter().all(Letter::is_visible),
                "they are released"
            );
        }
    }
}

#[tokio::test]
async fn no_command_has_another_exit_code_for_it() {
    let service = Service::start().await;
    let order = Scratch::of(json!({"customer_id": "c", "currency": "GBP", "lines": [{"sku": "s", "quantity": 1, "unit_price": 1}]}).to_string());
    let unknown = format!("ord_{}", "A".repeat(32));
    for arguments in [
        &["submit", &order.0][..],
        &["submit", "no such file"],
        &["status", &unknown],
        &["trace", &unknown],
        &["pace"],
        &["map"],
        &[
            "plan",
            "--peak",
            "10",
            "--for",
            "1m",
            "--writes-per-second",
            "100",
        ],
        &["dlq", "show", "nobody"],
        &["replay", "no such file"],
        &["status", "ord_1"],
        &["nonsense"],
        &[],
        &["--help"],
        &["--version"],
    ] {
        let run = async |out, err| -> Ran { run_with(service.command(arguments), out, err).await };
        let Ran { code, .. } = run(Sink::Read, Sink::Read).await;
        let code = code.unwrap();
        assert!((0..=2).contains(&code), "{arguments:?}");
        for (out, err, lost) in LOST {
            // Help and version are clap's, which does not look whether they were written.
            let is_clap = arguments
                .first()
                .is_some_and(|first| first.starts_with("--"));
            let expected = if code == 0 && !is_clap { lost } else { code };
            let ran = run(out, err).await;
            assert_eq!(ran.code, Some(expected), "{arguments:?} {out:?} {err:?}");
        }
    }
    let state = service.state();
    assert_eq!(state.posts, 1 + LOST.len(), "each submit posts its order");
}
