//! Where a trace continues: the two headers, and the spans of this process.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::{
    Context, TraceFlags,
    trace::{SpanContext, SpanId, TraceContextExt, TraceId, TraceState},
};
use opentelemetry_aws::trace::XrayIdGenerator;
use opentelemetry_sdk::trace::IdGenerator;
use sluice_order::{TraceHeader, TraceParent};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// How old a trace may be, in seconds. X-Ray keeps traces for 30 days; this is a day less, so that clocks may differ.
const OLDEST: u64 = 29 * 24 * 60 * 60;

/// How far clocks may differ, in seconds.
const AHEAD: u64 = 4 * 60;

// What a place hands on to every span behind it, in OpenTelemetry's `TraceState`, which never leaves the process.

/// What Lambda counts loops by.
const LINEAGE: &str = "lineage";

/// The parent is made up, because the header named none and OpenTelemetry needs one. X-Ray must not hear of it.
const IS_MADE_UP: &str = "made-up";

/// A place in a trace. Whatever continues from here is its child.
#[derive(Clone, PartialEq, Debug)]
pub struct TraceContext(SpanContext);

impl TraceContext {
    /// Reads X-Ray's header, `Root=…;Parent=…;Sampled=…;Lineage=…`. `None` if it has no root, or if X-Ray takes no traces of its
    /// time.
    pub fn of_header(header: &str) -> Option<Self> {
        let header = TraceHeader::read(header)?;
        let mut place = Self::of(header.parent())?;
        if header.span_id.is_none() {
            place.hand_on(IS_MADE_UP, "1");
        }
        if let Some(lineage) = header.lineage {
            place.hand_on(LINEAGE, lineage);
        }
        Some(place)
    }

    fn hand_on(&mut self, key: &str, value: &str) {
        // It fails for keys and values that cannot be in it, and ours can.
        if let Ok(state) = self.0.trace_state().insert(key, value) {
            self.0 = SpanContext::new(
                self.0.trace_id(),
                self.0.span_id(),
                self.0.trace_flags(),
                self.0.is_remote(),
                state,
            );
        }
    }

    /// The same place, with the lineage of another one if that has one: Lambda counts by the invocation, whatever it works on.
    #[must_use]
    pub(crate) fn of_lineage(mut self, other: Option<&Self>) -> Self {
        if let Some(lineage) = other.and_then(|other| other.0.trace_state().get(LINEAGE)) {
            self.hand_on(LINEAGE, lineage);
        }
        self
    }

    /// Whether the parent of the first span behind this place was made up.
    pub(crate) fn is_parent_made_up(first: &SpanContext) -> bool {
        first.trace_state().get(IS_MADE_UP).is_some()
    }

    /// Reads W3C's `traceparent`. `None` if it is malformed, or if X-Ray takes no traces of its time.
    pub fn of_traceparent(traceparent: &str) -> Option<Self> {
        TraceParent::from_traceparent(traceparent).and_then(Self::of)
    }

    fn of(parent: TraceParent) -> Option<Self> {
        is_of_now(parent.trace_id.began_seconds()).then_some(())?;
        let flags = if parent.is_sampled {
            TraceFlags::SAMPLED
        } else {
            TraceFlags::NOT_SAMPLED
        };
        let (trace, span) = (
            TraceId::from_bytes(parent.trace_id.to_bytes()),
            SpanId::from_bytes(parent.span_id.to_be_bytes()),
        );
        Some(Self(SpanContext::new(
            trace,
            span,
            flags,
            true,
            TraceState::NONE,
        )))
    }

    /// Where the trace of an order continues. If both are of one trace, the message's header is the nearer place: it was
    /// written after the `traceparent` in the envelope. If they differ, the envelope's trace is the order's.
    pub fn of_order(header: Option<&str>, traceparent: Option<&str>) -> Option<Self> {
        let header = header.and_then(Self::of_header);
        let written = traceparent.and_then(Self::of_traceparent);
        match (&header, &written) {
            (Some(near), Some(far)) if near.0.trace_id() != far.0.trace_id() => written,
            // A header that names no place still says whether the trace is recorded.
            (Some(near), Some(far)) if Self::is_parent_made_up(&near.0) => {
                let (trace, flags) = (near.0.trace_id(), near.0.trace_flags());
                let place = SpanContext::new(trace, far.0.span_id(), flags, true, TraceState::NONE);
                Some(Self(place).of_lineage(Some(near)))
            }
            _ => header.or(written),
        }
    }

    /// A new trace whose spans are not recorded, for work that has no trace.
    pub(crate) fn unsampled() -> Self {
        let ids = XrayIdGenerator::default();
        let (trace, parent) = (ids.new_trace_id(), ids.new_span_id());
        let flags = TraceFlags::NOT_SAMPLED;
        Self(SpanContext::new(
            trace,
            parent,
            flags,
            true,
            TraceState::NONE,
        ))
    }

