//! What was measured, as tables and as JSON.

use std::{collections::BTreeMap, fmt::Write};

use serde_json::{Value, json};

use crate::{
    connect,
    figures::{ByProgram, Figures},
    goals::{Goal, goals},
    machine,
    program::{NOTHING, Program},
    speed::{APART, Measured},
};

/// How the figures came about, for who reads them.
pub(crate) struct Method {
    pub(crate) processor: String,
    pub(crate) delay_ms: u128,
    pub(crate) rounds: u64,
}

/// Figures that say nothing as a ratio.
const PLAIN: [&str; 3] = [
    "aws_connections",
    "runtime_connections",
    "round_trips_per_order",
];

/// The tables.
pub(crate) fn tables(programs: &[Program], measured: &Measured, method: &Method) -> String {
    let mut text = format!(
        "{}\nAWS answers after {} ms. {} rounds. × is the ratio to the floor, the raw program with the same job.\n",
        method.processor, method.delay_ms, method.rounds
    );
    let all: Vec<_> = programs.iter().collect();
    let columns = [
        ("binary", "binary_bytes"),
        ("zip", "zip_bytes"),
        ("init", "init_ms"),
        ("first", "first_ms"),
        ("cold", "cold_ms"),
        ("cold CPU", "cold_cpu_ms"),
        ("peak RSS", "peak_rss_bytes"),
    ];
    let _ = write!(
        text,
        "\nSizes and starts: init is from the program's start to its first `next`, cold to its first answer\n{}",
        table(&all, &measured.programs, &columns)
    );
    if !measured.connections.is_empty() {
        let _ = write!(
            text,
            "\nConnections to databases: in a process of its own, until an order may be written\n{}",
            connections(&measured.connections)
        );
    }
    let columns = [
        ("p50", "warm_p50_ms"),
        ("p90", "warm_p90_ms"),
        ("p99", "warm_p99_ms"),
        ("p99.9", "warm_p999_ms"),
        ("CPU", "cpu_ms"),
        ("CPU, 10 ms apart", APART),
        ("instructions", "instructions"),
        ("system calls", "system_calls"),
        ("to AWS", "aws_connections"),
        ("to Lambda", "runtime_connections"),
    ];
    let _ = write!(
        text,
        "\nWarm invocations with one order, and the connections of the process\n{}",
        table(&all, &measured.programs, &columns)
    );
    let columns = [
        ("an invocation", "invocation_ms"),
        ("CPU an order", "cpu_per_order_us"),
        ("orders a CPU second", "orders_per_cpu_second"),
        ("round trips an order", "round_trips_per_order"),
        ("connections", "aws_connections"),
        ("peak RSS", "peak_rss_bytes"),
    ];
    for (size, by_program) in &measured.batches {
        let some = programs
            .iter()
            .filter(|program| by_program.contains_key(program.name));
        let some: Vec<_> = some.collect();
        let _ = write!(
            text,
            "\nBatches of {size}\n{}",
            table(&some, by_program, &columns)
        );
    }
    let columns = [
        ("init", "init_ms"),
        ("first", "first_ms"),
        ("cold", "cold_ms"),
        ("warm", "warm_mean_ms"),
    ];
    for (memory, by_program) in &measured.shares {
        let _ = write!(
            text,
            "\nThe share of {memory} MB: means; warm with one order, batches with ten\n{}",
            table(&all, by_program, &columns)
        );
    }
    let _ = match &judged(measured, method)[..] {
        [] => writeln!(
            text,
            "\nNo verdicts: the goals are for an AWS that answers at once"
        ),
        goals => write!(text, "\n{}", verdicts(goals)),
    };
    for gap in &measured.gaps {
        let _ = writeln!(text, "{gap}");
    }
    text
}

