//! The layer that turns spans into X-Ray documents.

use std::net::SocketAddr;

use opentelemetry::trace::TracerProvider;
use opentelemetry_aws::trace::XrayIdGenerator;
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracerProvider},
};
use tracing::Subscriber;
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

use crate::{daemon::Daemon, gather::Gather, segments::Segments};

/// The target of spans that are traced. Spans with other targets are not.
pub const TARGET: &str = "sluice::trace";

/// The layer for a service, with the daemon at this address (`AWS_XRAY_DAEMON_ADDRESS`, which Lambda sets in every traced
/// function).
///
/// A trace is recorded if its header says so; Lambda, or a service before it, decided that. If `segments` is given, it keeps the
/// segments of the orders' own traces, and the daemon does not get them.
///
/// # Errors
/// The text is not an address, or no socket can be opened.
pub fn layer<S>(
    daemon: &str,
    service: &str,
    segments: Option<Segments>,
) -> std::io::Result<impl Layer<S> + use<S>>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let daemon: SocketAddr = daemon.parse().map_err(std::io::Error::other)?;
    let provider = SdkTracerProvider::builder()
        .with_id_generator(XrayIdGenerator::default())
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
        .with_resource(Resource::builder_empty().build())
        .with_span_processor(Gather::new(service, Daemon::at(daemon)?, segments))
        .build();
    Ok(tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("sluice"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false)
        .with_level(false)
        .with_filter(filter_fn(|metadata| metadata.target() == TARGET)))
}
