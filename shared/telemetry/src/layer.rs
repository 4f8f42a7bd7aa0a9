//! The layer that turns spans into X-Ray's documents.

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

/// The target of the spans that are traced. All others are the logs' concern, as these are not.
pub const TARGET: &str = "sluice::trace";

/// The layer for a service, with the daemon at this address (`AWS_XRAY_DAEMON_ADDRESS`, which Lambda sets in every traced
/// function). Whether a trace is recorded its header says, which Lambda, or whoever was before it, decided on. Segments of the
/// orders' own traces are kept in `segments`, where given, instead.
///
/// # Errors
/// It is no address, or no socket is to be had.
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
