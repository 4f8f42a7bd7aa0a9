//! SNS, `DynamoDB` and SQS, as far as the functions ask them: every answer is the right one, and comes after a fixed delay.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::{Result, bail};
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response,
    body::{Bytes, Incoming},
    header::HeaderValue,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use sluice_reference::{clock::Moment, job};
use tokio::net::TcpListener;

use crate::{
    check::{Call, check},
    events,
};

const PUBLISHED: &str = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
<MessageId>567910cd-659e-55d4-8ccb-5aaf14679dc0</MessageId></PublishResult><ResponseMetadata>\
<RequestId>d74b8436-ae13-5ab4-a9ff-ce54dfea72a0</RequestId></ResponseMetadata></PublishResponse>";

/// The services at one address, for one process.
pub(crate) struct StandIn {
    address: String,
    seen: Arc<Seen>,
}

/// What the process asked.
#[derive(Default)]
struct Seen {
    connections: AtomicU64,
    requests: AtomicU64,
    /// What was no call: a question that opens a connection.
    questions: AtomicU64,
    /// The first call that AWS would have refused.
    fault: Mutex<Option<String>>,
}

impl StandIn {
    /// One that answers after a delay.
    pub(crate) async fn start(delay: Duration) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let stored: Arc<Bytes> = Arc::new(stored()?.into());
        let seen = Arc::<Seen>::default();
        let counted = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                seen.connections.fetch_add(1, Relaxed);
                // Of each connection the first call is looked at closely: that takes a while, and the rest are like it.
                let calls = Arc::<AtomicU64>::default();
                let (seen, stored) = (seen.clone(), stored.clone());
                let service = service_fn(move |request: Request<Incoming>| {
                    let is_call = request.method() == Method::POST;
                    let is_first = is_call && calls.fetch_add(1, Relaxed) == 0;
                    let (seen, stored) = (seen.clone(), stored.clone());
                    async move {
                        let answered = if is_call {
                            seen.requests.fetch_add(1, Relaxed);
                            answer(request, is_first, &stored).await
                        } else {
                            seen.questions.fetch_add(1, Relaxed);
                            Ok(Response::new("healthy".into()))
                        };
                        if !delay.is_zero() {
                            tokio::time::sleep(delay).await;
                        }
                        Ok::<_, Infallible>(answered.unwrap_or_else(|error| {
                            let mut fault =
                                seen.fault.lock().unwrap_or_else(PoisonError::into_inner);
                            fault.get_or_insert(format!("{error:#}"));
                            let mut refusal = Response::new(Full::default());
                            *refusal.status_mut() = hyper::StatusCode::BAD_REQUEST;
                            refusal
                        }))
                    }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Ok(Self {
            address,
            seen: counted,
        })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// How many connections were opened to it.
    pub(crate) fn connections(&self) -> u64 {
        self.seen.connections.load(Relaxed)
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
        let fault = self
            .seen
            .fault
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match &*fault {
            Some(fault) => bail!("a call that AWS refuses: {fault}"),
            None => Ok(()),
        }
    }
}

/// The answer to `GetItem`.
fn stored() -> Result<Vec<u8>> {
    let secrets: Value = serde_json::from_str(events::SECRETS)?;
    let secret = secrets["1"].as_str().unwrap_or_default();
    let message = events::stored()?.to_body()?;
    let call: Value =
        serde_json::from_slice(&job::put_item(&message, "orders", secret, Moment::now())?)?;
    Ok(serde_json::to_vec(&json!({"Item": call["Item"]}))?)
}

async fn answer(
    request: Request<Incoming>,
    is_first: bool,
    stored: &Bytes,
) -> Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    // To its end, or the connection could not be used again.
    let body = body.collect().await?.to_bytes();
    let call = Call::of(&head.headers, &body)?;
    if is_first {
        check(call, &head.headers, &body)?;
    } else if !head.headers.contains_key("authorization") {
        bail!("a call that is not signed");
    }
    let (kind, body) = match call {
        Call::Publish => ("text/xml", PUBLISHED.into()),
        Call::PutItem => ("application/x-amz-json-1.0", "{}".into()),
        Call::GetItem => ("application/x-amz-json-1.0", stored.clone()),
        Call::SendMessage | Call::ChangeVisibility => {
            ("application/x-amz-json-1.0", queue(call, &body)?.into())
        }
    };
    let mut answer = Response::new(Full::from(body));
    let headers = answer.headers_mut();
    headers.insert("content-type", HeaderValue::from_static(kind));
    let id = HeaderValue::from_static("d74b8436-ae13-5ab4-a9ff-ce54dfea72a0");
    headers.insert("x-amzn-requestid", id);
    Ok(answer)
}

fn queue(call: Call, body: &[u8]) -> Result<String> {
    if call == Call::SendMessage {
        return Ok(json!({"MessageId": "5fea7756-0ea4-451a-a703-a558b933e274"}).to_string());
    }
    let body: Value = serde_json::from_slice(body)?;
    let entries = body["Entries"].as_array().into_iter().flatten();
    let done: Vec<_> = entries.map(|entry| json!({"Id": entry["Id"]})).collect();
    Ok(json!({"Successful": done, "Failed": []}).to_string())
}
