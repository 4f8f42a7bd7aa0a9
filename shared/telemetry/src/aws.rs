//! A subsegment for each call to AWS, whichever AWS client makes it.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
                FinalizerInterceptorContextRef,
            },
        },
        orchestrator::Metadata,
        retries::RequestAttempts,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_types::region::Region;
use tracing::{Span, field::Empty};

use crate::{TARGET, TraceContext, span};

/// The header from which AWS services take the trace.
const HEADER: &str = "x-amzn-trace-id";

/// Traces the calls of an AWS client, as an interceptor. Each call is a subsegment of the span in which it is made, and the
/// service gets this place in the trace by a header.
#[derive(Debug)]
pub struct Calls {
    service: &'static str,
    resource: String,
}

/// A call under way.
#[derive(Debug)]
struct Call {
    span: Span,
    is_over: AtomicBool,
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.is_over.load(Relaxed) {
            span::fail(&self.span, span::CUT_OFF);
        }
    }
}

impl Storable for Call {
    type Storer = StoreReplace<Self>;
}

impl Calls {
    /// Traces the calls to a service, as X-Ray names it, and to one of its resources: a table, a topic, a queue.
    pub fn to(service: &'static str, resource: impl Into<String>) -> Self {
        Self {
            service,
            resource: resource.into(),
        }
    }
}

impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "sluice::Calls"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // At the start of the process there is no span that the call could be a part of.
        if Span::current().is_none() {
            return Ok(());
        }
        let span = tracing::info_span!(
            target: TARGET,
            "call",
            otel.name = self.service,
            otel.kind = "client",
            otel.status_code = Empty,
            otel.status_description = Empty,
            aws.service = self.service,
            aws.operation = Empty,
            aws.table.name = (self.service == "DynamoDB").then_some(self.resource.as_str()),
            aws.queue.url = (self.service == "SQS").then_some(self.resource.as_str()),
            aws.topic.arn = (self.service == "SNS").then_some(self.resource.as_str()),
            aws.region = cfg.load::<Region>().map(AsRef::as_ref),
            aws.request_id = Empty,
            http.response.status_code = Empty,
            retries = Empty,
        );
        let is_over = AtomicBool::new(false);
        cfg.interceptor_state().store_put(Call { span, is_over });
        Ok(())
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Call { span, .. }) = cfg.load::<Call>() else {
            return Ok(());
        };
        // The operation's name is not known before.
        span.record("aws.operation", cfg.load::<Metadata>().map(Metadata::name));
        // Otherwise the SDK would send the invocation's trace, which it finds in the environment. That holds for a trace that is
        // not recorded, too.
        if let Some(here) = TraceContext::at(span) {
            context
                .request_mut()
                .headers_mut()
                .insert(HEADER, here.header());
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(call) = cfg.load::<Call>() else {
            return Ok(());
        };
        call.is_over.store(true, Relaxed);
        let span = &call.span;
        if let Some(response) = context.response() {
            span.record(
                "http.response.status_code",
                i64::from(response.status().as_u16()),
            );
            let id = response.headers().get("x-amzn-requestid");
            span.record("aws.request_id", id);
        }
        let attempts = cfg
            .load::<RequestAttempts>()
            .map_or(1, RequestAttempts::attempts);
        if attempts > 1 {
            span.record("retries", i64::from(attempts - 1));
        }
        if let Some(Err(error)) = context.output_or_error() {
            let cause = if error.is_timeout_error() {
                "timeout"
            } else if error.is_connector_error() {
                "no connection"
            } else if error.is_response_error() {
                "no readable answer"
            } else {
                "refused by the service"
            };
            span::fail(span, cause);
        }
        cfg.interceptor_state().unset::<Call>();
        Ok(())
    }
}
