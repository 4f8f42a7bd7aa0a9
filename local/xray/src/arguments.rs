//! The arguments. There is one option, so they are read by hand: a library for it would cost more to build than the rest.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, bail};

pub(crate) const HELP: &str = "\
Receive traces on this machine, in place of X-Ray

It stands in for X-Ray's daemon and for X-Ray's API, and needs no AWS account. Like the daemon, it takes segment documents
by UDP. By HTTP it answers PutTraceSegments, GetTraceSummaries and BatchGetTraces. It refuses what breaks X-Ray's published
rules. GET / returns how many documents were received, refused and why, and kept.

Functions find it through AWS_XRAY_DAEMON_ADDRESS=ADDRESS:PORT, SDKs and `sluice` through
AWS_ENDPOINT_URL_XRAY=http://ADDRESS:PORT. The last 50,000 documents are kept in memory, at most 64 MB. It asks nobody for
credentials: listen only where nobody else can connect.

Usage: receive-traces [--listen ADDRESS:PORT]

Options:
  --listen ADDRESS:PORT  where to listen, by UDP and TCP; port 0 takes a free one [default: 127.0.0.1:2000]
  -h, --help             print this help

Exit codes:
  0  a signal ended it
  2  wrong usage, or the address cannot be used";

/// X-Ray's daemon has this port too.
const DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 2_000);

/// What the arguments ask for.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Request {
    Listen(SocketAddr),
    Help,
}

/// Reads the arguments.
///
/// # Errors
/// They are not what [`HELP`] says.
pub(crate) fn read(arguments: impl Iterator<Item = String>) -> anyhow::Result<Request> {
    let arguments: Vec<_> = arguments.collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let address = match arguments[..] {
        [] => return Ok(Request::Listen(DEFAULT)),
        ["-h" | "--help"] => return Ok(Request::Help),
        ["--listen", address] => address,
        [argument] if argument.starts_with("--listen=") => &argument["--listen=".len()..],
        _ => bail!(
            "wrong arguments: {}. Next: receive-traces --help",
            arguments.join(" ")
        ),
    };
    let address = address.parse().ok().with_context(|| {
        format!("{address:?} is no ADDRESS:PORT. Next: use one such as 127.0.0.1:2000")
    })?;
    Ok(Request::Listen(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(arguments: &[&str]) -> anyhow::Result<Request> {
        read(arguments.iter().map(|argument| (*argument).to_owned()))
    }

    #[test]
    fn an_address_is_read_in_both_forms() {
        let address = "[::1]:0".parse().unwrap();
        for arguments in [&["--listen", "[::1]:0"][..], &["--listen=[::1]:0"]] {
            assert_eq!(request(arguments).unwrap(), Request::Listen(address));
        }
        assert_eq!(request(&[]).unwrap(), Request::Listen(DEFAULT));
        assert!(HELP.contains(&format!("[default: {DEFAULT}]")));
        assert_eq!(request(&["-h"]).unwrap(), Request::Help);
    }

    #[test]
    fn anything_else_is_wrong_usage_and_says_what_to_do() {
        for bad in [
            &["--listen"][..],
            &["--listen", "localhost"],
            &["--listen", "127.0.0.1:0", "more"],
            &["receive"],
        ] {
            let error = request(bad).unwrap_err().to_string();
            assert!(error.contains(". Next: "), "{error}");
        }
    }
}
