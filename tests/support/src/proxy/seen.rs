//! What the proxy has seen.

use std::{collections::HashMap, time::Instant};

use super::Fault;

/// What a proxy has seen so far.
#[derive(Clone, Default, Debug)]
pub struct Seen {
    /// Clients that wait for their answers at this moment.
    pub waiting: usize,
    operations: HashMap<String, Vec<Instant>>,
    faults: HashMap<Fault, usize>,
}

impl Seen {
    /// All requests.
    pub fn requests(&self) -> usize {
        self.operations.values().map(Vec::len).sum()
    }

    /// When each request of this operation came, in the order of coming.
    pub fn arrivals(&self, operation: &str) -> &[Instant] {
        self.operations.get(operation).map_or(&[], Vec::as_slice)
    }

    /// How many requests met this fault.
    pub fn harmed_by(&self, fault: Fault) -> usize {
        self.faults.get(&fault).copied().unwrap_or_default()
    }

    pub(super) fn arrived(&mut self, operation: &str, fault: Option<Fault>) {
        let arrivals = self.operations.entry(operation.to_owned()).or_default();
        arrivals.push(Instant::now());
        if let Some(fault) = fault {
            *self.faults.entry(fault).or_default() += 1;
        }
        self.waiting += 1;
    }
}
