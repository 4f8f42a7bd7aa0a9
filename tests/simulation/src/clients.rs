//! Storefronts. They post orders, repeat requests that were not answered, and make mistakes of their own.

use std::{sync::Arc, time::Duration};

use accept_order::AcceptOrder;
use serde_json::{Value, json};
use sluice_api::ProxyRequest;
use sluice_order::HotSkus;
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    history::Event,
    mark::Mark,
    mistake::Mistake,
    run::{Process, Run},
    topic::{Topic, TopicClient},
};

/// The function's timeout: what the template sets.
const TIMEOUT: Duration = Duration::from_secs(10);

/// An order that a client wants to make.
#[derive(Clone)]
struct Intent {
    customer: String,
    key: Option<String>,
    /// One content, or more if the client uses the key again by mistake.
    contents: Vec<Value>,
}

/// The API, with a new process for each request.
#[derive(Clone)]
struct Api {
    run: Arc<Run>,
    topic: Arc<Topic>,
    requests: Arc<std::sync::atomic::AtomicUsize>,
}

enum Answer {
    Final,
    Repeat,
}

/// Posts all orders of the scenario; ends when each has its last answer.
pub(crate) async fn post_all(run: &Arc<Run>, topic: &Arc<Topic>) {
    let api = Api {
        run: Arc::clone(run),
        topic: Arc::clone(topic),
        requests: Arc::default(),
    };
    let mut clients = JoinSet::new();
    for intent in intents(run) {
        for content in &intent.contents {
            let copies =
                1 + usize::from(run.chance(run.scenario.sent_twice) && intent.key.is_some());
            for _ in 0..copies {
                let (api, intent, content) = (api.clone(), intent.clone(), content.clone());
                clients.spawn_local(async move { api.order(&intent, &content).await });
            }
        }
    }
    while clients.join_next().await.is_some() {}
}

fn intents(run: &Run) -> Vec<Intent> {
    let scenario = &run.scenario;
    let mut intents: Vec<Intent> = Vec::new();
    for number in 0..scenario.orders {
        let twin = intents
            .last()
            .filter(|last| last.key.is_some() && run.load.chance(scenario.twins))
            .cloned();
        let key = Some(format!("key-{number}"))
            .filter(|_| twin.is_some() || !run.load.chance(scenario.keyless));
        if let Some(twin) = twin {
            intents.push(Intent { key, ..twin });
            continue;
        }
        let customer = format!(
            "c-{}",
            run.load.random(|rng| rng.usize(..scenario.customers))
        );
        let contents = 1 + usize::from(key.is_some() && run.load.chance(scenario.reused_keys));
        let contents = (0..contents)
            .map(|content| order(run, &customer, number, content))
            .collect();
        intents.push(Intent {
            customer,
            key,
            contents,
        });
    }
    intents
}

fn order(run: &Run, customer: &str, number: usize, content: usize) -> Value {
    let mark = if run.scenario.killer && number == 0 && content == 0 {
        Some(Mark::Kills)
    } else if run.load.chance(run.scenario.unfit) {
        Some(Mark::Unfit)
    } else if run.load.chance(run.scenario.marked) {
        run.load
            .random(|rng| rng.choice([Mark::Panics, Mark::Refused, Mark::Ignored, Mark::Doomed]))
    } else {
        None
    };
    let lines: Vec<Value> = (0..=run.load.random(|rng| rng.usize(..3)))
        .map(|line| {
            let sku = if line == 0 {
                format!("{}-{number}-{content}", Mark::prefix(mark))
            } else {
                format!("more-{line}")
            };
            let quantity = if mark == Some(Mark::Unfit) { 0 } else { run.load.random(|rng| rng.u64(1..100)) };
            json!({"sku": sku, "quantity": quantity, "unit_price": run.load.random(|rng| rng.u64(..10_000))})
        })
        .collect();
    json!({"customer_id": customer, "currency": "GBP", "lines": lines})
}

impl Api {
    /// Posts one order until it is answered, for as long as that makes sense.
    async fn order(&self, intent: &Intent, content: &Value) {
        self.run.pause_up_to(60_000).await;
        for attempt in 0.. {
            if let Answer::Final = self.post(intent, content, attempt).await {
                break;
            }
            // The faults are over. A request that gets no answer now never will.
            if !self.run.is_faulty() && attempt > 20 {
                break;
            }
            // Without a key a repeat may make a second order. So some clients stop here; others repeat anyway.
            if intent.key.is_none() && self.run.chance(500) {
                break;
            }
            self.run.pause_up_to(2_000 << attempt.min(4)).await;
        }
        // Somebody presses the button once more.
        if intent.key.is_some() && self.run.chance(self.run.scenario.sent_twice / 2) {
            self.run.pause_up_to(30_000).await;
            self.post(intent, content, 1).await;
        }
    }

