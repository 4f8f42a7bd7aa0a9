//! A circuit breaker around storage: an outage costs a few calls a minute, beside those that were under way when it began.
//!
//! *Closed*, every call goes through. After [`OPENS_AFTER`] failures in a row it *opens*: callers wait. When the
//! pause is over it is *half-open*: the caller who has waited longest makes one call, the probe. If storage
//! answers, the breaker closes and all go on; if not, the next one probes, after a pause twice as long.
//! A caller whose own record is at fault can so spoil one probe, never the next.
//!
//! Nygard, "Release It!", chapter "Stability Patterns".

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync,
    time::{Instant, sleep_until},
};

/// How many failures in a row open the breaker.
const OPENS_AFTER: u32 = 5;

/// The pause before the first probe; it doubles with each that fails.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause between two probes: storage that is back is found within this.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// One breaker, for one storage; an instance of the function keeps it from batch to batch.
#[derive(Default, Debug)]
pub(crate) struct Breaker {
    state: Mutex<State>,
    /// Whose turn it is while the breaker is open. First come, first served.
    turn: sync::Mutex<()>,
}

#[derive(Default, Debug)]
struct State {
    failures: u32,
    open: Option<Open>,
    /// Whether it was open since somebody last asked.
    was_open: bool,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    until: Instant,
    pause: Duration,
}

/// Leave for one call. Whoever has it says how the call went; if it is dropped instead, nothing is learned.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
    /// Held by a probe, so that there is one at a time.
    probe: Option<sync::MutexGuard<'a, ()>>,
}

impl Breaker {
    /// Waits until a call may be made.
    pub(crate) async fn admit(&self) -> Permit<'_> {
        if self.is_open() {
            let turn = self.turn.lock().await;
            // Those before in the line may have closed it.
            let open = self.state().open;
            if let Some(open) = open {
                sleep_until(open.until).await;
                return Permit {
                    breaker: self,
                    probe: Some(turn),
                };
            }
        }
        Permit {
            breaker: self,
            probe: None,
        }
    }

    /// Whether storage is taken to be out of reach.
    pub(crate) fn is_open(&self) -> bool {
        self.state().open.is_some()
    }

    /// Whether it is open, or was since this was last asked.
    pub(crate) fn was_open(&self) -> bool {
        let mut state = self.state();
        let is_open = state.open.is_some();
        std::mem::replace(&mut state.was_open, is_open) || is_open
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// Whether it is for a probe.
    pub(crate) fn is_probe(&self) -> bool {
        self.probe.is_some()
    }

    /// Storage answered.
    pub(crate) fn succeeded(self) {
        let mut state = self.breaker.state();
        state.failures = 0;
        if state.open.take().is_some() {
            tracing::info!("storage answers again");
        }
    }

    /// Storage was out of reach.
    pub(crate) fn failed(self) {
        let mut state = self.breaker.state();
        state.failures = state.failures.saturating_add(1);
        let pause = match state.open {
            None if state.failures < OPENS_AFTER => return,
            None => {
                tracing::warn!("storage is out of reach: orders are held");
                state.was_open = true;
                FIRST_PAUSE
            }
            // A call from before it opened tells nothing new.
            Some(_) if self.probe.is_none() => return,
            Some(open) => (open.pause * 2).min(LONGEST_PAUSE),
        };
        let until = Instant::now() + pause;
        state.open = Some(Open { until, pause });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tokio::time::{advance, timeout};

    async fn admitted(breaker: &Breaker) -> bool {
        timeout(Duration::ZERO, breaker.admit()).await.is_ok()
    }

    async fn opened() -> Arc<Breaker> {
        let breaker = Breaker::default();
        for _ in 0..OPENS_AFTER {
            breaker.admit().await.failed();
        }
        breaker.into()
    }

    /// P6.
    #[tokio::test(start_paused = true)]
    async fn failures_in_a_row_open_it_and_a_success_between_them_does_not() {
        let breaker = Breaker::default();
        for _ in 0..3 {
            for _ in 1..OPENS_AFTER {
                breaker.admit().await.failed();
            }
            breaker.admit().await.succeeded();
        }
        assert!(!breaker.is_open());
        for _ in 1..OPENS_AFTER {
            breaker.admit().await.failed();
        }
        assert!(admitted(&breaker).await);
        breaker.admit().await.failed();
        assert!(!admitted(&breaker).await);
    }

    /// P6.
    #[tokio::test(start_paused = true)]
    async fn open_it_lets_one_probe_through_after_each_pause_and_the_pauses_grow_to_ten_seconds() {
        let breaker = opened().await;
        for pause in [1, 2, 4, 8, 10, 10] {
            advance(Duration::from_millis(pause * 1_000 - 1)).await;
            assert!(!admitted(&breaker).await, "before {pause} s");
            advance(Duration::from_millis(1)).await;
            let probe = breaker.admit().await;
            assert!(!admitted(&breaker).await, "a second probe after {pause} s");
            probe.failed();
        }
    }

    /// P6.
    #[tokio::test(start_paused = true)]
    async fn a_probe_that_succeeds_lets_all_through() {
        let breaker = opened().await;
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let breaker = Arc::clone(&breaker);
                tokio::spawn(async move { breaker.admit().await.succeeded() })
            })
            .collect();
        for caller in waiting {
            timeout(LONGEST_PAUSE, caller).await.unwrap().unwrap();
        }
        assert!(!breaker.is_open());
    }

    /// P5: one record that storage never answers for must not be every probe.
    #[tokio::test(start_paused = true)]
    async fn whoever_failed_goes_to_the_end_of_the_line() {
        let breaker = opened().await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let callers: Vec<_> = (0..3)
            .map(|caller| {
                let (breaker, order) = (Arc::clone(&breaker), Arc::clone(&order));
                tokio::spawn(async move {
                    for _ in 0..2 {
                        let permit = breaker.admit().await;
                        order.lock().unwrap().push(caller);
                        permit.failed();
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), [0, 1, 2, 0, 1, 2]);
    }

    /// P5.
    #[tokio::test(start_paused = true)]
    async fn a_probe_that_ends_without_a_word_leaves_the_turn_to_the_next() {
        let breaker = opened().await;
        drop(breaker.admit().await);
        assert!(admitted(&breaker).await);
        assert!(breaker.is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn calls_from_before_it_opened_do_not_prolong_the_pause_and_may_close_it() {
        let breaker = Breaker::default();
        let (late_failure, late_success) = (breaker.admit().await, breaker.admit().await);
        for _ in 0..OPENS_AFTER {
            breaker.admit().await.failed();
        }
        late_failure.failed();
        advance(FIRST_PAUSE).await;
        assert!(admitted(&breaker).await);
        late_success.succeeded();
        assert!(!breaker.is_open());
    }
}
