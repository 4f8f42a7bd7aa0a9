//! Keeps segments that do not go to X-Ray's daemon.

use std::{
    mem::take,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Keeps the segments of the orders' own traces until the function sends them.
///
/// AWS documents Lambda's daemon for subsegments of the invocation's trace only. If it does not take others, they go by X-Ray's
/// API.
#[derive(Clone, Default, Debug)]
pub struct Segments(Arc<Mutex<Vec<String>>>);

impl Segments {
    /// Takes out what came since the last call, as JSON documents.
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
