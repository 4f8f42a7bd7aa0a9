//! A subsegment for each statement that a relational database gets.

use std::fmt::Display;

use tracing::{Span, field::Empty};

use crate::{TARGET, span};

/// A statement under way: a subsegment of the span in which it was begun. Dropped before its end, it was cut off.
///
/// Its fields are OpenTelemetry's: <https://opentelemetry.io/docs/specs/semconv/db/sql/>
#[derive(Debug)]
pub struct Statement {
    span: Span,
    is_over: bool,
}

impl Statement {
    /// Begins a statement. `database` names the database's kind for people, such as `PostgreSQL`; `summary` says what the
    /// statement does, such as `INSERT orders`, without any value.
    pub fn begin(database: &'static str, summary: &'static str) -> Self {
        // At the start of the process there is no span that the statement could be a part of.
        let span = if Span::current().is_none() {
            Span::none()
        } else {
            tracing::info_span!(
                target: TARGET,
                "call",
                otel.name = database,
                otel.kind = "client",
                otel.status_code = Empty,
                db.system.name = database,
                db.query.summary = summary,
            )
        };
        Self {
            span,
            is_over: false,
        }
    }

    /// Its span.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Ends it. What it failed with must not quote an order.
    pub fn end<T, E: Display>(mut self, outcome: &Result<T, E>) {
        self.is_over = true;
        if let Err(cause) = outcome {
            span::fail(&self.span, &cause.to_string());
        }
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        if !self.is_over {
            span::fail(&self.span, span::CUT_OFF);
        }
    }
}
