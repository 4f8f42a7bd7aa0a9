//! What all parts of a run share: its scenario, its random choices, its history, and processes that may end at any step.

use std::{
    future::pending,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use fastrand::Rng;
use sluice_order::{Clock, Secrets, Timestamp};
use tokio::{sync::Notify, time::sleep};

use crate::{history::History, mistake::Mistake, scenario::Scenario};

/// When a run begins, on a clock that is right: 2026-11-27, 08:00 UTC.
pub(crate) const EPOCH: i64 = 1_795_766_400_000;

pub(crate) struct Run {
    pub(crate) scenario: Scenario,
    pub(crate) history: History,
    /// Random choices for the load. They are the same whatever faults happen.
    pub(crate) load: Chances,
    faults: Chances,
    steps: AtomicU64,
    fixed: AtomicBool,
}

impl Run {
    pub(crate) fn new(scenario: Scenario) -> Arc<Self> {
        Arc::new(Self {
            load: Chances::new(scenario.seed ^ 1),
            faults: Chances::new(!scenario.seed),
            scenario,
            history: History::new(),
            steps: AtomicU64::new(0),
            fixed: AtomicBool::new(false),
        })
    }

    /// Seconds since the run began.
    pub(crate) fn seconds(&self) -> u64 {
        self.history.now() / 1_000
    }

    /// Whether faults still happen.
    pub(crate) fn is_faulty(&self) -> bool {
        self.seconds() < self.scenario.faults_end
    }

    /// Whether a fault of this rate happens now.
    pub(crate) fn fault(&self, per_thousand: usize) -> bool {
        self.is_faulty() && self.chance(per_thousand)
    }

    pub(crate) fn chance(&self, per_thousand: usize) -> bool {
        self.faults.chance(per_thousand)
    }

    pub(crate) fn random<T>(&self, draw: impl FnOnce(&mut Rng) -> T) -> T {
        self.faults.random(draw)
    }

    /// A random time of at most this many milliseconds.
    pub(crate) fn up_to(&self, millis: u64) -> Duration {
        Duration::from_millis(self.random(|rng| rng.u64(..=millis)))
    }

    pub(crate) async fn pause_up_to(&self, millis: u64) {
        sleep(self.up_to(millis)).await;
    }

    pub(crate) fn makes(&self, mistake: Mistake) -> bool {
        self.scenario.mistake == Some(mistake)
    }

    /// From now on marked orders can be fulfilled: their cause is fixed.
    pub(crate) fn fix(&self) {
        self.fixed.store(true, Relaxed);
    }

    pub(crate) fn is_fixed(&self) -> bool {
        self.fixed.load(Relaxed)
    }

    /// How many steps processes have made so far.
    pub(crate) fn steps(&self) -> u64 {
        self.steps.load(Relaxed)
    }

    /// A clock that is wrong by at most the scenario's skew.
    pub(crate) fn clock(self: &Arc<Self>) -> SkewedClock {
        let most = self.scenario.skew.abs();
        SkewedClock {
            run: Arc::clone(self),
            off: self.random(|rng| rng.i64(-most..=most)),
        }
    }

    /// The secrets that are known now, either to the functions that sign or to those that verify.
    pub(crate) fn secrets(&self, signs: bool) -> Secrets {
        let newer = self.scenario.rotation.is_some_and(|(signed, verified)| {
            self.seconds() >= if signs { signed } else { verified }
        });
        let one = "\"1\":\"11111111111111111111111111111111\"";
        let two = if newer {
            ",\"2\":\"22222222222222222222222222222222\""
        } else {
            ""
        };
        Secrets::from_json(&format!("{{{one}{two}}}")).expect("these are secrets")
    }
}

/// Random choices that follow from a seed.
pub(crate) struct Chances(Mutex<Rng>);

impl Chances {
    fn new(seed: u64) -> Self {
        Self(Mutex::new(Rng::with_seed(seed)))
    }

    pub(crate) fn chance(&self, per_thousand: usize) -> bool {
        per_thousand > 0 && self.random(|rng| rng.usize(..1_000)) < per_thousand
    }

    pub(crate) fn random<T>(&self, draw: impl FnOnce(&mut Rng) -> T) -> T {
        draw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(crate) struct SkewedClock {
    run: Arc<Run>,
    off: i64,
}

impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        let now = i64::try_from(self.run.history.now()).unwrap_or(i64::MAX);
        Timestamp::from_millis(EPOCH + now + self.off)
    }
}

/// A process that runs a function.
pub(crate) struct Process {
    run: Arc<Run>,
    /// The step at which the process ends; 0 means never.
    ends_at: AtomicU64,
    steps: AtomicU64,
    is_dead: AtomicBool,
    died: Notify,
}

impl Process {
    pub(crate) fn new(run: &Arc<Run>) -> Arc<Self> {
        Arc::new(Self {
            run: Arc::clone(run),
            ends_at: AtomicU64::new(0),
            steps: AtomicU64::new(0),
            is_dead: AtomicBool::new(false),
            died: Notify::new(),
        })
    }

    /// With the probability that the scenario sets, the process ends within this many steps from now.
    pub(crate) fn may_end_within(&self, steps: u64) {
        let ends_at = if self.run.fault(self.run.scenario.crashes) {
            self.steps.load(Relaxed) + self.run.random(|rng| rng.u64(1..=steps))
        } else {
            0
        };
        self.ends_at.store(ends_at, Relaxed);
    }

    /// A step: the process may end here, and then this never returns.
    pub(crate) async fn step(&self) {
        if !self.is_dead.load(Relaxed) {
            let own = self.steps.fetch_add(1, Relaxed) + 1;
            let all = self.run.steps.fetch_add(1, Relaxed) + 1;
            if own != self.ends_at.load(Relaxed) && Some(all) != self.run.scenario.crash_at {
                return;
            }
            self.end();
        }
        pending::<()>().await;
    }

    /// Ends the process at once.
    pub(crate) fn end(&self) {
        self.is_dead.store(true, Relaxed);
        self.died.notify_one();
    }

    /// Waits until it ends.
    pub(crate) async fn died(&self) {
        self.died.notified().await;
    }
}
