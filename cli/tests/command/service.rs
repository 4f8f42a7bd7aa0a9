//! A service as far as the command sees it: a stack, an API, queues with dead letters, and a table, all at one address.

use std::{
    process::Command,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::{Map, Value, json};
use sluice_order::{
    Clock, ContentHash, IdempotencyKey, Order, OrderId, OrderKey, SystemClock, Timestamp,
    testing::{SECRETS, secrets},
};
use sluice_testing::stand_in::{Answer, Call, StandIn};

use crate::run;

/// A service, and the address that it has.
pub(crate) struct Service {
    stand_in: StandIn,
    state: Arc<Mutex<State>>,
}

/// What it holds, and how it behaves.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a way to behave, and a test sets one"
)]
#[derive(Default)]
pub(crate) struct State {
    /// Items of the table, as the service writes them.
    pub(crate) table: Vec<Value>,
    /// Dead letters of the standard lane.
    pub(crate) letters: Vec<Letter>,
    /// Bodies that were sent to a lane's queue.
    pub(crate) sent: Vec<String>,
    /// How many orders were posted.
    pub(crate) posts: usize,
    /// Messages in each lane's queue.
    pub(crate) waiting: usize,
    /// The API answers each call so.
    pub(crate) api_answers: Option<Answer>,
    /// AWS answers each call so.
    pub(crate) aws_answers: Option<Answer>,
    /// Each order is stored a second time, under another key.
    pub(crate) doubles: bool,
    /// Each receive finds one letter more.
    pub(crate) endless_letters: bool,
    /// The secret of the order ids, once it was written.
    pub(crate) secret: Option<String>,
    /// Letters stay hidden: the call that releases them is never answered.
    pub(crate) never_releases: bool,
    /// The stack stores orders in a database.
    pub(crate) has_database: bool,
    /// A function that is invoked answers so.
    pub(crate) function_answers: Option<Answer>,
    /// How often each operation was asked for.
    pub(crate) asked: Vec<String>,
}

/// A dead letter.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) reason: Option<&'static str>,
    pub(crate) hidden_until: Option<Instant>,
}

impl Letter {
    pub(crate) fn new(id: &str, body: &str, reason: Option<&'static str>) -> Self {
        Self {
            id: id.to_owned(),
            body: body.to_owned(),
            reason,
            hidden_until: None,
        }
    }

    pub(crate) fn is_visible(&self) -> bool {
        self.hidden_until
            .is_none_or(|until| until <= Instant::now())
    }
}

impl Service {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let served = Arc::clone(&state);
        let stand_in = StandIn::start(move |call| answer(&mut locked(&served), call)).await;
        Self { stand_in, state }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    pub(crate) fn url(&self) -> String {
        self.stand_in.url()
    }

