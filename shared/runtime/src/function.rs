//! A function and what stands around each of its invocations: logs, a trace, metrics.

use std::{
    io,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use futures::FutureExt;
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use sluice_order::{Clock, SystemClock};
use sluice_telemetry::Segments;
use tracing::{Instrument, Level, Subscriber};
use tracing_subscriber::layer::SubscriberExt;

use crate::{logs, metrics::Metrics};

/// Where lines are written, each with its end.
pub type Out = Arc<dyn Fn(&str) + Send + Sync>;

/// A function, as its environment describes it.
#[derive(Clone, Debug)]
pub struct Function {
    /// The crate of the function, `env!("CARGO_CRATE_NAME")` in its `main.rs`; its library has the same name. Its events are
    /// logged, as are those of the crates in `shared`.
    pub crate_name: &'static str,
    /// How logs, metrics and traces name it: `POWERTOOLS_SERVICE_NAME`.
    pub service: String,
    /// Its name in Lambda: `AWS_LAMBDA_FUNCTION_NAME`.
    pub name: Option<String>,
    /// Its memory in MB: `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`.
    pub memory_mb: Option<u64>,
    /// What is logged: `POWERTOOLS_LOG_LEVEL`, `TRACE` to `ERROR`, or Powertools' `WARNING`, `CRITICAL` and `FATAL`;
    /// `INFO` where it is absent or something else.
    pub level: Level,
    /// Where its metrics are in `CloudWatch`: `POWERTOOLS_METRICS_NAMESPACE`. There are none where it is absent.
    pub namespace: Option<String>,
    /// Where its traces are sent: `AWS_XRAY_DAEMON_ADDRESS`. There are none where it is absent.
    pub daemon: Option<String>,
}

impl Function {
    /// The one that this process is.
    pub fn from_env(crate_name: &'static str) -> Self {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            crate_name,
            service: set("POWERTOOLS_SERVICE_NAME").unwrap_or_else(|| "service_undefined".into()),
            name: set("AWS_LAMBDA_FUNCTION_NAME"),
            memory_mb: set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").and_then(|size| size.parse().ok()),
            level: logs::level(&set("POWERTOOLS_LOG_LEVEL").unwrap_or_default()),
            namespace: set("POWERTOOLS_METRICS_NAMESPACE"),
            daemon: set("AWS_XRAY_DAEMON_ADDRESS"),
        }
    }

    /// Where spans and events go: lines to `out`, and documents to the daemon, or to `segments` where those are given and it is
    /// one. The error says that there is no way to the daemon.
    pub fn subscriber(
        &self,
        out: Out,
        segments: Option<Segments>,
    ) -> (impl Subscriber + Send + Sync + use<>, Option<io::Error>) {
        let daemon = self.daemon.as_deref();
        let (traces, failure) =
            match daemon.map(|daemon| sluice_telemetry::layer(daemon, &self.service, segments)) {
                Some(Ok(layer)) => (Some(layer), None),
                Some(Err(error)) => (None, Some(error)),
                None => (None, None),
            };
        let subscriber = tracing_subscriber::registry()
            .with(logs::layer(self, out))
            .with(traces);
        (subscriber, failure)
    }

    /// What keeps its metrics, if it has any.
    pub fn metrics(&self) -> Option<Arc<Metrics>> {
        let namespace = self.namespace.as_deref()?;
        Some(Arc::new(Metrics::new(namespace, &self.service)))
    }
}

/// Serves the invocations of one process.
pub struct Invocations {
    function: Function,
    metrics: Option<Arc<Metrics>>,
    out: Out,
    is_cold: AtomicBool,
}

impl Invocations {
    /// Those of this function; `out` gets its metrics.
    pub fn new(function: Function, metrics: Option<Arc<Metrics>>, out: Out) -> Self {
        Self {
            function,
            metrics,
            out,
            is_cold: AtomicBool::new(true),
        }
    }

    /// Serves one. Its trace and its metrics are sent before it ends, because then the process is frozen.
    ///
    /// # Errors
    /// The handler panicked. The log says where.
    pub async fn serve<E, A>(
        &self,
        event: LambdaEvent<E>,
        handler: &impl AsyncFn(E, Context) -> A,
    ) -> Result<A, Diagnostic> {
        let LambdaEvent {
            payload, context, ..
        } = event;
        let is_cold = self.is_cold.swap(false, Relaxed);
        let span = sluice_telemetry::invocation(
            &self.function.service,
            context.xray_trace_id.as_deref(),
            &context.request_id,
            is_cold,
        );
        span.record("function_arn", &context.invoked_function_arn);
        if is_cold {
            let name = self.function.name.clone().unwrap_or_default();
            metrics::counter!("ColdStart", "function_name" => name).increment(1);
        }
        let answer = AssertUnwindSafe(handler(payload, context))
            .catch_unwind()
            .instrument(span)
            .await;
        if let Some(metrics) = &self.metrics {
            (self.out)(&metrics.take(SystemClock.now()));
        }
        // Lambda's own runtime would tell the caller what the panic said.
        answer.map_err(|_| Diagnostic {
            error_type: "Panic".to_owned(),
            error_message: "the function panicked: its log says where".to_owned(),
        })
    }
}
