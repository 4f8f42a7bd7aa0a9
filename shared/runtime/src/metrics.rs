//! Metrics, as lines in `CloudWatch`'s embedded metric format (EMF): whoever counts uses the macros of the crate `metrics`,
//! and [`Metrics`] tells what was counted since the last time, a line for each set of dimensions.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
//!
//! Labels are dimensions; `service` is one of each metric. The name tells the unit: `…Seconds`, `…Ms`, or else a count.
//! Counters that are zero are not written. A gauge keeps nothing: it has no value while the process is frozen.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use metrics::{
    Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use serde_json::{Map, Value, json};
use sluice_order::Timestamp;

/// What one metric may have in one line.
const MAX_VALUES: usize = 100;

/// Keeps what was counted until it is written.
#[derive(Debug)]
pub struct Metrics {
    namespace: String,
    service: String,
    sets: Mutex<BTreeMap<Dimensions, BTreeMap<String, Series>>>,
}

/// Names and values.
type Dimensions = BTreeMap<String, String>;

/// What a metric counted.
#[derive(Clone, Debug)]
enum Series {
    Sum(Arc<AtomicU64>),
    Each(Arc<Values>),
}

#[derive(Default, Debug)]
struct Values(Mutex<Vec<f64>>);

impl HistogramFn for Values {
    fn record(&self, value: f64) {
        // JSON has no others.
        if value.is_finite() {
            locked(&self.0).push(value);
        }
    }
}

impl Series {
    fn take(&self) -> Vec<Value> {
        match self {
            Self::Sum(sum) => match sum.swap(0, Relaxed) {
                0 => Vec::new(),
                sum => vec![sum.into()],
            },
            Self::Each(values) => {
                let values = std::mem::take(&mut *locked(&values.0));
                values.into_iter().map(Value::from).collect()
            }
        }
    }
}

impl Metrics {
    /// Those of a service, in a namespace of `CloudWatch`.
    pub fn new(namespace: impl Into<String>, service: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            service: service.into(),
            sets: Mutex::default(),
        }
    }

    /// The lines of what was counted since the last time.
    pub fn take(&self, now: Timestamp) -> String {
        let mut lines = String::new();
        for (dimensions, series) in &*locked(&self.sets) {
            let values = series
                .iter()
                .map(|(name, series)| (name.as_str(), series.take()));
            let values: BTreeMap<&str, Vec<Value>> = values.collect();
            let most = values.values().map(Vec::len).max().unwrap_or_default();
            for start in (0..most).step_by(MAX_VALUES) {
                lines += &self.line(dimensions, &values, start, now).to_string();
                lines.push('\n');
            }
        }
        lines
    }

    /// The values from this one on, as many as a line may have.
    fn line(
        &self,
        dimensions: &Dimensions,
        values: &BTreeMap<&str, Vec<Value>>,
        start: usize,
        now: Timestamp,
    ) -> Value {
        let mut line = Map::new();
        let mut definitions = Vec::new();
        for (name, values) in values {
            let some: Vec<_> = values.iter().skip(start).take(MAX_VALUES).collect();
            let value = match &some[..] {
                [] => continue,
                [one] => json!(one),
                many => json!(many),
            };
            definitions.push(json!({"Name": name, "Unit": unit_of(name)}));
            line.insert((*name).to_owned(), value);
        }
        for (name, value) in dimensions {
            line.insert(name.clone(), json!(value));
        }
        let names: Vec<_> = dimensions.keys().collect();
        let directive = json!({
            "Namespace": self.namespace,
            "Dimensions": [names],
            "Metrics": definitions,
        });
        let about = json!({"Timestamp": now.as_millis(), "CloudWatchMetrics": [directive]});
        line.insert("_aws".to_owned(), about);
        Value::Object(line)
    }

    fn series(&self, key: &Key, new: impl FnOnce() -> Series) -> Series {
        let mut dimensions: Dimensions = key
            .labels()
            .map(|label| (label.key().to_owned(), label.value().to_owned()))
            .collect();
        dimensions.insert("service".to_owned(), self.service.clone());
        let mut sets = locked(&self.sets);
        let set = sets.entry(dimensions).or_default();
        set.entry(key.name().to_owned()).or_insert_with(new).clone()
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
