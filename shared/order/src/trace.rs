//! The id of a trace, and the two ways to write where a trace continues: X-Ray's header and W3C's `traceparent`.

use std::{fmt, str::FromStr};

/// The id of a trace: 16 bytes that are not all zero. X-Ray writes it as `1-8hex-24hex`, W3C as 32 hexadecimal digits, both
/// in lower case.
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids>
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TraceId(u128);

impl TraceId {
    /// From its bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        Some(u128::from_be_bytes(bytes))
            .filter(|id| *id != 0)
            .map(Self)
    }

    /// Its bytes.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// When the trace began, in seconds since 1970: X-Ray's rule for the first eight digits.
    pub fn began_seconds(self) -> u64 {
        u64::try_from(self.0 >> 96).unwrap_or_default()
    }

    /// The id that stands for a span whose own id is unknown. It follows from the trace, so it is the same each time.
    fn unknown_span(self) -> u64 {
        u64::try_from(self.0 & u128::from(u64::MAX)).map_or(1, |low| low.max(1))
    }

    fn from_hex(epoch: &str, unique: &str) -> Option<Self> {
        let id = (u128::from(digits(epoch, 8)?) << 96) | wide(unique, 24)?;
        Some(id).filter(|id| *id != 0).map(Self)
    }
}

/// As X-Ray writes it.
impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1-{:08x}-{:024x}", self.0 >> 96, self.0 << 32 >> 32)
    }
}

/// Reads X-Ray's form.
impl FromStr for TraceId {
    type Err = NoTraceId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text
            .strip_prefix("1-")
            .and_then(|rest| rest.split_once('-'));
        parts
            .and_then(|(epoch, unique)| Self::from_hex(epoch, unique))
            .ok_or(NoTraceId)
    }
}

/// A text that is no trace id in X-Ray's form.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("it is no trace id, such as 1-5759e988-bd862e3fe1be46a994272793")]
pub struct NoTraceId;

/// A place in a trace: whatever continues from here is its child.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TraceParent {
    /// The trace.
    pub trace_id: TraceId,
    /// The span that is the parent; not zero.
    pub span_id: u64,
    /// Whether the trace is recorded.
    pub is_sampled: bool,
}

impl TraceParent {
    /// Reads X-Ray's trace header. A parent that it does not name is made up, since whatever is of its trace must stay in it.
    /// `None` where it has no root.
    pub fn from_header(header: &str) -> Option<Self> {
        TraceHeader::read(header).map(|header| header.parent())
    }

    /// Reads W3C's `traceparent` (Trace Context, version 00). `None` where it is malformed.
    pub fn from_traceparent(traceparent: &str) -> Option<Self> {
        let mut parts = traceparent.split('-');
        let (Some("00"), Some(trace), Some(span), Some(flags), None) = (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) else {
            return None;
        };
        let (epoch, unique) = trace.split_at_checked(8)?;
        Some(Self {
            trace_id: TraceId::from_hex(epoch, unique)?,
            span_id: span_id(span)?,
            is_sampled: digits(flags, 2)? & 1 == 1,
        })
    }
}

/// What X-Ray's trace header says: `Root=1-8hex-24hex;Parent=16hex;Sampled=0|1;Lineage=…`. Only the root must be there.
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TraceHeader<'a> {
    /// The trace.
    pub trace_id: TraceId,
    /// The span that is the parent; not zero. `None` where the header names none that can be one.
    pub span_id: Option<u64>,
    /// Whether the trace is recorded.
    pub is_sampled: bool,
    /// The functions that the trace went through, by which Lambda finds loops. Up to 256 visible characters.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>
    pub lineage: Option<&'a str>,
}

impl<'a> TraceHeader<'a> {
    /// Reads a header. `None` where it has no root.
    pub fn read(header: &'a str) -> Option<Self> {
        let part = |name: &str| {
            header
                .split(';')
                .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
        };
        // It goes out again as it came, in a header and in OpenTelemetry's list.
        let is_plain = |text: &&str| {
            (1..=256).contains(&text.len())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_graphic() && b != b',' && b != b'=')
        };
        Some(Self {
            trace_id: part("Root")?.parse().ok()?,
            span_id: part("Parent").and_then(span_id),
            is_sampled: part("Sampled") == Some("1"),
            lineage: part("Lineage").filter(is_plain),
        })
    }

    /// The place that it names, with a made-up parent where it names none.
    pub fn parent(&self) -> TraceParent {
        TraceParent {
            trace_id: self.trace_id,
            span_id: self.span_id.unwrap_or(self.trace_id.unknown_span()),
            is_sampled: self.is_sampled,
        }
    }
}

/// As W3C's `traceparent` writes it.
impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (trace, span, flags) = (self.trace_id.0, self.span_id, u8::from(self.is_sampled));
        write!(f, "00-{trace:032x}-{span:016x}-{flags:02x}")
    }
}

fn span_id(text: &str) -> Option<u64> {
    digits(text, 16).filter(|id| *id != 0)
}

