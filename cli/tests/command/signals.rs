//! Ctrl-C, SIGTERM and SIGHUP end every command cleanly, and it says how to go on.

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sluice_testing::{stand_in::Answer, wait_for};

use crate::{
    run::{Ran, Scratch, ended, heeding, signal},
    service::{Letter, Service, State, sales},
};

const SIGNALS: [&str; 3] = ["INT", "TERM", "HUP"];

/// Starts the command, waits until the service has seen so much, and sends the signal.
async fn stopped(
    service: &Service,
    command: Command,
    name: &str,
    when: impl Fn(&State) -> bool,
) -> Ran {
    let child = heeding(&command).spawn().unwrap();
    wait_for("the command to be at work", async || when(&service.state())).await;
    end(child, name).await
}

async fn end(child: Child, name: &str) -> Ran {
    signal(&child, name);
    tokio::task::spawn_blocking(move || ended(child))
        .await
        .unwrap()
}

fn asked(state: &State, operation: &str) -> usize {
    state
        .asked
        .iter()
        .filter(|asked| *asked == operation)
        .count()
}

#[tokio::test]
async fn a_replay_says_how_many_were_posted() {
    for name in SIGNALS {
        let service = Service::start().await;
        let file = Scratch::of(sales("s", 60));
        let command = service.command(&["replay", &file.0, "--rate", "20"]);
        let ran = stopped(&service, command, name, |state| state.posts >= 5).await;
        assert_eq!(ran.code, Some(1), "{name} {ran:?}");
        let posts = service.state().posts;
        assert!(posts < 60, "{posts}");
        let said = ran.err.lines().last().unwrap();
        let count = said.strip_prefix("error: stopped: ").unwrap();
        let count: usize = count.split(' ').next().unwrap().parse().unwrap();
        assert!(count <= posts && count + 2 >= posts, "{posts} {said}");
        assert!(said.contains("of 60 invoices were posted"), "{said}");
        assert!(
            said.contains("Next: run it again") && said.contains("adds no order"),
            "{said}"
        );
        // And so it is.
        let ran = service.run(&["replay", &file.0, "--rate", "1000"]).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!(service.state().table.len(), 60);
    }
}

#[tokio::test]
async fn a_replay_that_waits_says_that_storage_was_not_checked() {
    for name in SIGNALS {
        let service = Service::start().await;
        service.state().waiting = 5;
        let file = Scratch::of(sales("s", 3));
        let command = service.command(&["replay", &file.0]);
        let is_waiting = |state: &State| state.posts == 3 && asked(state, "GetQueueAttributes") > 4;
        let ran = stopped(&service, command, name, is_waiting).await;
        assert_eq!(ran.code, Some(1), "{name} {ran:?}");
        assert!(
            ran.err.contains("stopped: 3 of 3 invoices were posted, and storage was not checked. Next: run it again"),
            "{}",
            ran.err
        );
    }
}

#[tokio::test]
async fn what_may_have_been_accepted_is_said_with_the_key_of_a_repeat() {
    let order = Scratch::of("{}");
    for name in SIGNALS {
        let service = Service::start().await;
        service.state().api_answers = Some(Answer::new(503, ""));
        let command = service.command(&["submit", &order.0, "--idempotency-key", "k-1"]);
        let ran = stopped(&service, command, name, |state| asked(state, "API") > 1).await;
        assert_eq!(ran.code, Some(1), "{name} {ran:?}");
        assert!(
            ran.err.contains("not known whether the order was accepted")
                && ran.err.contains("--idempotency-key k-1"),
            "{}",
            ran.err
        );
    }
}

#[tokio::test]
async fn a_pause_that_is_stopped_says_that_it_may_happen() {
    for name in SIGNALS {
        // Lambda is changing the event source already, and the command waits for that.
        let service = Service::start().await;
        let command = service.command(&["pause", "standard"]);
        let is_waiting = |state: &State| {
            let of_lambda = |asked: &&String| asked.contains("event-source");
            state.asked.iter().filter(of_lambda).count() > 2
        };
        let ran = stopped(&service, command, name, is_waiting).await;
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let said = "not known whether the standard lane will be paused";
        assert!(ran.err.contains(said), "{}", ran.err);
    }
}

#[tokio::test]
async fn a_rotation_that_is_stopped_goes_on_later() {
    let service = Service::start().await;
    let mut written = None;
    for name in SIGNALS {
        let before = asked(&service.state(), "GetSecretValue");
        let command = service.command(&["secret", "rotate"]);
        let has_begun =
            |state: &State| asked(state, "GetSecretValue") > before && state.secret.is_some();
        let ran = stopped(&service, command, name, has_begun).await;
        assert_eq!(ran.code, Some(1), "{name} {ran:?}");
        let said = "not known whether the secret was changed";
        assert!(
            ran.err.contains(said) && ran.err.contains("goes on where it was"),
            "{}",
            ran.err
        );
        let secret = service.state().secret.clone();
        assert_eq!(
            *written.get_or_insert_with(|| secret.clone()),
            secret,
            "it is not changed again"
        );
    }
}