/// A row for each kind of a connection.
fn connections(by_kind: &ByProgram) -> String {
    let mut rows = vec![
        ["connection", "open", "CPU", "round trips"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(by_kind.iter().map(|(kind, figures)| {
        let cells = connect::FIGURES.map(|name| shown(name, figures[name]));
        [(*kind).to_owned()].into_iter().chain(cells).collect()
    }));
    aligned(&rows)
}

/// The goals, where this run can judge them.
fn judged(measured: &Measured, method: &Method) -> Vec<Goal> {
    if method.delay_ms == 0 {
        goals(measured)
    } else {
        Vec::new()
    }
}

/// A row for each goal.
fn verdicts(goals: &[Goal]) -> String {
    let mut rows = vec![vec![
        "goal".into(),
        "at most".into(),
        "measured".into(),
        "verdict".into(),
    ]];
    rows.extend(goals.iter().map(|goal| {
        let measured = goal.measured.map(|measured| format!("{measured:.2} ×"));
        vec![
            goal.what.clone(),
            format!("{} ×", goal.limit),
            measured.unwrap_or_else(|| "–".into()),
            goal.verdict().into(),
        ]
    }));
    aligned(&rows)
}

fn table(programs: &[&Program], by_program: &ByProgram, columns: &[(&str, &str)]) -> String {
    let titles = columns.iter().map(|(title, _)| (*title).to_owned());
    let mut rows = vec![
        std::iter::once("program".to_owned())
            .chain(titles)
            .collect::<Vec<_>>(),
    ];
    for program in programs {
        let cells = columns.iter().map(|(_, name)| {
            let here = by_program
                .get(program.name)
                .and_then(|figures| figures.get(name));
            let Some(here) = here else {
                return "–".to_owned();
            };
            let ratio = ratios(by_program, program.name, program.floor)
                .get(name)
                .copied();
            let ratio = ratio.filter(|_| program.floor != program.name);
            let ratio = ratio.map(|ratio| format!(" ×{ratio:.2}"));
            format!("{}{}", shown(name, *here), ratio.unwrap_or_default())
        });
        rows.push(
            std::iter::once(program.name.to_owned())
                .chain(cells)
                .collect(),
        );
    }
    aligned(&rows)
}

/// Columns of one width each; the first one's text begins at the left.
pub(crate) fn aligned(rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            let width = width(column);
            let _ = match column {
                0 => write!(text, "{cell:<width$}"),
                _ => write!(text, "  {cell:>width$}"),
            };
        }
        text.push('\n');
    }
    text
}

fn shown(name: &str, value: f64) -> String {
    match name.rsplit('_').next() {
        Some("bytes") => format!("{:.2} MB", value / 1e6),
        Some("ms") => format!("{value:.3} ms"),
        Some("us") => format!("{value:.0} µs"),
        Some("order") => format!("{value:.2}"),
        _ => format!("{value:.0}"),
    }
}

/// A program's figures by another's.
fn ratios(by_program: &ByProgram, program: &str, to: &str) -> Figures {
    let (Some(here), Some(there)) = (by_program.get(program), by_program.get(to)) else {
        return Figures::new();
    };
    let both = here
        .iter()
        .filter_map(|(name, value)| Some((*name, value / there.get(name)?)));
    both.filter(|(name, ratio)| ratio.is_finite() && !PLAIN.contains(name))
        .collect()
}

/// The same for programs.
pub(crate) fn to_json(programs: &[Program], measured: &Measured, method: &Method) -> Value {
    let with_ratios = |by_program: &ByProgram| {
        let here = programs
            .iter()
            .filter(|program| by_program.contains_key(program.name));
        let all = here.map(|program| {
            let figures = json!({
                "figures": by_program[program.name],
                "floor": program.floor,
                "ratios_to_floor": ratios(by_program, program.name, program.floor),
                "ratios_to_nothing": ratios(by_program, program.name, NOTHING),
            });
            (program.name, figures)
        });
        all.collect::<BTreeMap<_, _>>()
    };
    let by = |all: &BTreeMap<u64, ByProgram>| {
        let all = all
            .iter()
            .map(|(size, by_program)| (size.to_string(), with_ratios(by_program)));
        all.collect::<BTreeMap<_, _>>()
    };
    json!({
        "taken_at": sluice_reference::clock::Moment::now().rfc3339(),
        "machine": machine::describe(),
        "method": {
            "processor": method.processor,
            "delay_ms": method.delay_ms,
            "rounds": method.rounds,
            "tracing": "on; the first invocation and each twentieth after it are sampled, and so each twentieth order",
            "transport": "HTTP without TLS, over the loopback",
        },
        "programs": with_ratios(&measured.programs),
        "batches": by(&measured.batches),
        "shares": by(&measured.shares),
        "connections": measured.connections,
        "goals": judged(measured, method).iter().map(Goal::to_json).collect::<Vec<_>>(),
        "gaps": measured.gaps,
    })
}