    /// No place: whatever continues from here is a trace of its own.
    pub(crate) fn none() -> Self {
        Self(SpanContext::NONE)
    }

    /// The place of a span; `None` if the span is not recorded.
    pub fn of_span(span: &Span) -> Option<Self> {
        Self::at(span).filter(|here| here.0.is_sampled())
    }

    /// The place of a span, whether it is recorded or not.
    pub(crate) fn at(span: &Span) -> Option<Self> {
        let context = span.context().span().span_context().clone();
        context.is_valid().then_some(Self(context))
    }

    /// This place as X-Ray's trace header.
    pub fn header(&self) -> String {
        let (trace, parent) = (trace_id(self.0.trace_id()), self.0.span_id());
        let sampled = u8::from(self.0.is_sampled());
        let mut header = format!("Root={trace};Parent={parent};Sampled={sampled}");
        if let Some(lineage) = self.0.trace_state().get(LINEAGE) {
            header.push_str(";Lineage=");
            header.push_str(lineage);
        }
        header
    }

    /// Makes a span continue from here, and records the trace id into it. The span must not have been entered yet.
    pub(crate) fn lead_to(&self, span: &Span) {
        self.start(span);
        let here = Self::at(span).unwrap_or_else(|| self.clone());
        if here.0.is_valid() {
            span.record("xray_trace_id", trace_id(here.0.trace_id()));
        }
    }

    /// Makes a span continue from here. The span must not have been entered yet.
    pub(crate) fn start(&self, span: &Span) {
        let mut context = Context::new();
        if self.0.is_valid() {
            context = context.with_remote_span_context(self.0.clone());
        }
        // It fails if no layer records spans; then there is nothing to do.
        let _ = span.set_parent(context);
    }
}

/// A trace id, as X-Ray writes it.
pub(crate) fn trace_id(id: TraceId) -> String {
    sluice_order::TraceId::from_bytes(id.to_bytes())
        .map(|id| id.to_string())
        .unwrap_or_default()
}

/// Whether X-Ray takes a trace that began at this time, in seconds since 1970.
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html>
fn is_of_now(epoch: u64) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs());
    (now.saturating_sub(OLDEST)..=now + AHEAD).contains(&epoch)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    const SAME: &str = "00-5759e988bd862e3fe1be46a994272793-1111111111111111-00";
    const OTHER: &str = "00-5759e988bd862e3fe1be46a994272794-1111111111111111-01";

    /// The same, of a trace that began so many seconds ago.
    fn began(text: &str, seconds_ago: i64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let epoch = now.as_secs().checked_add_signed(-seconds_ago).unwrap();
        text.replace("5759e988", &format!("{epoch:08x}"))
    }

    fn of_order(header: Option<&str>, traceparent: Option<&str>) -> Option<String> {
        TraceContext::of_order(header, traceparent).map(|context| context.header())
    }

    #[test]
    fn a_header_is_read_and_written() {
        let header = began(HEADER, 0);
        let looping = format!("{header};Lineage=a87bd80c:1|68fd508a:5");
        for sampled in [
            header.clone(),
            header.replace("Sampled=1", "Sampled=0"),
            looping,
        ] {
            assert_eq!(TraceContext::of_header(&sampled).unwrap().header(), sampled);
        }
    }

    /// X-Ray refuses others.
    #[test]
    fn a_trace_is_of_the_last_weeks() {
        let day = 24 * 60 * 60;
        for (seconds_ago, is_taken) in [
            (0, true),
            (28 * day, true),
            (29 * day + 60, false),
            (3_650 * day, false),
            (-60, true),
            (-600, false),
        ] {
            let taken = TraceContext::of_traceparent(&began(OTHER, seconds_ago));
            assert_eq!(taken.is_some(), is_taken, "{seconds_ago} s ago");
        }
    }

    #[test]
    fn the_nearer_of_two_in_one_trace_is_taken() {
        let (header, same, far) = (began(HEADER, 0), began(SAME, 0), began(OTHER, 0));
        for traceparent in [Some(&*same), None, Some("x")] {
            let taken = of_order(Some(&header), traceparent);
            assert_eq!(taken.as_ref(), Some(&header));
        }
        let nowhere = header.replace("Parent=53995c3f42cd8ad8", "Lineage=a:1");
        let place = header.replace("53995c3f42cd8ad8", "1111111111111111");
        assert_eq!(
            of_order(Some(&nowhere), Some(&same)),
            Some(format!("{place};Lineage=a:1"))
        );
        let other = "Root=1-5759e988-bd862e3fe1be46a994272794;Parent=1111111111111111;Sampled=1";
        for header in [Some(&*header), Some("x"), None] {
            assert_eq!(of_order(header, Some(&far)), Some(began(other, 0)));
        }
        assert_eq!(of_order(None, None), None);
    }
}
