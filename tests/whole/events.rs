//! Every event in `events/` goes through its handler, so that none can rot.

use std::{collections::BTreeSet, fs};

use accept_order::{AcceptOrder, MemoryPublisher};
use aws_lambda_events::sqs::SqsEvent;
use read_orders::ReadOrders;
use serde_json::Value;
use sluice_api::{ProxyRequest, ProxyResponse};
use sluice_consumer::{Pace, queue::MemoryQueue};
use sluice_order::{HotSkus, Lane, Secrets, SystemClock};
use sluice_store::MemoryStore;
use sluice_testing::{
    cases::{self, DEAD_LETTERS},
    matching::difference,
    project,
};

fn read(path: &str) -> Value {
    let text = fs::read_to_string(project().join(path)).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The files are the cases: none is missing, stale or left over.
#[test]
fn the_files_are_the_cases() {
    let again = "run `make events` and look at the difference";
    let mut expected = BTreeSet::new();
    for case in cases::all() {
        assert_eq!(read(&case.path()), case.event, "{}: {again}", case.path());
        assert_eq!(
            read(&case.answer_path()),
            case.answer,
            "{}: {again}",
            case.answer_path()
        );
        assert!(
            expected.insert(case.path()),
            "two cases named {}",
            case.path()
        );
        expected.insert(case.answer_path());
    }
    assert_eq!(
        read("events/env.json"),
        cases::settings(),
        "env.json: {again}"
    );
    for function in ["accept-order", "fulfill-orders", "read-orders"] {
        for file in fs::read_dir(project().join("events").join(function)).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let path = format!("events/{function}/{name}");
            assert!(expected.contains(&path), "{path} belongs to no case");
        }
    }
}

#[tokio::test]
async fn every_event_gets_its_answer() {
    let secrets = || Secrets::from_json(cases::SECRETS).unwrap();
    let accept = AcceptOrder::new(
        MemoryPublisher::default(),
        SystemClock,
        secrets(),
        HotSkus::default(),
    );
    let store = MemoryStore::default();
    let queue = MemoryQueue::default();
    let lane = Lane::Standard;
    let fulfill = fulfill_orders::consumer(
        &store,
        &queue,
        SystemClock,
        secrets(),
        lane,
        Pace::every(std::time::Duration::ZERO),
    );
    let reader = ReadOrders::new(&store, secrets());
    for case in cases::all() {
        let event = read(&case.path());
        let request = || {
            serde_json::from_value::<ProxyRequest>(event.clone())
                .unwrap()
                .into()
        };
        let answer = match case.function {
            "accept-order" => {
                let answer = accept.handle(&request(), None).await;
                serde_json::to_value(ProxyResponse::from(answer))
            }
            "read-orders" => {
                let answer = reader.handle(&request()).await;
                serde_json::to_value(ProxyResponse::from(answer))
            }
            _ => {
                let batch: SqsEvent = serde_json::from_value(event.clone()).unwrap();
                serde_json::to_value(sluice_consumer::handle(&fulfill, batch, u64::MAX).await)
            }
        }
        .unwrap();
        if let Some(difference) = difference(&read(&case.answer_path()), &answer) {
            panic!("{}: {difference}\nin {answer:#}", case.path());
        }
    }
    // Records are done in any order.
    let mut reasons: Vec<_> = queue
        .dead_letters()
        .iter()
        .filter_map(|(_, letter)| letter.reason)
        .map(|reason| reason.to_string())
        .collect();
    let mut expected = DEAD_LETTERS.map(|reason| reason.to_string());
    reasons.sort();
    expected.sort();
    assert_eq!(reasons, expected);
}
