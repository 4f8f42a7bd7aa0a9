use std::time::Duration;

use clap::Parser;
use sluice_order::{DeadLetter, Lane, letter::DEAD_LETTER_ATTRIBUTE};

use super::*;
use crate::commands::{
    Arguments, Command,
    dlq::{
        arguments::DlqCommand,
        letter::tests::{PANIC, note},
        memory::{Deed, MemoryQueues},
    },
};

fn arguments(rest: &[&str]) -> ReplayLettersArguments {
    let line = [&["sluice", "dlq", "replay"], rest].concat();
    match Arguments::try_parse_from(line).unwrap().command {
        Command::Dlq(dlq) => match dlq.command {
            DlqCommand::Replay(arguments) => arguments,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// Five dead letters, the last one of the hot lane; the first two have a note.
fn five() -> MemoryQueues {
    let queues = MemoryQueues::default();
    for (id, body) in [("a", "1"), ("b", "2")] {
        queues.put(Lane::Standard, id, body, &[note(PANIC)]);
    }
    for (lane, id, body) in [
        (Lane::Standard, "c", "3"),
        (Lane::Standard, "d", "4"),
        (Lane::Hot, "e", "5"),
    ] {
        queues.put(lane, id, body, &[]);
    }
    queues
}

fn visible(queues: &MemoryQueues) -> usize {
    Lane::ALL.iter().map(|lane| queues.visible(*lane)).sum()
}

async fn replay(queues: &MemoryQueues, rest: &[&str]) -> Result<Exit, Failure> {
    let (_sender, stop) = Stop::with_sender();
    run(queues, &arguments(rest), &stop).await
}

fn position(deeds: &[Deed], deed: &Deed) -> usize {
    deeds.iter().position(|d| d == deed).unwrap()
}

/// P2: at no moment is a letter in neither queue.
#[tokio::test(start_paused = true)]
async fn every_letter_is_sent_to_its_lane_and_only_then_removed() {
    let queues = five();
    assert_eq!(replay(&queues, &[]).await, Ok(Exit::Fine));
    let deeds = queues.deeds();
    assert_eq!(deeds.len(), 10, "{deeds:?}");
    for (lane, id, body) in [
        (Lane::Standard, "a", "1"),
        (Lane::Standard, "b", "2"),
        (Lane::Standard, "c", "3"),
        (Lane::Standard, "d", "4"),
        (Lane::Hot, "e", "5"),
    ] {
        let sent = position(&deeds, &Deed::Sent(lane, body.to_owned()));
        let deleted = position(&deeds, &Deed::Deleted(id.to_owned()));
        assert!(sent < deleted, "{id} in {deeds:?}");
    }
    let replays: Vec<u32> = queues
        .sent()
        .iter()
        .map(|sent| {
            let note = sent.attributes[DEAD_LETTER_ATTRIBUTE].string_value();
            DeadLetter::from_text(note.unwrap()).unwrap().replays
        })
        .collect();
    assert_eq!(replays.iter().sum::<u32>(), 2 + 2 + 1 + 1 + 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_sqs_refuses_stays_and_the_others_go() {
    let queues = five();
    queues.refuses.borrow_mut().push("3".to_owned());
    assert_eq!(replay(&queues, &[]).await, Ok(Exit::Wrong));
    assert_eq!((queues.sent().len(), visible(&queues)), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_confirmed_stays_and_ends_the_run() {
    let queues = five();
    queues.sends_left.set(Some(2));
    let failure = replay(&queues, &[]).await.unwrap_err();
    assert!(failure.to_string().contains("set to fail"), "{failure}");
    assert_eq!((queues.sent().len(), visible(&queues)), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_removed_stays_and_ends_the_run() {
    let queues = five();
    queues.deletes_fail.set(true);
    assert!(replay(&queues, &[]).await.is_err());
    assert_eq!((queues.sent().len(), visible(&queues)), (1, 5));
}

#[tokio::test(start_paused = true)]
async fn what_comes_back_is_not_replayed_for_ever() {
    for rest in [&[][..], &["m-0", "c", "d"], &["--lane", "standard"]] {
        let queues = five();
        queues.sends_left.set(Some(20));
        *queues.poison.borrow_mut() = vec!["1".to_owned(), "2".to_owned()];
        assert_eq!(replay(&queues, rest).await, Ok(Exit::Fine));
        let poison = queues
            .sent()
            .iter()
            .filter(|sent| ["1", "2"].contains(&sent.body.as_str()))
            .count();
        assert_eq!(poison, 2, "{rest:?}");
        assert!(visible(&queues) >= 2, "they are dead letters again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_changes_nothing() {
    let queues = five();
    assert_eq!(replay(&queues, &["--dry-run"]).await, Ok(Exit::Fine));
    assert!(queues.deeds().is_empty());
    assert_eq!(visible(&queues), 5);
}

#[tokio::test(start_paused = true)]
async fn only_what_is_meant_goes() {
    for (rest, gone) in [
        (&["--limit", "3"][..], 3),
        (&["--reason", "panic"], 2),
        (&["--reason", "moved", "--limit", "1"], 1),
        (&["--lane", "hot"], 1),
        (&["a", "e"], 2),
        (&["m-0"], 2),
        (&["a", "--reason", "panic"], 1),
    ] {
        let queues = five();
        assert_eq!(replay(&queues, rest).await, Ok(Exit::Fine), "{rest:?}");
        assert_eq!(
            (queues.sent().len(), visible(&queues)),
            (gone, 5 - gone),
            "{rest:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_that_is_not_there_is_told() {
    let queues = five();
    let failure = replay(&queues, &["a", "nobody"]).await.unwrap_err();
    assert_eq!(failure.exit(), Exit::Wrong);
    assert!(
        failure.to_string().contains("letters: nobody."),
        "{failure}"
    );
    assert_eq!(queues.sent().len(), 1);
}

/// A letter of a slow run would be visible again long before its turn.
#[tokio::test(start_paused = true)]
async fn the_rate_is_kept_however_slow_and_no_letter_goes_twice() {
    let queues = five();
    let start = tokio::time::Instant::now();
    assert_eq!(replay(&queues, &["--rate", "0.01"]).await, Ok(Exit::Fine));
    assert_eq!(start.elapsed().as_secs(), 400);
    assert_eq!((queues.sent().len(), visible(&queues)), (5, 0));
}

#[tokio::test(start_paused = true)]
async fn a_stop_releases_what_was_not_sent() {
    let queues = five();
    let (sender, stop) = Stop::with_sender();
    let arguments = arguments(&["--rate", "1"]);
    let stopping = async {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        sender.send_replace(true);
    };
    let (result, ()) = tokio::join!(run(&queues, &arguments, &stop), stopping);
    let failure = result.unwrap_err();
    assert_eq!(failure.exit(), Exit::Wrong);
    assert!(
        failure
            .to_string()
            .starts_with("stopped: 2 letters were replayed"),
        "{failure}"
    );
    assert_eq!((queues.sent().len(), visible(&queues)), (2, 3));
}
