//! P4 from the side of storage: a lane with a backlog, and when its writes come.

use std::time::{Duration, Instant};

use sluice_order::Lane;
use sluice_testing::{consumers::kill, orders::orders, stack::Stack};
use tokio::time::{interval, sleep};

use crate::{
    deploy::deploy,
    number::{count, whole},
    plan::Plan,
    recorder::Recorder,
    row::Row,
    say,
    stalls::Stalls,
    windows::{Pace, least, most_over},
};

/// What the lanes are set to: the standard one and the hot one, both at a time. Slow ones beside fast ones, so that the
/// machine has about as much to do each time.
const PAIRS: [[Pace; 2]; 3] = [
    [pace(100.0, 2), pace(3.0, 2)],
    [pace(20.0, 2), pace(100.0, 10)],
    [pace(50.0, 5), pace(7.5, 3)],
];

/// What they are set to while their consumers are killed.
const KILLED: [Pace; 2] = [pace(20.0, 2), pace(50.0, 5)];

/// How long is measured. A minute is left out at the start, and the shortest window is one.
const MEASURED: Duration = Duration::from_secs(130);
const FROM: f64 = 60.0;

/// The same while consumers are killed.
const MEASURED_KILLED: Duration = Duration::from_mins(1);

/// One process of each lane is killed after each so long.
const A_KILL: Duration = Duration::from_secs(3);

/// Fewer kills show nothing.
const KILLS: usize = 10;

/// What a killed consumer held comes again while the others still write, and once more than stored.
const VISIBILITY_KILLED: u32 = 20;

/// The backlog is worth so many seconds: those that are measured and a batch that was taken, which is 20.
const BACKLOG: f64 = 155.0;

const fn pace(writes: f64, concurrency: u32) -> Pace {
    Pace {
        writes,
        concurrency,
    }
}

/// What storage saw of a lane that had a backlog.
struct Seen {
    pace: Pace,
    writes: Vec<f64>,
    seconds: f64,
    /// Messages that were still waiting at the end.
    left: usize,
    /// Processes that were killed, where some were to be.
    kills: Option<usize>,
}

/// Measures all pairs, two at a time, and then two with kills.
pub(crate) async fn measure(stack: &Stack) -> Vec<Row> {
    let mut rows = Vec::new();
    for pair in PAIRS {
        for seen in observe(stack, pair, None).await {
            rows.extend([most(&seen), at_least(&seen)]);
        }
    }
    for seen in observe(stack, KILLED, Some(A_KILL)).await {
        rows.push(most(&seen));
    }
    rows
}

async fn observe(stack: &Stack, paces: [Pace; 2], kills: Option<Duration>) -> Vec<Seen> {
    let measured = kills.map_or(MEASURED, |_| MEASURED_KILLED);
    let lanes: Vec<_> = Lane::ALL.into_iter().zip(paces).collect();
    let plans: Vec<_> = lanes
        .iter()
        .map(|(lane, pace)| plan(*lane, *pace))
        .collect();
    let planned: Vec<_> = Lane::ALL.into_iter().zip(&plans).collect();
    deploy(stack, &planned).await;
    let mut recorders = Vec::new();
    for (lane, pace) in &lanes {
        stack.empty(*lane).await;
        recorders.push(Recorder::before(stack, *lane).await);
        if kills.is_some() {
            stack.set_visibility_timeout(*lane, VISIBILITY_KILLED).await;
        }
        fill(stack, *lane, *pace).await;
    }
    say(&format!("measuring {} s", measured.as_secs()));
    let stalls = Stalls::watch();
    let begun = Instant::now();
    stack.deliver(true).await;
    let killed = match kills {
        Some(every) => kill_for(measured, every).await.map(Some),
        None => [None; 2],
    };
    sleep(measured.saturating_sub(begun.elapsed())).await;
    let seconds = begun.elapsed().as_secs_f64();
    let stalled = stalls.worst().as_millis();
    say(&format!(
        "this process was kept waiting for up to {stalled} ms"
    ));
    let mut all = Vec::new();
    for (((lane, pace), recorder), kills) in lanes.iter().zip(&recorders).zip(killed) {
        let mut writes = recorder.writes(begun);
        writes.retain(|at| *at < seconds);
        let left = stack.depth_in(*lane).await.visible;
        all.push(Seen {
            pace: *pace,
            writes,
            seconds,
            left,
            kills,
        });
    }
    for lane in Lane::ALL {
        stack.empty(lane).await;
    }
    stack.as_deployed().await;
    all
}

/// The concurrency is given, the batch size is what the plan makes of it.
fn plan(lane: Lane, pace: Pace) -> Plan {
    let (writes, concurrency) = (pace.writes.to_string(), pace.concurrency.to_string());
    Plan::of(
        lane,
        &[
            "--peak",
            &writes,
            "--for",
            "155s",
            "--writes-per-second",
            &writes,
            "--concurrency",
            &concurrency,
        ],
    )
}