fn digits(text: &str, length: usize) -> Option<u64> {
    wide(text, length).and_then(|number| u64::try_from(number).ok())
}

/// So many hexadecimal digits in lower case.
fn wide(text: &str, length: usize) -> Option<u128> {
    let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let is_number = text.len() == length && text.bytes().all(is_digit);
    is_number.then(|| u128::from_str_radix(text, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1-5759e988-bd862e3fe1be46a994272793";

    #[test]
    fn an_id_reads_back() {
        let id: TraceId = ID.parse().unwrap();
        assert_eq!(id.to_string(), ID);
        assert_eq!(id.began_seconds(), 0x5759_e988);
        assert_eq!(TraceId::from_bytes(id.to_bytes()), Some(id));
        let early = "1-00000001-000000000000000000000002";
        assert_eq!(early.parse::<TraceId>().unwrap().to_string(), early);
    }

    #[test]
    fn both_forms_say_the_same() {
        let parent = TraceParent {
            trace_id: ID.parse().unwrap(),
            span_id: 0x5399_5c3f_42cd_8ad8,
            is_sampled: true,
        };
        let header = format!("Root={ID};Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a:0");
        assert_eq!(TraceParent::from_header(&header), Some(parent));
        let traceparent = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
        assert_eq!(TraceParent::from_traceparent(traceparent), Some(parent));
        assert_eq!(parent.to_string(), traceparent);
        let header = format!("Parent=53995c3f42cd8ad8;Root={ID};Sampled=0");
        assert!(!TraceParent::from_header(&header).unwrap().is_sampled);
    }

    /// A header that names no parent, or one that cannot be, still says which trace it is, and whether it is recorded.
    #[test]
    fn a_trace_goes_on_without_a_parent() {
        for rest in [
            "",
            ";Parent=",
            ";Parent=0000000000000000",
            ";Parent=53995c3f42cd8ad",
            ";Parent=53995C3F42CD8AD8",
            ";parent=53995c3f42cd8ad8",
        ] {
            for (sampled, is_sampled) in [("", false), (";Sampled=1", true), (";Sampled=?", false)]
            {
                let header = format!("Self=x;Root={ID}{sampled}{rest}");
                let read = TraceHeader::read(&header).unwrap();
                assert_eq!(
                    (read.span_id, read.is_sampled),
                    (None, is_sampled),
                    "{header}"
                );
                let flags = u8::from(is_sampled);
                assert_eq!(
                    read.parent().to_string(),
                    format!("00-5759e988bd862e3fe1be46a994272793-e1be46a994272793-{flags:02x}")
                );
            }
        }
        let zeros = "Root=1-5759e988-000000010000000000000000";
        assert_eq!(TraceParent::from_header(zeros).unwrap().span_id, 1);
    }

    #[test]
    fn a_lineage_is_read_if_it_can_go_out_again() {
        let lineage = "a87bd80c:1|68fd508a:5|c512fbe3:2";
        for (text, read) in [
            (lineage, Some(lineage)),
            ("", None),
            ("a b", None),
            ("a,b", None),
            ("a=b", None),
            ("a\u{1}b", None),
            ("ä:1", None),
            (&"a".repeat(257), None),
        ] {
            let header = format!("Root={ID};Lineage={text};Sampled=1");
            assert_eq!(TraceHeader::read(&header).unwrap().lineage, read, "{text}");
        }
    }

    #[test]
    fn a_malformed_header_is_none() {
        for header in [
            "",
            "Parent=53995c3f42cd8ad8;Sampled=1",
            "Root=2-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8",
            "Root=1-5759e988-bd862e3fe1be46a99427279;Parent=53995c3f42cd8ad8",
            "Root=1-5759E988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8",
            "Root=1-00000000-000000000000000000000000;Parent=53995c3f42cd8ad8",
            "Root=1-5759e988-bd862e3fe1be46a994272793-0;Parent=53995c3f42cd8ad8",
            "Root=1-é759e98-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8",
        ] {
            assert_eq!(TraceParent::from_header(header), None, "{header}");
        }
    }

    #[test]
    fn a_malformed_traceparent_is_none() {
        for traceparent in [
            "",
            "00-5759e988bd862e3fe1be46a994272793-1111111111111111",
            "00-5759e988bd862e3fe1be46a994272793-1111111111111111-00-",
            "01-5759e988bd862e3fe1be46a994272793-1111111111111111-00",
            "00-00000000000000000000000000000000-1111111111111111-00",
            "00-5759e988bd862e3fe1be46a994272793-0000000000000000-00",
            "00-5759e988bd862e3fe1be46a99427279-11111111111111111-00",
            "00-+759e988bd862e3fe1be46a994272793-1111111111111111-00",
            "00-é759e988bd862e3fe1be46a99427279-1111111111111111-00",
        ] {
            assert_eq!(
                TraceParent::from_traceparent(traceparent),
                None,
                "{traceparent}"
            );
        }
    }
}
