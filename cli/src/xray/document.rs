//! X-Ray's documents, as far as the command needs them.
//!
//! A [segment document](https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html) holds its
//! subsegments; a subsegment may also come as a document of its own. Here each of them is a [`Span`]. A field that is
//! missing or has the wrong type counts as absent. Only id, name and start are required: without them, the segment counts
//! as unreadable.

use serde::Serialize;
use serde_json::Value;

/// A segment or a subsegment.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Span {
    pub(crate) id: String,
    /// X-Ray's id of the span that it says it is under. An embedded one is under the one that holds it.
    pub(crate) parent_id: Option<String>,
    pub(crate) kind: Kind,
    /// As the document has it.
    pub(crate) name: String,
    pub(crate) operation: Option<String>,
    /// Seconds since 1970.
    pub(crate) start: f64,
    /// Seconds since 1970, not before the start. A span that has not ended yet ends where it starts.
    pub(crate) end: f64,
    pub(crate) status: Status,
    /// The cause of an error, in the words of the program that recorded it.
    pub(crate) cause: Option<String>,
    pub(crate) order_id: Option<String>,
    pub(crate) lane: Option<String>,
    pub(crate) outcome: Option<String>,
    /// Which receive of the message it is, from 1. For a wait in the queue after an earlier receive: the receive that ended
    /// it.
    pub(crate) receives: Option<u64>,
    /// How often a call was made, if several times.
    pub(crate) attempts: Option<u64>,
    /// How often the SDK made it again.
    pub(crate) retries: Option<u64>,
    /// When API Gateway got the request, in seconds since 1970.
    pub(crate) api_started: Option<f64>,
    /// When SQS got the message, in seconds since 1970.
    pub(crate) sent: Option<f64>,
    /// When SQS first handed it out, in seconds since 1970.
    pub(crate) first_received: Option<f64>,
    /// Whether nobody sent it, and it was inferred from others.
    pub(crate) is_inferred: bool,
}

/// Which part of the service a span is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// API Gateway's own.
    Api,
    /// Lambda's own: the service, and what runs the function.
    Lambda,
    /// An invocation of accept-order.
    Accept,
    /// An invocation of read-orders.
    Read,
    /// accept-order's call of SNS.
    Publish,
    /// SNS's own.
    Topic,
    /// The wait in a lane's queue.
    Queue,
    /// What fulfill-orders did with an order at one receive.
    Fulfill,
    /// An invocation of fulfill-orders: a batch of orders of many traces.
    Batch,
    /// A call of storage: `DynamoDB`, or a relational database.
    Storage,
    /// A message sent to SQS.
    Send,
    /// Anything else.
    Other,
}

/// How it ended, the worst first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// 5xx, or no answer.
    Fault,
    /// 429.
    Throttle,
    /// 4xx.
    Error,
    /// No error.
    Ok,
}

/// What a document holds.
#[derive(Default, Debug)]
pub(crate) struct Read {
    pub(crate) spans: Vec<Span>,
    /// Segments that X-Ray inferred from a call: the id of each, and the id of the call, which is there too.
    pub(crate) made_up: Vec<(String, String)>,
    /// How many documents and subsegments cannot be read.
    pub(crate) unreadable: usize,
}

impl Read {
    /// Adds what a document holds.
    pub(crate) fn add(&mut self, document: &str) {
        match serde_json::from_str(document) {
            Ok(document) => self.add_value(&document, None),
            Err(_) => self.unreadable += 1,
        }
    }

    fn add_value(&mut self, document: &Value, holder: Option<&str>) {
        let Some(mut span) = Span::of(document) else {
            self.unreadable += 1;
            return;
        };
        if let Some(holder) = holder {
            span.parent_id = Some(holder.to_owned());
        }
        let subsegments = document.get("subsegments").and_then(Value::as_array);
        for subsegment in subsegments.into_iter().flatten() {
            self.add_value(subsegment, Some(&span.id));
        }
        let is_made_up = document.get("inferred") == Some(&Value::Bool(true));
        match span.parent_id.take_if(|_| is_made_up) {
            Some(call) => self.made_up.push((span.id, call)),
            None => self.spans.push(span),
        }
    }
}

