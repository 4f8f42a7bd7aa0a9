//! Segments that do not go to X-Ray's daemon.

use std::{
    mem::take,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Keeps the segments of the orders' own traces for whoever sends them.
///
/// AWS documents Lambda's daemon for subsegments of the invocation's trace only. It takes others today; where it does not, they go by
/// X-Ray's API.
#[derive(Clone, Default, Debug)]
pub struct Segments(Arc<Mutex<Vec<String>>>);

impl Segments {
    /// What came since the last time, as documents in JSON.
    pub fn take(&self) -> Vec<String> {
        take(&mut self.kept())
    }

    pub(crate) fn keep(&self, document: String) {
        self.kept().push(document);
    }

    fn kept(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
