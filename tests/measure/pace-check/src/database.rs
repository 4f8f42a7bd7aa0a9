//! P4 and P6 on a real database whose capacity is limited: what a load beyond it does without Sluice's pace, and with it.

mod connections;
mod flood;
mod load;
mod paced;
mod picture;
mod server;
mod statements;
mod unpaced;
mod verdict;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use connections::Connections;
use flood::Reads;
use load::{LOADS, Load, Outcome, begun_within};
use server::Server;
use sluice_order::Lane;
use sluice_testing::stack::Stack;
use statements::Statements;
use tokio::time::sleep;

use crate::{deploy::deploy, number::whole, plan::Plan, row::Row, say};

/// How long the server takes for each order, one after the other. So it can write at most 8.3 a second, and the local AWS can carry
/// eight times as many.
const A_WRITE: Duration = Duration::from_millis(120);

/// The pace, as a part of what the server can write: the rest is for others.
const SHARE: f64 = 0.8;

/// Orders before all others, so that none that counts waits for a process to start.
const WARM_UP: (f64, f64) = (1.0, 5.0);

/// What is asked of the server while it is read from, in multiples of what it can write, and for how many seconds.
const READ: (f64, f64) = (2.0, 10.0);

/// The same while it is sick,
const SICK: (f64, f64) = (4.0, 12.0);

/// since when it is, so that both instances have much to do, and how long each write would take then, which is longer than any may.
const SICK_AFTER: Duration = Duration::from_secs(10);
const SICK_WRITE: Duration = Duration::from_secs(30);

/// Within this only the breakers' probes are left. They open when a call is given up after 3 s; what was let through before, 32
/// writes for each instance, is still tried, at the pace.
const RESTS_WITHIN: Duration = Duration::from_secs(15);

/// How long it is sick beyond that, and in all.
const RESTS_FOR: Duration = Duration::from_secs(15);
const SICK_FOR: Duration = RESTS_WITHIN.saturating_add(RESTS_FOR);

/// All that was measured.
#[derive(Clone, PartialEq, Debug)]
struct Measured {
    /// Which server it is: `postgres` or `mysql`.
    store: &'static str,
    /// What it can write in a second, measured.
    capacity: f64,
    /// What the lane is set to: writes a second, and invocations at once.
    writes: f64,
    concurrency: u32,
    without: Vec<Outcome>,
    with: Vec<Outcome>,
    /// With a flood of reads.
    read: Outcome,
    reads: Reads,
    /// With a sickness.
    sick: Outcome,
    /// Writes that began in its first seconds, and in the rest of it.
    tried: [usize; 2],
    /// Connections at once: without Sluice, with it, as planned, and what the server has.
    connections: [usize; 4],
}

