//! Logs: one JSON object a line, with the keys of Powertools for AWS Lambda and the fields of the spans around it.
//! <https://docs.aws.amazon.com/powertools/python/latest/core/logger/>
//!
//! A line has, in this order: level, message and time; the constant fields (`service`, `function_name`,
//! `function_memory_size`); the fields of the spans around it, from the outside in; and its own fields. A later field
//! replaces an earlier one of the same name: so an order's trace id replaces the invocation's.
//!
//! Only events of our own crates are written. At `DEBUG` and `TRACE` the Lambda runtime and the AWS clients would write whole
//! events and requests, which hold customers' data, and even their errors may quote it. Our own code reports what fails.

use std::{fmt, panic::PanicHookInfo};

use serde::{Serialize, Serializer};
use serde_json::Value;
use sluice_order::{Clock, SystemClock};
use sluice_telemetry::TARGET;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    filter::filter_fn,
    layer::Context,
    registry::{LookupSpan, Scope},
};

use crate::{Function, Out};

/// The span around a call to AWS. Only X-Ray uses its fields.
const CALL: &str = "call";

/// The level of that name: one of tracing's, or one that Powertools takes too. `INFO` if it is neither.
pub(crate) fn level(name: &str) -> Level {
    match name.to_ascii_uppercase().as_str() {
        "WARNING" => Level::WARN,
        "CRITICAL" | "FATAL" => Level::ERROR,
        name => name.parse().unwrap_or(Level::INFO),
    }
}

/// The layer that writes lines.
pub(crate) fn layer<S>(function: &Function, out: Out) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let mut always = Fields::default();
    always.set("service", function.service.as_str());
    if let Some(name) = &function.name {
        always.set("function_name", name.as_str());
    }
    if let Some(memory) = function.memory_mb {
        always.set("function_memory_size", memory);
    }
    let (level, own) = (function.level, function.crate_name);
    let filter = filter_fn(move |metadata| is_written(metadata, level, own));
    Lines { always, out }.with_filter(filter)
}

/// Whether a span or an event is of our own crates: those in `shared`, and the function's.
fn is_written(metadata: &Metadata<'_>, level: Level, own: &str) -> bool {
    if metadata.is_span() {
        return metadata.target() == TARGET && metadata.name() != CALL;
    }
    let of = metadata.target().split("::").next().unwrap_or_default();
    *metadata.level() <= level && (of.starts_with("sluice_") || of == own)
}

/// From now on a panic is logged as one line that says where it happened. Its message is left out, because it may quote an
/// order.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic: &PanicHookInfo<'_>| {
        let location = panic.location().map(tracing::field::display);
        tracing::error!(location, "panicked");
    }));
}

/// Fields in the order in which they were first set, each name once.
#[derive(Clone, Default)]
struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        let value = value.into();
        match self.0.iter_mut().find(|(there, _)| *there == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    fn set_all(&mut self, others: &Self) {
        for (name, value) in &others.0 {
            self.set(name, value.clone());
        }
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field.name(), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field.name(), format!("{value:?}"));
    }
}

struct Lines {
    always: Fields,
    out: Out,
}

impl Lines {
    /// Keeps the fields of a span. Fields with a dot in their name are for X-Ray only.
    fn keep<S>(id: &Id, mut new: Fields, context: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let Some(span) = context.span(id) else {
            return;
        };
        new.0.retain(|(name, _)| !name.contains('.'));
        let mut extensions = span.extensions_mut();
        match extensions.get_mut::<Fields>() {
            Some(fields) => fields.set_all(&new),
            None => extensions.insert(new),
        }
    }
}

impl<S> Layer<S> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    // Both methods read the values before they lock the span. So a panic while a value is formatted is logged, too.
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        Self::keep(id, fields, &context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        Self::keep(id, fields, &context);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut own = Fields::default();
        event.record(&mut own);
        let mut line = Fields::default();
        line.set("level", event.metadata().level().as_str());
        line.set("message", "");
        line.set("timestamp", SystemClock.now().to_string());
        line.set_all(&self.always);
        let spans = context.event_scope(event);
        for span in spans.into_iter().flat_map(Scope::from_root) {
            if let Some(fields) = span.extensions().get::<Fields>() {
                line.set_all(fields);
            }
        }
        line.set_all(&own);
        if let Ok(line) = serde_json::to_string(&line) {
            (self.out)(&format!("{line}\n"));
        }
    }
}

#[cfg(test)]
#[path = "logs_tests.rs"]
mod tests;
