//! Storefronts. They post orders, repeat requests that were not answered, and make mistakes of their own.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use accept_order::AcceptOrder;
use read_orders::ReadOrders;
use serde_json::{Value, json};
use sluice_api::ProxyRequest;
use sluice_order::{HotSkus, Lane, offer};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    history::Event,
    mark::Mark,
    mistake::Mistake,
    run::{EPOCH, Process, Run},
    storage::{Store, Table},
    topic::{Topic, TopicClient},
};

/// The functions' timeout: what the template sets.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A customer who never orders anything honestly.
const THIEF: &str = "thief";

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
    table: Arc<Mutex<Table>>,
    /// The ids that clients were given.
    order_ids: Arc<Mutex<Vec<String>>>,
    requests: Arc<std::sync::atomic::AtomicUsize>,
}

/// Who makes a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sender {
    Backend,
    /// The customer, with a token.
    Customer,
    /// A customer with a token, who orders as another, or at no price of the shop's.
    Thief,
}

enum Answer {
    Final,
    Repeat,
}

/// Posts all orders of the scenario; ends when each has its last answer.
pub(crate) async fn post_all(run: &Arc<Run>, topic: &Arc<Topic>, table: &Arc<Mutex<Table>>) {
    let api = Api {
        run: Arc::clone(run),
        topic: Arc::clone(topic),
        table: Arc::clone(table),
        order_ids: Arc::default(),
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
        if self.run.chance(self.run.scenario.looks) {
            self.run.pause_up_to(30_000).await;
            self.look(&intent.customer).await;
        }
    }

    /// A customer looks at some order.
    async fn look(&self, customer: &str) {
        let run = &self.run;
        let order_id = {
            let ids = self
                .order_ids
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let one = run.random(|rng| rng.usize(..ids.len().max(1)));
            let Some(id) = ids.get(one) else { return };
            id.clone()
        };
        let mut event = json!({"httpMethod": "GET", "path": format!("/orders/{order_id}")});
        if !run.makes(Mistake::ForgetsWhoReads) {
            with_token(run, customer, &mut event);
        }
        let store = Store {
            run: Arc::clone(run),
            process: Process::new(run),
            table: Arc::clone(&self.table),
            lane: Lane::Standard,
            connection: watch::Sender::new(()),
        };
        let function = ReadOrders::with_clock(store, run.clock(), run.secrets(true));
        let event = serde_json::from_value::<ProxyRequest>(event).unwrap_or_default();
        let answer = timeout(TIMEOUT, function.handle(&event.into())).await.ok();
        let status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
        let shown = answer.filter(|_| status == 200);
        run.history.push(Event::Looked {
            caller: customer.to_owned(),
            order_id,
            is_told: matches!(status, 200 | 404),
            shown: shown.and_then(|answer| serde_json::from_slice(answer.body()).ok()),
        });
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
        let sender = sender(run, intent);
        if sender == Sender::Thief {
            let thief = THIEF.to_owned();
            history.push(Event::Stolen { request, thief });
        }
        let event = event(run, intent, content, attempt, sender).into();
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
        )
        .with_offers(Some(run.secrets(true).into()));
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
        let order_id = body["order_id"].as_str().map(str::to_owned);
        let mut ids = self
            .order_ids
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        ids.extend(order_id.clone());
        drop(ids);
        history.push(Event::Answered {
            request,
            status,
            order_id,
            retry_after: answer.headers().contains_key("retry-after"),
        });
        // Whoever was robbed of a try makes the next one.
        if status >= 500 || status == 429 || sender == Sender::Thief {
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

/// Who makes the next try. A customer's has a key.
fn sender(run: &Run, intent: &Intent) -> Sender {
    if intent.key.is_none() || !run.chance(run.scenario.tokens) {
        Sender::Backend
    } else if run.fault(run.scenario.thieves) {
        Sender::Thief
    } else {
        Sender::Customer
    }
}

/// What API Gateway adds to an event for a call with this customer's token.
fn with_token(run: &Run, customer: &str, event: &mut Value) {
    let now = EPOCH / 1_000 + i64::try_from(run.seconds()).unwrap_or(i64::MAX);
    // Longer than any clock is wrong.
    let expires = (now + 600).to_string();
    event["stageVariables"] = json!({"callers": "customers"});
    event["requestContext"] = json!({"authorizer": {"customer": customer, "expires": expires}});
}

/// A customer's order for a backend's: nothing in it is his to say but the offers and how many.
fn with_offers(run: &Run, content: &Value) -> Value {
    let lines = content["lines"].as_array().into_iter().flatten();
    let lines = lines.map(|line| {
        let claims = json!({
            "sku": line["sku"],
            "unit_price": line["unit_price"],
            "currency": content["currency"],
            "exp": i64::MAX,
        });
        json!({"offer": offer::sign(&claims, &run.secrets(true)), "quantity": line["quantity"]})
    });
    json!({"lines": lines.collect::<Vec<_>>()})
}

/// What API Gateway makes of a request.
fn event(
    run: &Run,
    intent: &Intent,
    content: &Value,
    attempt: u32,
    sender: Sender,
) -> ProxyRequest {
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
    let mut body = content.clone();
    match sender {
        Sender::Customer => body = with_offers(run, content),
        // At a price of his own, or as another customer.
        Sender::Thief if run.chance(500) => body["customer_id"] = THIEF.into(),
        Sender::Backend | Sender::Thief => {}
    }
    let mut event = json!({"multiValueHeaders": headers, "body": body.to_string()});
    if sender != Sender::Backend {
        let customer = match sender {
            Sender::Thief => THIEF,
            _ => &intent.customer,
        };
        if !run.makes(Mistake::ForgetsWhoOrders) {
            with_token(run, customer, &mut event);
        }
    }
    serde_json::from_value(event).unwrap_or_default()
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