impl Span {
    fn of(document: &Value) -> Option<Self> {
        let text = |path| Some(document.pointer(path)?.as_str()?.to_owned());
        let number = |path| document.pointer(path)?.as_f64().filter(|n| *n >= 0.0);
        let count = |path| document.pointer(path)?.as_u64();
        let millis = |path| number(path).map(|millis| millis / 1_000.0);
        let start = number("/start_time")?;
        let name = text("/name")?;
        let statement = text("/sql/sanitized_query");
        let is_statement = statement.is_some();
        let operation = text("/aws/operation").or(statement);
        let outcome = text("/annotations/outcome");
        let origin = text("/origin");
        let kind = match origin.as_deref() {
            Some(origin) if text("/aws/xray/sdk").is_none() => Kind::of_service(origin),
            _ if is_statement => Kind::Storage,
            // Ours have an origin too, and say by what they were made.
            _ => Kind::of_name(&name, operation.as_deref(), outcome.is_some()),
        };
        Some(Self {
            id: text("/id")?,
            parent_id: text("/parent_id"),
            kind,
            name,
            operation,
            start,
            end: number("/end_time").unwrap_or(start).max(start),
            status: Status::of(document),
            cause: cause(document),
            order_id: text("/annotations/order_id"),
            lane: text("/annotations/lane"),
            outcome,
            receives: count("/annotations/receives"),
            attempts: count("/annotations/attempts"),
            retries: count("/annotations/retries"),
            api_started: millis("/metadata/api_started_ms"),
            sent: millis("/metadata/sent_ms"),
            first_received: millis("/metadata/first_received_ms"),
            is_inferred: false,
        })
    }

    /// Seconds that it took.
    pub(crate) fn duration(&self) -> f64 {
        (self.end - self.start).max(0.0)
    }

    /// Its name for people.
    pub(crate) fn label(&self) -> String {
        match self.kind {
            Kind::Api => "API Gateway".to_owned(),
            Kind::Lambda if self.is_inferred => "Lambda".to_owned(),
            Kind::Lambda => format!("Lambda {}", self.name),
            Kind::Topic => "SNS topic".to_owned(),
            Kind::Queue if self.receives.is_some() => format!("{} (again)", self.queue()),
            Kind::Queue => self.queue(),
            Kind::Fulfill => match self.receives {
                Some(receives) if receives > 1 => format!("{} #{receives}", self.name),
                _ => self.name.clone(),
            },
            _ => match &self.operation {
                Some(operation) => format!("{} {operation}", self.name),
                None => self.name.clone(),
            },
        }
    }

    /// The queue that it waited in.
    pub(crate) fn queue(&self) -> String {
        format!("queue {}", self.lane.as_deref().unwrap_or(&self.name))
    }
}

impl Kind {
    /// That of a segment that a service sends.
    fn of_service(origin: &str) -> Self {
        match origin.split("::").nth(1).unwrap_or_default() {
            "ApiGateway" => Self::Api,
            "Lambda" => Self::Lambda,
            "SNS" => Self::Topic,
            "SQS" => Self::Queue,
            _ => Self::Other,
        }
    }

    /// That of a segment or a subsegment that a function sends.
    fn of_name(name: &str, operation: Option<&str>, has_outcome: bool) -> Self {
        match (name, operation) {
            ("accept-order", None) => Self::Accept,
            ("read-orders", None) => Self::Read,
            ("fulfill-orders", None) if has_outcome => Self::Fulfill,
            ("fulfill-orders", None) => Self::Batch,
            ("SNS", Some("Publish")) => Self::Publish,
            ("DynamoDB", Some(_)) => Self::Storage,
            ("SQS", Some("SendMessage")) => Self::Send,
            _ => Self::Other,
        }
    }

    /// Whether a function opens it itself, for what an order or a reader asked of it.
    pub(crate) fn is_of_function(self) -> bool {
        matches!(
            self,
            Self::Accept | Self::Read | Self::Fulfill | Self::Batch
        )
    }
}

impl Status {
    fn of(document: &Value) -> Self {
        let is = |name: &str| document.get(name) == Some(&Value::Bool(true));
        if is("fault") {
            Self::Fault
        } else if is("throttle") {
            Self::Throttle
        } else if is("error") {
            Self::Error
        } else {
            Self::Ok
        }
    }

    /// What is wrong, if anything is.
    pub(crate) fn said(self) -> Option<&'static str> {
        match self {
            Self::Fault => Some("fault"),
            Self::Throttle => Some("throttle"),
            Self::Error => Some("error"),
            Self::Ok => None,
        }
    }
}

/// The first exception's message, or else its type. A cause may also be the id of an exception of another span, which says
/// nothing here.
fn cause(document: &Value) -> Option<String> {
    let exception = document.pointer("/cause/exceptions/0")?;
    let text = |name: &str| {
        exception
            .get(name)?
            .as_str()
            .filter(|text| !text.is_empty())
    };
    text("message").or_else(|| text("type")).map(str::to_owned)
}

/// The warning that documents cannot be read.
pub(crate) fn unreadable(documents: usize) -> String {
    match documents {
        1 => "1 document cannot be read".to_owned(),
        _ => format!("{documents} documents cannot be read"),
    }
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
