//! How long the machine kept this process from running. What comes late to the recorder may have been sent in time, and the same
//! befalls the consumers: a row that falls short on a machine with stalls is to be measured again on an idle one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How often it looks.
const TICK: Duration = Duration::from_millis(2);

/// A thread that sleeps, and notes by how much it overslept at most.
pub(crate) struct Stalls {
    done: Arc<AtomicBool>,
    watching: JoinHandle<Duration>,
}

impl Stalls {
    /// Begins.
    pub(crate) fn watch() -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&done);
        let watching = thread::spawn(move || {
            let mut worst = Duration::ZERO;
            while !seen.load(Ordering::Relaxed) {
                let due = Instant::now() + TICK;
                thread::sleep(TICK);
                worst = worst.max(due.elapsed());
            }
            worst
        });
        Self { done, watching }
    }

    /// Ends, and tells the longest.
    pub(crate) fn worst(self) -> Duration {
        self.done.store(true, Ordering::Relaxed);
        self.watching.join().expect("it only sleeps")
    }
}