/// Whatever AWS does not answer.
#[tokio::test]
async fn a_command_that_only_looks_ends_at_once() {
    let id = format!("ord_{}", "A".repeat(32));
    for arguments in [
        &["status", &id][..],
        &["trace", &id],
        &["pace"],
        &["map"],
        &["dlq", "list"],
        &["dlq", "purge", "--yes"],
        &["copy", "--from", "table", "--to", "mysql://u@127.0.0.1:1/d"],
    ] {
        let service = Service::start().await;
        service.state().aws_answers = Some(Answer::never());
        let command = service.command(arguments);
        let ran = stopped(&service, command, "TERM", |state| !state.asked.is_empty()).await;
        assert_eq!(ran.code, Some(1), "{arguments:?} {ran:?}");
        assert!(
            ran.err
                .contains("stopped: nothing was changed. Next: run it again"),
            "{arguments:?} {}",
            ran.err
        );
    }
    let service = Service::start().await;
    let accepted = format!(r#"{{"order_id":"{id}","status":"ACCEPTED"}}"#);
    service.state().api_answers = Some(Answer::new(200, accepted));
    let command = service.command(&["status", &id, "--wait", "10m"]);
    let ran = stopped(&service, command, "INT", |state| asked(state, "API") > 1).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
}

/// A function goes on by itself, and an invocation cannot be called back.
#[tokio::test]
async fn a_migration_by_the_function_goes_on() {
    for name in SIGNALS {
        let service = Service::start().await;
        service.state().has_database = true;
        service.state().function_answers = Some(Answer::never());
        let command = service.command(&["migrate"]);
        let is_invoked = |state: &State| state.asked.iter().any(|a| a.ends_with("/invocations"));
        let ran = stopped(&service, command, name, is_invoked).await;
        assert_eq!(ran.code, Some(1), "{name} {ran:?}");
        assert!(
            ran.err.contains("stopped waiting") && ran.err.contains("it goes on by itself"),
            "{}",
            ran.err
        );
        assert!(!ran.err.contains("undone"), "{}", ran.err);
    }
}

#[tokio::test]
async fn what_never_ends_on_standard_input_is_stopped_too() {
    for arguments in [
        &["submit", "-"][..],
        &["replay", "-"],
        &[
            "plan",
            "--peak",
            "1",
            "--writes-per-second",
            "100",
            "--sales",
            "-",
        ],
    ] {
        for name in SIGNALS {
            let service = Service::start().await;
            let mut command = heeding(&service.command(arguments));
            let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
            let input = child.stdin.take();
            // It has begun to read once its signals are its own.
            let status = format!("/proc/{}/status", child.id());
            wait_for("its signals", async || {
                let status = std::fs::read_to_string(&status).unwrap();
                let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
                let caught = u64::from_str_radix(caught.unwrap().trim(), 16).unwrap();
                [1, 2, 15]
                    .iter()
                    .all(|signal| caught & (1 << (signal - 1)) != 0)
            })
            .await;
            let ran = end(child, name).await;
            assert_eq!(ran.code, Some(1), "{arguments:?} {name} {ran:?}");
            assert!(ran.err.contains("stopped: nothing was"), "{}", ran.err);
            drop(input);
        }
    }
}

#[tokio::test]
async fn letters_that_are_held_are_released() {
    for name in SIGNALS {
        for arguments in [
            &["dlq", "list", "--limit", "100000"][..],
            &["dlq", "show", "nobody"],
            &["dlq", "replay", "--rate", "5"],
            &["dlq", "purge", "--yes", "--limit", "100000"],
        ] {
            let service = Service::start().await;
            service.state().endless_letters = true;
            let command = service.command(arguments);
            let ran = stopped(&service, command, name, |state| {
                state.letters.len() + state.sent.len() > 3
            })
            .await;
            assert_eq!(ran.code, Some(1), "{arguments:?} {name} {ran:?}");
            assert!(
                ran.err.contains("error: stopped: "),
                "{arguments:?} {}",
                ran.err
            );
            assert!(
                ran.err.contains("Next: run the same command again"),
                "{}",
                ran.err
            );
            let state = service.state();
            assert!(
                state.letters.iter().all(Letter::is_visible),
                "{arguments:?} {name}"
            );
        }
    }
}

/// What is held is visible again in a minute anyway.
#[tokio::test]
async fn a_queue_that_does_not_answer_does_not_hold_up_the_end() {
    let service = Service::start().await;
    service.state().endless_letters = true;
    let child = heeding(&service.command(&["dlq", "show", "nobody"]))
        .spawn()
        .unwrap();
    wait_for("letters", async || service.state().letters.len() > 3).await;
    service.state().never_releases = true;
    let begun = Instant::now();
    let ran = end(child, "TERM").await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        begun.elapsed() < Duration::from_secs(40),
        "{:?}",
        begun.elapsed()
    );
    assert!(ran.err.contains("could not be released"), "{}", ran.err);
}

/// `nohup`: the terminal may be closed.
#[tokio::test]
async fn a_signal_that_was_ignored_stays_ignored() {
    let service = Service::start().await;
    let file = Scratch::of(sales("s", 20));
    let script = format!(
        "trap '' HUP; exec {} replay {} --rate 20",
        env!("CARGO_BIN_EXE_sluice"),
        file.0
    );
    let mut child = Command::new("sh");
    child
        .args(["-c", &script])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    child.envs(
        service
            .command(&[])
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let child = child.spawn().unwrap();
    wait_for("the command to be at work", async || {
        service.state().posts >= 3
    })
    .await;
    let ran = end(child, "HUP").await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(service.state().posts, 20);
}