/// A backlog in the queue of a lane, as if it had come by the API.
async fn fill(stack: &Stack, lane: Lane, pace: Pace) {
    let count = whole(pace.writes * BACKLOG);
    say(&format!("{count} orders into the queue of {lane}"));
    let secrets = stack.secrets().await;
    let prefix = format!("pace-{lane}-{}-{}-", pace.writes, pace.concurrency);
    let body = |message: sluice_order::OrderAccepted| message.to_body().expect("it is small");
    let bodies = orders(&prefix, 0..count)
        .iter()
        .map(|placed| body(placed.message(&secrets)))
        .collect();
    stack.enqueue_all(lane, bodies).await;
}

/// Kills one process of each lane after each interval, and tells how many there were to be killed.
async fn kill_for(time: Duration, every: Duration) -> [usize; 2] {
    let begun = Instant::now();
    let mut pace = interval(every);
    let mut killed = [0; 2];
    while begun.elapsed() < time {
        pace.tick().await;
        for (lane, killed) in Lane::ALL.into_iter().zip(&mut killed) {
            *killed += kill(&[lane], 1);
        }
    }
    killed
}

fn most(seen: &Seen) -> Row {
    let Seen {
        pace,
        writes,
        kills,
        ..
    } = seen;
    let over = most_over(writes, *pace);
    let under = kills.map_or(String::new(), |kills| format!(", {kills} kills"));
    let nothing = if !seen.is_worth_it() {
        ", but the backlog did not last, or was not worked on"
    } else if kills.is_some_and(|kills| kills < KILLS) {
        ", but too few were killed"
    } else {
        ""
    };
    let (count, seconds) = (writes.len(), seen.seconds);
    Row {
        what: format!("{}, most in a window{under}", name(*pace)),
        bound: format!("at most W·T + {}", pace.concurrency),
        measured: format!("W·T {over:+.1}, {count} writes in {seconds:.0} s{nothing}"),
        verdict: nothing.is_empty() && over <= f64::from(pace.concurrency),
    }
}

fn at_least(seen: &Seen) -> Row {
    let Seen {
        pace, writes, left, ..
    } = seen;
    let least = least(writes, *pace, FROM, seen.seconds);
    let (bound, measured) = match least {
        Some(least) if *left > 0 => (
            format!("at least {:.3} of W·T", least.bound),
            format!("{:.3} of W·T", least.share),
        ),
        _ => (
            "0.9·W·T - C".to_owned(),
            "the backlog did not last".to_owned(),
        ),
    };
    Row {
        what: format!("{}, least in a minute or more", name(*pace)),
        bound,
        measured,
        verdict: *left > 0 && least.is_some_and(|least| least.share >= least.bound),
    }
}

impl Seen {
    /// Whether there was a backlog to the end, and it was worked on: killed all the time, a lane still stores half.
    fn is_worth_it(&self) -> bool {
        let half = 0.5 * self.pace.writes * self.seconds;
        self.left > 0 && count(self.writes.len()) >= half
    }
}

fn name(pace: Pace) -> String {
    format!("W {}/s, C {}", pace.writes, pace.concurrency)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An even pace, a little slower than the set one.
    fn seen() -> Seen {
        Seen {
            pace: pace(20.0, 2),
            writes: (0..2_500).map(|n| f64::from(n) * 0.052).collect(),
            seconds: 130.0,
            left: 1,
            kills: None,
        }
    }

    #[test]
    fn a_lane_that_keeps_its_pace_is_ok() {
        let (most, least) = (most(&seen()), at_least(&seen()));
        assert!(most.holds() && least.holds(), "{most:?} {least:?}");
        assert_eq!(most.what, "W 20/s, C 2, most in a window");
    }

    #[test]
    fn each_breach_is_told() {
        let mut burst = seen();
        burst.writes.splice(100..100, [burst.writes[100]; 4]);
        assert!(!most(&burst).holds());
        assert!(at_least(&burst).holds());
        let mut pause = seen();
        pause.writes.retain(|at| !(80.0..90.0).contains(at));
        assert!(!at_least(&pause).holds());
        assert!(most(&pause).holds());
    }

    #[test]
    fn what_shows_nothing_is_not_ok() {
        let drained = Seen { left: 0, ..seen() };
        assert!(!most(&drained).holds() && !at_least(&drained).holds());
        let idle = Seen {
            writes: Vec::new(),
            ..seen()
        };
        assert!(!most(&idle).holds() && !at_least(&idle).holds());
        for (kills, shows) in [(0, false), (3, false), (KILLS, true)] {
            let kills = Some(kills);
            assert_eq!(most(&Seen { kills, ..seen() }).holds(), shows);
        }
    }
}
