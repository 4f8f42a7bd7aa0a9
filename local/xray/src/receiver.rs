//! What happens to each document that arrives.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use crate::{
    log::log,
    refusal::Refusal,
    rules::{self, check},
    store::Store,
    tally::Tally,
};

/// Checks, counts and keeps the documents that arrive, by UDP and by HTTP.
#[derive(Debug, Default)]
pub(crate) struct Receiver {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) store: Store,
    tally: Tally,
}

impl Receiver {
    pub(crate) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the document of a datagram.
    pub(crate) fn datagram(&self, bytes: &[u8]) {
        // The sender of a datagram gets no answer. The refusal is counted.
        let _ = self.take(rules::datagram(bytes));
    }

    /// Takes a document.
    ///
    /// # Errors
    /// It breaks a rule of X-Ray.
    pub(crate) fn document(&self, bytes: &[u8]) -> Result<(), Refusal> {
        self.take(Ok(bytes))
    }

    fn take(&self, document: Result<&[u8], Refusal>) -> Result<(), Refusal> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let checked = document.and_then(|document| check(document, now.unwrap_or(Duration::ZERO)));
        let mut kept = self.kept();
        kept.tally.received();
        match checked {
            Ok(segment) => {
                kept.store.put(segment);
                Ok(())
            }
            Err(refusal) => {
                let line = kept.tally.refused(refusal, Instant::now());
                drop(kept);
                if let Some(line) = line {
                    log(&line);
                }
                Err(refusal)
            }
        }
    }

    /// How many documents were received, refused and why, and kept.
    pub(crate) fn counts(&self) -> Value {
        let kept = self.kept();
        let mut counts = json!(kept.tally);
        counts["kept"] = json!(kept.store.documents());
        counts
    }
}
