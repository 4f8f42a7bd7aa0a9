//! The last traces.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
};

use crate::rules::Segment;

/// How much is kept. If there is more, the oldest trace is dropped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) documents: usize,
    /// Bytes of the documents' texts.
    pub(crate) bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            documents: 50_000,
            bytes: 64 * 1024 * 1024,
        }
    }
}

/// The segments of a trace by their ids.
pub(crate) type Trace = BTreeMap<String, Segment>;

/// The traces, in the order in which their first documents arrived.
#[derive(Debug, Default)]
pub(crate) struct Store {
    bounds: Bounds,
    traces: BTreeMap<u64, (String, Trace)>,
    numbers: HashMap<String, u64>,
    next: u64,
    documents: usize,
    bytes: usize,
}

impl Store {
    /// Keeps a segment. It replaces an earlier one with the same id.
    pub(crate) fn put(&mut self, segment: Segment) {
        let number = *self
            .numbers
            .entry(segment.trace_id.clone())
            .or_insert(self.next);
        let new = || (segment.trace_id.clone(), Trace::new());
        let (_, trace) = self.traces.entry(number).or_insert_with(new);
        self.next = self.next.max(number + 1);
        self.documents += 1;
        self.bytes += segment.text.len();
        if let Some(replaced) = trace.insert(segment.id.clone(), segment) {
            self.documents -= 1;
            self.bytes -= replaced.text.len();
        }
        while self.documents > self.bounds.documents || self.bytes > self.bounds.bytes {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some((_, (id, trace))) = self.traces.pop_first() {
            self.numbers.remove(&id);
            self.documents -= trace.len();
            self.bytes -= trace
                .values()
                .map(|segment| segment.text.len())
                .sum::<usize>();
        }
    }

    /// How many documents there are.
    pub(crate) fn documents(&self) -> usize {
        self.documents
    }

    pub(crate) fn trace(&self, id: &str) -> Option<&Trace> {
        let (_, trace) = self.traces.get(self.numbers.get(id)?)?;
        Some(trace)
    }

    /// Number, id and segments of each trace whose number is above `number`, in the order of the numbers. No number is
    /// given twice.
    pub(crate) fn after(&self, number: Option<u64>) -> impl Iterator<Item = (u64, &str, &Trace)> {
        let from = number.map_or(Bound::Unbounded, Bound::Excluded);
        self.traces
            .range((from, Bound::Unbounded))
            .map(|(number, (id, trace))| (*number, id.as_str(), trace))
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