/// Measures all, and draws it if a file is named.
pub(crate) async fn measure(stack: &Stack, picture: Option<&Path>) -> Vec<Row> {
    let mut server = Server::connect().await;
    server.limit(A_WRITE).await;
    let statements = Statements::before(&server.for_functions()).await;
    let capacity = unpaced::capacity(&statements).await;
    say(&format!("the server writes {capacity:.1} orders a second"));
    let load = |(factor, seconds)| Load::new(factor, seconds, capacity);

    let watching = Connections::watch().await;
    let mut without = Vec::new();
    for (n, load) in LOADS.map(load).iter().enumerate() {
        server.is_left_alone().await;
        let outcome = unpaced::run(&statements, load, &format!("unpaced-{n}-")).await;
        told("without Sluice", &outcome);
        without.push(outcome);
    }
    server.is_left_alone().await;
    let unpaced = watching.most().await;

    let writes = (SHARE * capacity * 10.0).floor() / 10.0;
    let plan = plan(
        &mut server,
        writes,
        LOADS.map(load).last().map_or(0.0, Load::rate),
    )
    .await;
    deploy(stack, &[(Lane::Standard, &plan)]).await;
    stack.as_deployed().await;
    let was = stack.database_at(Lane::Standard, &statements.url()).await;
    let watching = Connections::watch().await;
    let warm_up = paced::run(stack, &mut server, &statements, &load(WARM_UP), "warm-up-").await;
    let mut with = Vec::new();
    for (n, load) in LOADS.map(load).iter().enumerate() {
        let prefix = format!("paced-{n}-");
        let seen = paced::run(stack, &mut server, &statements, load, &prefix).await;
        told("with Sluice", &seen.outcome);
        with.push(seen.outcome);
    }
    let while_read = load(READ);
    let run = paced::run(stack, &mut server, &statements, &while_read, "read-");
    let (read, reads) = flood::beside(stack, &warm_up.accepted, run).await;
    told("with a flood of reads", &read.outcome);
    let paced = watching.most().await;
    let (sick, tried) = sick(stack, &mut server, &statements, &load(SICK)).await;
    told("with a sickness", &sick);
    stack.database_at(Lane::Standard, &was).await;
    server.free().await;

    let planned = ["/connections/consumers", "/connections/readers"].map(|at| plan.number(at));
    let size = |number: f64| whole(number) as usize;
    let measured = Measured {
        store: server.store(),
        capacity,
        writes,
        concurrency: whole(plan.number("/settings/concurrency")),
        without,
        with,
        read: read.outcome,
        reads,
        sick,
        tried,
        connections: [
            unpaced,
            paced,
            size(planned.iter().sum()),
            size(plan.number("/connections/most")),
        ],
    };
    if let Some(file) = picture {
        let drawn = std::fs::write(file, picture::draw(&measured));
        drawn.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
    verdict::rows(&measured)
}

/// What `sluice plan` makes of the heaviest load at this pace, on this server.
async fn plan(server: &mut Server, writes: f64, peak: f64) -> Plan {
    let arguments = [
        ("--peak", peak.to_string()),
        ("--for", "10s".to_owned()),
        ("--writes-per-second", writes.to_string()),
        ("--write-latency", A_WRITE.as_millis().to_string()),
        ("--store", server.store().to_owned()),
        (
            "--max-connections",
            server.max_connections().await.to_string(),
        ),
    ];
    let arguments: Vec<_> = arguments
        .iter()
        .flat_map(|(name, value)| [name, value.as_str()])
        .collect();
    Plan::of(Lane::Standard, &arguments)
}

/// In the middle of a load each write takes too long for a while. Tells how many were tried at its beginning, and in the rest of it.
async fn sick(
    stack: &Stack,
    server: &mut Server,
    statements: &Statements,
    load: &Load,
) -> (Outcome, [usize; 2]) {
    let mut owner = Server::connect().await;
    let sickness = async {
        sleep(SICK_AFTER).await;
        owner.each_takes(SICK_WRITE).await;
        let since = Instant::now();
        sleep(SICK_FOR).await;
        owner.each_takes(A_WRITE).await;
        since
    };
    let run = paced::run(stack, server, statements, load, "sick-");
    let (seen, since) = tokio::join!(run, sickness);
    let seconds = (0..SICK_FOR.as_secs()).map(Duration::from_secs);
    let each = seconds
        .map(|at| begun_within(&seen.writes, since + at, Duration::from_secs(1)))
        .collect::<Vec<_>>();
    say(&format!("tries in each second of the sickness: {each:?}"));
    let tried = [
        begun_within(&seen.writes, since, RESTS_WITHIN),
        begun_within(&seen.writes, since + RESTS_WITHIN, RESTS_FOR),
    ];
    (seen.outcome, tried)
}

fn told(how: &str, outcome: &Outcome) {
    say(&format!(
        "{how}, ×{}, {:.1}/s: p50 {:.3} s, p99 {:.3} s, {} of {} stored, {:.1} a second",
        outcome.factor,
        outcome.rate,
        outcome.p50(),
        outcome.p99(),
        outcome.stored,
        outcome.orders,
        outcome.goodput()
    ));
}