    /// The command on this service.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = run::command(arguments);
        command.envs([
            ("AWS_ENDPOINT_URL", self.url().as_str()),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ]);
        command
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> run::Ran {
        run::run(self.command(arguments)).await
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(state: &mut State, call: &Call) -> Answer {
    let path = call.uri.path();
    if let Some(id) = path.strip_prefix("/v1/orders") {
        state.asked.push("API".to_owned());
        if let Some(answer) = &state.api_answers {
            return answer.clone();
        }
        return match id.strip_prefix('/') {
            Some(id) => read(state, id),
            None => accept(state, call),
        };
    }
    let operation = call.operation().to_owned();
    state.asked.push(if operation.is_empty() {
        path.to_owned()
    } else {
        operation.clone()
    });
    if let Some(answer) = &state.aws_answers {
        return answer.clone();
    }
    if call.body.starts_with(b"Action=DescribeStacks") {
        return stack(state, call);
    }
    if path.ends_with("/invocations") {
        return state
            .function_answers
            .clone()
            .unwrap_or(Answer::new(404, ""));
    }
    let asked = call.json();
    let answer = match operation.as_str() {
        "GetQueueAttributes" => counts(state, &asked),
        "ReceiveMessage" => receive(state, &asked),
        "ChangeMessageVisibilityBatch" if state.never_releases => return Answer::never(),
        "ChangeMessageVisibilityBatch" => hide(state, &asked),
        "SendMessage" => {
            state
                .sent
                .push(asked["MessageBody"].as_str().unwrap_or_default().to_owned());
            json!({"MessageId": format!("sent-{}", state.sent.len())})
        }
        "DeleteMessage" => {
            state
                .letters
                .retain(|letter| asked["ReceiptHandle"] != letter.id);
            json!({})
        }
        "Scan" => json!({"Items": state.table.iter().map(item).collect::<Vec<_>>()}),
        "PutItem" => {
            state.table.push(asked["Item"].clone());
            json!({})
        }
        "GetItem" => json!({}),
        "GetSecretValue" => json!({"SecretString": state.secret.as_deref().unwrap_or(SECRETS)}),
        "PutSecretValue" => {
            state.secret = asked["SecretString"].as_str().map(str::to_owned);
            json!({})
        }
        "Query" => json!({"Items": []}),
        _ if path == "/TraceSummaries" => json!({"TraceSummaries": []}),
        _ if path.starts_with("/2015-03-31/event-source-mappings") => mapping(path),
        _ => return Answer::new(400, ""),
    };
    Answer::json(200, &answer)
}

fn stack(state: &State, call: &Call) -> Answer {
    let base = format!("http://{}", call.header("host").unwrap());
    let mut outputs = vec![
        ("ApiUrl".to_owned(), format!("{base}/v1/")),
        ("OrdersTable".to_owned(), "orders".to_owned()),
        (
            "OrderIdSecretArn".to_owned(),
            "arn:of-the-secret".to_owned(),
        ),
    ];
    for lane in ["Standard", "Hot"] {
        for queue in ["Queue", "DeadLetterQueue"] {
            outputs.push((
                format!("{lane}{queue}Url"),
                format!("{base}/1/{lane}{queue}"),
            ));
        }
        outputs.push((format!("Fulfill{lane}Function"), format!("fulfill-{lane}")));
    }
    let members = |name: &str, all: Vec<(String, String)>| -> String {
        let one = |(key, value): &(String, String)| {
            format!(
                "<member><{name}Key>{key}</{name}Key><{name}Value>{value}</{name}Value></member>"
            )
        };
        all.iter().map(one).collect()
    };
    let parameters = ["Standard", "Hot"].into_iter().flat_map(|lane| {
        [
            ("WritesPerSecond", "100"),
            ("BatchSize", "50"),
            ("Enabled", "true"),
        ]
        .map(|(name, value)| (format!("{lane}{name}"), value.to_owned()))
    });
    let mut more = vec![("OrderIdSecretsMaxAge", "600")];
    if state.has_database {
        more.push(("Store", "postgres"));
        more.push(("DatabaseUrl", "postgres://sluice@db.example/shop"));
        let admin = ("DatabaseAdminFunction".to_owned(), "the-admin".to_owned());
        outputs.push(admin);
    }
    let more = more.into_iter();
    let parameters =
        parameters.chain(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
    Answer::new(
        200,
        format!(
            "<DescribeStacksResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><DescribeStacksResult><Stacks>\
             <member><StackName>sluice</StackName><CreationTime>2026-11-25T00:00:00Z</CreationTime>\
             <StackStatus>CREATE_COMPLETE</StackStatus><Outputs>{}</Outputs><Parameters>{}</Parameters></member>\
             </Stacks></DescribeStacksResult></DescribeStacksResponse>",
            members("Output", outputs),
            members("Parameter", parameters.collect()),
        ),
    )
    .header("content-type", "text/xml")
}

/// The event source of a lane, which never comes to rest.
fn mapping(path: &str) -> Value {
    let of = |lane: &str| {
        json!({
            "UUID": lane, "State": "Enabling",
            "EventSourceArn": format!("arn:aws:sqs:eu-west-1:1:{lane}Queue"),
        })
    };
    match path.trim_end_matches('/').rsplit_once('/') {
        Some((_, "event-source-mappings")) => {
            json!({"EventSourceMappings": [of("Standard"), of("Hot")]})
        }
        Some((_, id)) => of(id),
        None => json!({}),
    }
}

fn accept(state: &mut State, call: &Call) -> Answer {
    let key = call.header("idempotency-key").unwrap_or_default();
    let key = IdempotencyKey::new(key.to_owned()).unwrap();
    state.posts += 1;
    let Ok(order) = Order::from_json(call.json()) else {
        let problem =
            json!({"type": "urn:sluice:problem:invalid-order", "title": "The order is not valid"});
        return Answer::json(422, &problem);
    };
    let now = SystemClock.now();
    let key = OrderKey::derived(order.customer_id(), &key);
    let id = store(state, key, &order, now);
    if state.doubles {
        let other = OrderKey::random().unwrap();
        store(state, other, &order, now);
    }
    let receipt = json!({
        "order_id": id, "status": "ACCEPTED", "total": order.total(), "currency": "GBP", "accepted_at": now,
    });
    Answer::json(202, &receipt)
}

/// Stores an order under a key that has none. Returns its id.
pub(crate) fn store(state: &mut State, key: OrderKey, order: &Order, now: Timestamp) -> OrderId {
    let hash = ContentHash::of(order);
    let id = secrets().seal(key, &hash, order.customer_id());
    if state
        .table
        .iter()
        .all(|item| item["order_key"] != key.to_string())
    {
        let mut item = serde_json::to_value(order).unwrap();
        let more = json!({
            "order_key": key.to_string(), "record": "order", "order_id": id, "order_status": "IN_FULFILLMENT",
            "content_hash": hash, "accepted_at": now, "stored_at": now, "total": order.total(),
        });
        for (name, value) in more.as_object().unwrap() {
            item[name] = value.clone();
        }
        state.table.push(item);
    }
    id
}

fn read(state: &State, id: &str) -> Answer {
    let item = state.table.iter().find(|item| item["order_id"] == id);
    match item {
        Some(_) => Answer::json(200, &json!({"order_id": id, "status": "IN_FULFILLMENT"})),
        None => Answer::json(
            404,
            &json!({"type": "urn:sluice:problem:order-not-found", "title": "No order has this id"}),
        ),
    }
}

/// A value as the table holds it.
fn item(value: &Value) -> Value {
    let attribute = |value: &Value| match value {
        Value::Null => json!({"NULL": true}),
        Value::Bool(is) => json!({"BOOL": is}),
        Value::Number(number) => json!({"N": number.to_string()}),
        Value::String(text) => json!({"S": text}),
        Value::Array(all) => {
            json!({"L": all.iter().map(|v| json!({"M": item(v)})).collect::<Vec<_>>()})
        }
        Value::Object(_) => json!({"M": item(value)}),
    };
    let members = value.as_object().unwrap();
    members
        .iter()
        .map(|(name, value)| (name.clone(), attribute(value)))
        .collect::<Map<_, _>>()
        .into()
}

fn is_of_letters(asked: &Value) -> bool {
    asked["QueueUrl"]
        .as_str()
        .is_some_and(|url| url.ends_with("StandardDeadLetterQueue"))
}

fn counts(state: &State, asked: &Value) -> Value {
    let (visible, hidden) = if is_of_letters(asked) {
        let visible = state
            .letters
            .iter()
            .filter(|letter| letter.is_visible())
            .count();
        (visible, state.letters.len() - visible)
    } else if asked["QueueUrl"]
        .as_str()
        .unwrap_or_default()
        .ends_with("DeadLetterQueue")
    {
        (0, 0)
    } else {
        (state.waiting, 0)
    };
    json!({"Attributes": {
        "ApproximateNumberOfMessages": visible.to_string(),
        "ApproximateNumberOfMessagesNotVisible": hidden.to_string(),
        "ApproximateNumberOfMessagesDelayed": "0",
    }})
}

fn receive(state: &mut State, asked: &Value) -> Value {
    if !is_of_letters(asked) {
        return json!({});
    }
    if state.endless_letters {
        let id = format!("endless-{}", state.letters.len());
        state.letters.push(Letter::new(&id, "x", None));
    }
    let most = asked["MaxNumberOfMessages"].as_u64().unwrap();
    let visible = state
        .letters
        .iter_mut()
        .filter(|letter| letter.is_visible());
    let received: Vec<_> = visible
        .take(usize::try_from(most).unwrap())
        .map(|letter| {
            letter.hidden_until = Some(Instant::now() + Duration::from_mins(1));
            let mut message = json!({
                "MessageId": letter.id, "ReceiptHandle": letter.id, "Body": letter.body, "Attributes": {"SentTimestamp": "0"},
            });
            if let Some(reason) = letter.reason {
                let note = json!({"type": "permanent", "reason": reason, "original_message_id": format!("of-{}", letter.id)});
                message["MessageAttributes"] =
                    json!({"sluice.dead_letter": {"DataType": "String", "StringValue": note.to_string()}});
            }
            message
        })
        .collect();
    json!({"Messages": received})
}

fn hide(state: &mut State, asked: &Value) -> Value {
    for entry in asked["Entries"].as_array().unwrap() {
        let seconds = entry["VisibilityTimeout"].as_u64().unwrap_or_default();
        for letter in &mut state.letters {
            if entry["ReceiptHandle"] == letter.id {
                letter.hidden_until = Some(Instant::now() + Duration::from_secs(seconds));
            }
        }
    }
    json!({"Successful": [], "Failed": []})
}

/// A sales file with this many invoices of one line, each of a customer of its own.
pub(crate) fn sales(prefix: &str, invoices: usize) -> String {
    let mut file =
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
            .to_owned();
    let row = |n| format!("{prefix}{n},85123A,HOLDER,6,2010-12-01T08:26:00Z,2.55,c{n},UK\n");
    for n in 0..invoices {
        file += &row(n);
    }
    file
}
