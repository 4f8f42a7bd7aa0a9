//! The two ways to write where a trace continues: X-Ray's header and W3C's `traceparent`.

use std::fmt::Write;

/// W3C's `traceparent` (Trace Context, version 00) for an X-Ray trace header
/// (`Root=1-8hex-24hex;Parent=16hex;Sampled=0|1`), or `None` where the header lacks a part or is malformed.
///
/// The trace id is the same 32 digits; X-Ray writes them with a version and dashes.
pub fn traceparent(xray_header: &str) -> Option<String> {
    let part = |name: &str| {
        xray_header
            .split(';')
            .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
    };
    let mut root = part("Root")?.split('-');
    let (Some("1"), Some(epoch), Some(unique), None) =
        (root.next(), root.next(), root.next(), root.next())
    else {
        return None;
    };
    let parent = part("Parent")?;
    for (digits, length) in [(epoch, 8), (unique, 24), (parent, 16)] {
        if digits.len() != length
            || !digits
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        {
            return None;
        }
    }
    if parent.bytes().all(|b| b == b'0') || epoch.bytes().chain(unique.bytes()).all(|b| b == b'0') {
        return None;
    }
    let flags = if part("Sampled") == Some("1") {
        "01"
    } else {
        "00"
    };
    let mut text = String::with_capacity(55);
    write!(text, "00-{epoch}{unique}-{parent}-{flags}").ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_trace_parent_and_sampling() {
        assert_eq!(
            traceparent("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a:0").unwrap(),
            "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"
        );
        assert!(
            traceparent(
                "Parent=53995c3f42cd8ad8;Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0"
            )
            .unwrap()
            .ends_with("-00")
        );
    }

    #[test]
    fn refuses_a_malformed_header() {
        for header in [
            "",
            "Root=1-5759e988-bd862e3fe1be46a994272793",
            "Root=2-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8",
            "Root=1-5759e988-bd862e3fe1be46a99427279;Parent=53995c3f42cd8ad8",
            "Root=1-5759E988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=0000000000000000",
            "Root=1-00000000-000000000000000000000000;Parent=53995c3f42cd8ad8",
            "Root=1-5759e988-bd862e3fe1be46a994272793-0;Parent=53995c3f42cd8ad8",
            "Root=1-é759e98-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8",
        ] {
            assert_eq!(traceparent(header), None, "{header}");
        }
    }
}