    async fn post(&self, intent: &Intent, content: &Value, attempt: u32) -> Answer {
        let request = self
            .requests
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let (run, history) = (&self.run, &self.run.history);
        history.push(Event::Sent {
            request,
            customer: intent.customer.clone(),
            key: intent.key.clone(),
            order: content.clone(),
        });
        let event = event(run, intent, content, attempt).into();
        let process = Process::new(run);
        process.may_end_within(2);
        let publisher = TopicClient {
            process: Arc::clone(&process),
            topic: Arc::clone(&self.topic),
        };
        let function = AcceptOrder::new(
            publisher,
            run.clock(),
            run.secrets(true),
            hot_skus(run, content),
        );
        let answer = tokio::select! {
            biased;
            () = process.died() => None,
            answer = timeout(TIMEOUT, function.handle(&event, None)) => answer.ok(),
        };
        let answer = answer.filter(|_| !run.fault(run.scenario.responses_lost));
        let Some(answer) = answer else {
            history.push(Event::Unanswered { request });
            return Answer::Repeat;
        };
        let status = u64::from(answer.status().as_u16());
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        history.push(Event::Answered {
            request,
            status,
            order_id: body["order_id"].as_str().map(str::to_owned),
            retry_after: answer.headers().contains_key("retry-after"),
        });
        if status >= 500 || status == 429 {
            Answer::Repeat
        } else {
            Answer::Final
        }
    }
}

/// The hot products that this process was started with. They may change between two attempts for one order.
fn hot_skus(run: &Run, content: &Value) -> HotSkus {
    let is_hot = run.chance(run.scenario.hot);
    let sku = content["lines"][0]["sku"].as_str().filter(|_| is_hot);
    sku.unwrap_or_default().parse().unwrap_or_default()
}

/// What API Gateway makes of a request.
fn event(run: &Run, intent: &Intent, content: &Value, attempt: u32) -> ProxyRequest {
    let key = if run.makes(Mistake::NamesOrdersByContent) {
        // The payload's hash, in short: the payload.
        Some(
            content["lines"]
                .to_string()
                .replace(['"', ' '], "")
                .chars()
                .take(200)
                .collect(),
        )
    } else if run.makes(Mistake::IgnoresTheIdempotencyKey) {
        None
    } else if run.makes(Mistake::NamesOrdersBySession) {
        intent.key.as_ref().map(|key| format!("{key}/{attempt}"))
    } else {
        intent.key.clone()
    };
    let mut headers = json!({"Content-Type": ["application/json"]});
    if let Some(key) = key {
        headers["Idempotency-Key"] = json!([key]);
    }
    serde_json::from_value(json!({"multiValueHeaders": headers, "body": content.to_string()}))
        .unwrap_or_default()
}

/// Puts messages into the queues that never came from us, and some that did and were changed.
pub(crate) async fn inject(run: &Arc<Run>, topic: &Topic, queue: &crate::queue::Queue) {
    for number in 0..run.scenario.injected {
        sleep(run.up_to(20_000)).await;
        let published = topic.published();
        let body = match run.random(|rng| rng.u8(..4)) {
            0 => format!("not JSON, {number}"),
            1 => format!("{{\"id\": \"unknown, {number}\"}}"),
            _ if published.is_empty() => format!("[{number}]"),
            2 => changed(run, &published, |event| {
                event["data"]["order"]["lines"][0]["quantity"] = json!(1_000 + number);
            }),
            _ => changed(run, &published, |event| {
                event["id"] = json!(forged(event["id"].as_str().unwrap_or("")));
            }),
        };
        let body: Arc<str> = body.into();
        run.history.push(Event::Injected {
            body: Arc::clone(&body),
        });
        queue.send(sluice_consumer::message::Message {
            body: body.as_ref().into(),
            ..Default::default()
        });
    }
}

fn changed(run: &Run, published: &[String], change: impl FnOnce(&mut Value)) -> String {
    let one = run.random(|rng| rng.usize(..published.len()));
    let mut event: Value = serde_json::from_str(&published[one]).unwrap_or_default();
    change(&mut event);
    event.to_string()
}

/// The id with another end of its MAC.
fn forged(order_id: &str) -> String {
    let (start, end) = order_id.split_at(order_id.len().saturating_sub(1));
    format!("{start}{}", if end == "A" { "B" } else { "A" })
}
