//! One run, from the first request until nothing is under way any more.

use std::{sync::Arc, time::Duration};

use sluice_order::{DeadLetter, Lane as Name};
use tokio::{
    runtime::Builder,
    task::{LocalSet, spawn_local},
    time::sleep,
};

use crate::{
    clients,
    history::{Entry, Event},
    mark::Mark,
    queue::{Queue, with_letter},
    run::Run,
    scenario::Scenario,
    source::Source,
    storage::Table,
    topic::{Lane, Topic},
};

/// How long after the end of the faults everything must be finished: the longest backoff (900 s), which P6 names, and the time
/// for the last pause of the breaker, timeouts and batches.
pub const BOUND: Duration = Duration::from_mins(16);

/// After how many visibility timeouts every message that shares its batches with a killer is done. Each such batch is delivered
/// again after a visibility timeout. From the fourth receive on its records run one by one, in any order, in half of the
/// batches; those in front of the killer are then done.
const ROUNDS_WITH_KILLER: u64 = 120;

/// An order that storage never answers for holds an invocation for nearly a minute each time it is received. Several of them may
/// keep a lane with a single invocation from the others for this long each.
const HELD_BY_IGNORED: Duration = Duration::from_mins(15);

/// What a run leaves for the checker.
pub struct Outcome {
    /// What happened.
    pub history: Vec<Entry>,
    /// How many steps there were at which a process could crash.
    pub steps: u64,
}

/// Runs a scenario, in virtual time.
///
/// # Panics
/// No runtime can be made.
pub fn run(scenario: &Scenario) -> Outcome {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        let run = Run::new(scenario.clone());
        World::new(&run).live().await;
        Outcome {
            steps: run.steps(),
            history: run.history.take(),
        }
    })
}

struct World {
    run: Arc<Run>,
    topic: Arc<Topic>,
    lanes: [Lane; 2],
}

impl World {
    fn new(run: &Arc<Run>) -> Self {
        let lane = |name, queue, dead| {
            let dead = Queue::new(dead, run, None);
            Lane {
                name,
                queue: Queue::new(queue, run, Some(Arc::clone(&dead))),
                dead,
            }
        };
        let lanes = [
            lane(Name::Standard, "standard queue", "standard dead letters"),
            lane(Name::Hot, "hot queue", "hot dead letters"),
        ];
        let topic = Topic::new(run, lanes.clone());
        Self {
            run: Arc::clone(run),
            topic,
            lanes,
        }
    }

    async fn live(&self) {
        let scenario = &self.run.scenario;
        self.run.history.push(Event::Paced {
            concurrency: scenario.concurrency as u64,
            interval: scenario.interval,
        });
        let table = Table::new(&self.run);
        for lane in &self.lanes {
            let source = Source::new(&self.run, lane.clone(), &table);
            for _ in 0..self.run.scenario.concurrency {
                spawn_local(Arc::clone(&source).poll());
            }
        }
        let (run, topic, queue) = (
            Arc::clone(&self.run),
            Arc::clone(&self.topic),
            Arc::clone(&self.lanes[0].queue),
        );
        spawn_local(async move { clients::inject(&run, &topic, &queue).await });
        clients::post_all(&self.run, &self.topic, &table).await;
        while self.run.is_faulty() {
            sleep(Duration::from_secs(1)).await;
        }
        self.rest(false).await;
        self.run.fix();
        // Invocations that began before may still send dead letters.
        sleep(Duration::from_mins(2)).await;
        self.replay();
        self.rest(true).await;
    }

    /// Waits until nothing is under way, or the bound is reached, and records what is left in the queues.
    async fn rest(&self, fixed: bool) {
        let killers = self
            .left()
            .iter()
            .any(|body| body.contains(Mark::prefix(Some(Mark::Kills))));
        let rounds = if killers { ROUNDS_WITH_KILLER } else { 0 };
        let ignored = Mark::prefix(Some(Mark::Ignored));
        let ignored = if self.run.scenario.concurrency == 1 {
            let left = self.left();
            left.iter().filter(|body| body.contains(ignored)).count()
        } else {
            0
        };
        let bound = BOUND
            + Duration::from_secs(rounds * self.run.scenario.visibility)
            + HELD_BY_IGNORED * u32::try_from(ignored).unwrap_or(u32::MAX);
        for _ in 0..bound.as_secs() {
            sleep(Duration::from_secs(1)).await;
            if !self.topic.is_busy() && self.left().is_empty() {
                break;
            }
        }
        self.run.history.push(Event::AtRest {
            fixed,
            left: self.left(),
        });
    }

    fn left(&self) -> Vec<Arc<str>> {
        self.lanes
            .iter()
            .flat_map(|lane| lane.queue.bodies())
            .collect()
    }

    /// Does what `sluice dlq replay` does: it sends each dead letter back to its lane, and then deletes it.
    fn replay(&self) {
        for lane in &self.lanes {
            for message in lane.dead.receive(usize::MAX) {
                let letter = DeadLetter::replayed(
                    message.letter().as_ref(),
                    &message.id,
                    message.trace_header.as_deref(),
                );
                lane.queue.send(with_letter(&message, &letter));
                lane.dead.delete(&message.receipt_handle);
            }
        }
    }
}
