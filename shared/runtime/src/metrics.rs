//! Metrics, as lines in `CloudWatch`'s embedded metric format (EMF). Code counts with the macros of the crate `metrics`, and
//! [`Metrics`] writes what was counted since the last time, one line for each set of dimensions.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
//!
//! Labels are dimensions; `service` is a dimension of each metric. The end of a name tells the unit: `…Seconds`, `…Ms`, or
//! else a count. Counters that are zero are not written. Gauges are ignored: they have no value while the process is frozen.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use metrics::{
    Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use serde::{Serialize, Serializer, ser::SerializeMap};
use sluice_order::Timestamp;

/// The most values that one metric may have in one line.
const MAX_VALUES: usize = 100;

/// Keeps the counts until they are written.
#[derive(Debug)]
pub struct Metrics {
    namespace: String,
    service: String,
    kept: Mutex<Kept>,
}

#[derive(Default, Debug)]
struct Kept {
    /// Finds a series by its key. Counting uses it, and must be fast.
    by_key: HashMap<Key, Series>,
    /// The same series, grouped by their dimensions. Writing uses it.
    sets: BTreeMap<Dimensions, BTreeMap<String, Series>>,
}

/// Names of dimensions and their values.
type Dimensions = BTreeMap<String, String>;

/// What was counted for a metric: a sum, or each value.
#[derive(Clone, Debug)]
enum Series {
    Sum(Arc<AtomicU64>),
    Each(Arc<Values>),
}

#[derive(Default, Debug)]
struct Values(Mutex<Vec<f64>>);

impl HistogramFn for Values {
    fn record(&self, value: f64) {
        // JSON has no infinite numbers.
        if value.is_finite() {
            locked(&self.0).push(value);
        }
    }
}

/// One value.
#[derive(Clone, Copy, Serialize, Debug)]
#[serde(untagged)]
enum Number {
    Count(u64),
    Measure(f64),
}

impl Series {
    fn take(&self) -> Vec<Number> {
        match self {
            Self::Sum(sum) => match sum.swap(0, Relaxed) {
                0 => Vec::new(),
                sum => vec![Number::Count(sum)],
            },
            Self::Each(values) => {
                let values = std::mem::take(&mut *locked(&values.0));
                values.into_iter().map(Number::Measure).collect()
            }
        }
    }
}

impl Metrics {
    /// The metrics of a service, in a namespace of `CloudWatch`.
    pub fn new(namespace: impl Into<String>, service: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            service: service.into(),
            kept: Mutex::default(),
        }
    }

    /// The lines for everything that was counted since the last call.
    pub fn take(&self, now: Timestamp) -> String {
        let mut lines = String::new();
        for (dimensions, series) in &locked(&self.kept).sets {
            let values = series
                .iter()
                .map(|(name, series)| (name.as_str(), series.take()));
            let values: Vec<(&str, Vec<Number>)> = values.collect();
            let most = values.iter().map(|(_, values)| values.len()).max();
            for start in (0..most.unwrap_or_default()).step_by(MAX_VALUES) {
                let line = Line {
                    namespace: &self.namespace,
                    dimensions,
                    values: some_of(&values, start),
                    now,
                };
                if let Ok(line) = serde_json::to_string(&line) {
                    lines += &line;
                    lines.push('\n');
                }
            }
        }
        lines
    }

    fn series(&self, key: &Key, new: impl FnOnce() -> Series) -> Series {
        let Kept { by_key, sets } = &mut *locked(&self.kept);
        if let Some(series) = by_key.get(key) {
            return series.clone();
        }
        let mut dimensions: Dimensions = key
            .labels()
            .map(|label| (label.key().to_owned(), label.value().to_owned()))
            .collect();
        dimensions.insert("service".to_owned(), self.service.clone());
        let set = sets.entry(dimensions).or_default();
        let series = set.entry(key.name().to_owned()).or_insert_with(new);
        by_key.insert(key.clone(), series.clone());
        series.clone()
    }
}

/// Of each metric that has values from place `start` on: as many of them as one line may have.
fn some_of<'a>(values: &'a [(&str, Vec<Number>)], start: usize) -> Vec<(&'a str, &'a [Number])> {
    let some = values.iter().filter_map(|(name, values)| {
        let rest = values.get(start..).filter(|rest| !rest.is_empty())?;
        Some((*name, &rest[..rest.len().min(MAX_VALUES)]))
    });
    some.collect()
}

/// One line, as `CloudWatch` reads it.
struct Line<'a> {
    namespace: &'a str,
    dimensions: &'a Dimensions,
    values: Vec<(&'a str, &'a [Number])>,
    now: Timestamp,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct About<'a> {
    timestamp: i64,
    cloud_watch_metrics: [Directive<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    namespace: &'a str,
    dimensions: [Vec<&'a str>; 1],
    metrics: Vec<Definition<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition<'a> {
    name: &'a str,
    unit: &'static str,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let definitions = self.values.iter().map(|(name, _)| Definition {
            name,
            unit: unit_of(name),
        });
        let about = About {
            timestamp: self.now.as_millis(),
            cloud_watch_metrics: [Directive {
                namespace: self.namespace,
                dimensions: [self.dimensions.keys().map(String::as_str).collect()],
                metrics: definitions.collect(),
            }],
        };
        let mut line = serializer.serialize_map(None)?;
        line.serialize_entry("_aws", &about)?;
        for (name, values) in &self.values {
            match values {
                [one] => line.serialize_entry(name, one)?,
                many => line.serialize_entry(name, many)?,
            }
        }
        for (name, value) in self.dimensions {
            line.serialize_entry(name, value)?;
        }
        line.end()
    }
}

fn unit_of(name: &str) -> &'static str {
    if name.ends_with("Seconds") {
        "Seconds"
    } else if name.ends_with("Ms") {
        "Milliseconds"
    } else {
        "Count"
    }
}

impl Recorder for Metrics {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        match self.series(key, || Series::Sum(Arc::default())) {
            Series::Sum(sum) => Counter::from_arc(sum),
            Series::Each(_) => Counter::noop(),
        }
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        match self.series(key, || Series::Each(Arc::default())) {
            Series::Each(values) => Histogram::from_arc(values),
            Series::Sum(_) => Histogram::noop(),
        }
    }
}

fn locked<T>(values: &Mutex<T>) -> MutexGuard<'_, T> {
    values.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
