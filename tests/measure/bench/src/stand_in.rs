//! SNS, `DynamoDB`, SQS and Secrets Manager, as far as the functions ask them: every answer is the right one, and comes after a fixed delay.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::{Result, bail};
use hyper::Method;
use serde_json::{Value, json};
use sluice_reference::{clock::Moment, job};
use sluice_testing::stand_in::{self, Answer, StandIn};

use crate::{
    check::{Call, check},
    events,
};

const PUBLISHED: &str = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
<MessageId>567910cd-659e-55d4-8ccb-5aaf14679dc0</MessageId></PublishResult><ResponseMetadata>\
<RequestId>d74b8436-ae13-5ab4-a9ff-ce54dfea72a0</RequestId></ResponseMetadata></PublishResponse>";

/// So many calls of each connection are looked at closely. The first may be a question that is no call.
const CHECKED: usize = 2;

/// The services at one address, for one process.
pub(crate) struct Aws {
    stand_in: StandIn,
    seen: Arc<Seen>,
}

/// What the process asked.
#[derive(Default)]
struct Seen {
    requests: AtomicU64,
    /// What was no call: a question that opens a connection.
    questions: AtomicU64,
    /// The first call that AWS would have refused.
    fault: Mutex<Option<String>>,
}

impl Aws {
    /// One that answers after a delay.
    pub(crate) async fn start(delay: Duration) -> Result<Self> {
        let stored = stored()?;
        let seen = Arc::<Seen>::default();
        let noted = Arc::clone(&seen);
        let answer = move |call: &stand_in::Call| noted.answer(call, &stored).after(delay);
        let stand_in = StandIn::start(answer).await;
        Ok(Self { stand_in, seen })
    }

    pub(crate) fn url(&self) -> String {
        self.stand_in.url()
    }

    /// How many connections were opened to it.
    pub(crate) fn connections(&self) -> u64 {
        self.stand_in.connections()
    }

    /// How many calls it was asked.
    pub(crate) fn requests(&self) -> u64 {
        self.seen.requests.load(Relaxed)
    }

    /// How many questions that are no calls.
    pub(crate) fn questions(&self) -> u64 {
        self.seen.questions.load(Relaxed)
    }

    /// That every call so far was a good one.
    pub(crate) fn is_content(&self) -> Result<()> {
        match &*self.seen.fault() {
            Some(fault) => bail!("a call that AWS refuses: {fault}"),
            None => Ok(()),
        }
    }
}

impl Seen {
    fn fault(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, call: &stand_in::Call, stored: &str) -> Answer {
        if call.method != Method::POST {
            self.questions.fetch_add(1, Relaxed);
            return Answer::new(200, "healthy");
        }
        // Init's, and no part of an invocation.
        let is_secret = matches!(Call::of(&call.headers, &call.body), Ok(Call::GetSecret));
        if !is_secret {
            self.requests.fetch_add(1, Relaxed);
        }
        answer(call, stored).unwrap_or_else(|error| {
            self.fault().get_or_insert(format!("{error:#}"));
            Answer::new(400, "")
        })
    }
}

/// The answer to `GetItem`.
fn stored() -> Result<String> {
    let secrets: Value = serde_json::from_str(events::SECRETS)?;
    let secret = secrets["1"].as_str().unwrap_or_default();
    let message = events::stored()?.to_body()?;
    let call: Value =
        serde_json::from_slice(&job::put_item(&message, "orders", secret, Moment::now())?)?;
    Ok(json!({"Item": call["Item"]}).to_string())
}

fn answer(request: &stand_in::Call, stored: &str) -> Result<Answer> {
    let call = Call::of(&request.headers, &request.body)?;
    // Looking closely takes a while, and the rest are like the first.
    if request.number_in_connection < CHECKED {
        check(call, &request.headers, &request.body)?;
    } else if !request.headers.contains_key("authorization") {
        bail!("a call that is not signed");
    }
    let (kind, body) = match call {
        Call::GetSecret => (
            "application/x-amz-json-1.1",
            json!({"SecretString": events::SECRETS}).to_string(),
        ),
        Call::Publish => ("text/xml", PUBLISHED.to_owned()),
        Call::PutItem => ("application/x-amz-json-1.0", "{}".to_owned()),
        Call::GetItem => ("application/x-amz-json-1.0", stored.to_owned()),
        Call::SendMessage | Call::ChangeVisibility => {
            ("application/x-amz-json-1.0", queue(call, &request.json()))
        }
    };
    let answer = Answer::new(200, body).header("content-type", kind);
    Ok(answer.header("x-amzn-requestid", "d74b8436-ae13-5ab4-a9ff-ce54dfea72a0"))
}

fn queue(call: Call, body: &Value) -> String {
    if call == Call::SendMessage {
        return json!({"MessageId": "5fea7756-0ea4-451a-a703-a558b933e274"}).to_string();
    }
    let entries = body["Entries"].as_array().into_iter().flatten();
    let done: Vec<_> = entries.map(|entry| json!({"Id": entry["Id"]})).collect();
    json!({"Successful": done, "Failed": []}).to_string()
}
