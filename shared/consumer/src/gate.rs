//! The only way to the sink: through the breaker, at the pace, and no write that would start too late.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    breaker::Breaker,
    metrics,
    outcome::Failure,
    pace::{Pace, Turn},
    sink::SinkError,
};

/// What a record has to keep to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// No write is started later.
    pub(crate) last_start: Instant,
    /// Whatever is not done by then is abandoned for this invocation. `record.rs` sees to it.
    pub(crate) cutoff: Instant,
    /// It may be what kills the process, so nothing else is begun while it is under way.
    pub(crate) is_suspect: bool,
}

/// The sink's gate, one for each instance of a function. It lives from batch to batch.
#[derive(Debug)]
pub(crate) struct Gate {
    lane: &'static str,
    breaker: Breaker,
    pace: Pace,
}

impl Gate {
    pub(crate) fn new(lane: &'static str, pace: Pace) -> Self {
        Self {
            lane,
            breaker: Breaker::default(),
            pace,
        }
    }

    /// An invocation starts.
    pub(crate) fn begin(&self) {
        self.pace.begin();
    }

    /// How many items have their turn within this time.
    pub(crate) fn items_in(&self, time: Duration) -> usize {
        self.pace.items_in(time)
    }

    /// Whether the sink is taken to be out of reach.
    pub(crate) fn is_open(&self) -> bool {
        self.breaker.is_open()
    }

    /// Whether the sink was taken to be out of reach since this was last asked.
    pub(crate) fn was_open(&self) -> bool {
        self.breaker.was_open()
    }

    /// Reads. A read does not wait for the pace.
    pub(crate) async fn read<T>(
        &self,
        limits: Limits,
        call: impl AsyncFnMut() -> Result<T, SinkError>,
    ) -> Result<T, Failure> {
        self.pass(limits, 0, call).await
    }

    /// Writes so many items in one call, at the pace.
    pub(crate) async fn write<T>(
        &self,
        limits: Limits,
        items: usize,
        call: impl AsyncFnMut() -> Result<T, SinkError>,
    ) -> Result<T, Failure> {
        let items = u32::try_from(items).unwrap_or(u32::MAX);
        self.pass(limits, items, call).await
    }

    /// Calls the sink, and again as often as it takes while the breaker is open: the invocation holds its records until a
    /// probe succeeds or its time is over.
    async fn pass<T>(
        &self,
        limits: Limits,
        items: u32,
        mut call: impl AsyncFnMut() -> Result<T, SinkError>,
    ) -> Result<T, Failure> {
        loop {
            let permit = self.breaker.admit().await;
            let is_probe = permit.is_probe();
            // A permit that is dropped for lack of time teaches the breaker nothing.
            let answer = if items == 0 {
                call().await
            } else {
                let turn = self.turn(limits, items).await?;
                // It was let in before the breaker opened, and has waited for its turn since. The turn is given up.
                if !is_probe && self.breaker.is_open() {
                    continue;
                }
                self.in_turn(turn, &mut call).await
            };
            let error = match answer {
                Ok(answer) => {
                    permit.succeeded();
                    return Ok(answer);
                }
                Err(error) => error,
            };
            match &error {
                // The sink is there, and says no.
                SinkError::Refused { .. } => {
                    permit.succeeded();
                    return Err(error.into());
                }
                SinkError::Unavailable(_) | SinkError::Throttled(_) => permit.failed(),
            }
            // A suspect runs alone, so it would make every probe. If it is itself what the sink does not answer, the breaker
            // would never close.
            let is_every_probe = is_probe && limits.is_suspect;
            if is_every_probe || !self.breaker.is_open() {
                return Err(error.into());
            }
        }
    }

    /// Waits for the turn of so many items.
    async fn turn(&self, limits: Limits, items: u32) -> Result<Turn, Failure> {
        let (turn, waited) = timed(self.pace.turn(items, limits.last_start)).await;
        let turn = turn.ok_or(Failure::NoTime)?;
        metrics::waited_for_turn(self.lane, waited);
        Ok(turn)
    }

    /// Calls the sink, and lets the pace learn from its answer.
    async fn in_turn<T>(
        &self,
        turn: Turn,
        call: &mut impl AsyncFnMut() -> Result<T, SinkError>,
    ) -> Result<T, SinkError> {
        let (answer, took) = timed(call()).await;
        metrics::written(self.lane, took);
        match &answer {
            Ok(_) => self.pace.succeeded(),
            Err(SinkError::Throttled(_)) => {
                self.pace.throttled(turn);
                metrics::throttled(self.lane);
            }
            Err(SinkError::Refused { .. } | SinkError::Unavailable(_)) => {}
        }
        answer
    }
}

async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let begun = Instant::now();
    (work.await, begun.elapsed())
}
