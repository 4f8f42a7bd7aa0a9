//! What `sluice receive-traces` understands.
#![expect(
    clippy::doc_markdown,
    reason = "the doc comments are help texts for a terminal"
)]

use std::net::SocketAddr;

use clap::Args;

/// Receive traces on a laptop, in place of X-Ray
///
/// It stands in for X-Ray's daemon and for X-Ray's API, and needs no AWS account: it takes segment documents by UDP,
/// as the daemon does, and answers PutTraceSegments, GetTraceSummaries and BatchGetTraces by HTTP. What breaks X-Ray's
/// published rules is refused. GET / answers how many documents came, were refused and why, and are kept.
///
/// Functions find it by AWS_XRAY_DAEMON_ADDRESS, SDKs and `sluice` by AWS_ENDPOINT_URL_XRAY=http://ADDRESS. The last
/// 50,000 documents are kept, up to 64 MB, in memory. It asks nobody who they are: listen where only you can reach it.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct ReceiveTracesArguments {
    /// Where to listen, by UDP and by TCP; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:2000")]
    pub(crate) listen: SocketAddr,
}
