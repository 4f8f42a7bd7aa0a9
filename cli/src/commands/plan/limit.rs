//! A limit: what is planned, what is allowed, what to do.

use serde::Serialize;

use crate::terminal::units::{bytes, duration, number};

/// How a figure stands to its limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// Below it.
    Ok,
    /// Above what holds under a condition that the row names.
    Warn,
    /// Above it: the sale hits it.
    Over,
}

/// One limit.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(crate) struct Limit {
    /// What it is called.
    pub(crate) name: &'static str,
    /// The name for `--quota`, where it may differ from the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quota: Option<&'static str>,
    /// What the sale needs.
    pub(crate) planned: f64,
    /// What there is.
    pub(crate) allowed: f64,
    /// How both are written.
    #[serde(skip)]
    pub(crate) unit: Unit,
    /// How they stand.
    pub(crate) status: Status,
    /// What to do where it is not fine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) to_do: Option<String>,
}

/// How a figure is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    /// So many a second.
    PerSecond,
    /// So many.
    Count,
    /// Bytes.
    Bytes,
    /// A time.
    Time,
}

impl Unit {
    /// A figure in this unit.
    pub(crate) fn of(self, value: f64) -> String {
        match self {
            Self::PerSecond => format!("{}/s", number(value)),
            Self::Count => number(value),
            Self::Bytes => bytes(value),
            Self::Time => duration(value),
        }
    }
}

/// A limit that nothing is above yet.
pub(crate) fn limit(name: &'static str, unit: Unit, planned: f64, allowed: f64) -> Limit {
    Limit {
        name,
        quota: None,
        planned,
        allowed,
        unit,
        status: Status::Ok,
        to_do: None,
    }
}

impl Limit {
    /// Above it the sale hits it.
    pub(crate) fn over(self, to_do: impl FnOnce() -> String) -> Self {
        self.above(Status::Over, to_do)
    }

    /// Above it something may happen.
    pub(crate) fn warn(self, to_do: impl FnOnce() -> String) -> Self {
        self.above(Status::Warn, to_do)
    }

    fn above(mut self, status: Status, to_do: impl FnOnce() -> String) -> Self {
        if self.planned > self.allowed * (1.0 + 1e-9) {
            self.status = status;
            self.to_do = Some(to_do());
        }
        self
    }
}
