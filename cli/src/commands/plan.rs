//! `sluice plan`: works a sale out before it comes, offline.
//!
//! [`curve`] says when orders arrive (as in a file: [`sales`]), [`lane`] which settings keep a pace, and [`backlog`] what
//! waits meanwhile. [`limits`], [`cost`] and [`advice`] hold that against the [`figures`] of AWS; [`text`] and [`svg`] show the [`report`].

mod advice;
pub(crate) mod args;
mod backlog;
mod chart;
mod cost;
mod curve;
mod figures;
mod lane;
mod limit;
mod limits;
mod quota;
mod report;
mod sales;
mod size;
mod svg;
mod text;
pub(crate) mod units;

use std::env;

use crate::{Exit, Failure, output};
use args::{PlanArguments, Shape};
use backlog::Backlog;
use curve::Curve;
use figures::{Assumptions, Figures};
use lane::{Settings, Task};
use limits::Sale;
use quota::Quotas;
use report::Plan;
use sales::Sales;
use size::OrderSize;
use units::{bytes, duration, number};

/// Lines of an order, where nobody says.
const LINES: f64 = 3.0;

pub(crate) fn run(arguments: &PlanArguments) -> Result<Exit, Failure> {
    let from_environment = |name| env::var(name).ok().filter(|region| !region.is_empty());
    let region = arguments
        .region
        .clone()
        .or_else(|| from_environment("AWS_REGION"))
        .or_else(|| from_environment("AWS_DEFAULT_REGION"))
        .unwrap_or_else(|| "us-east-1".to_owned());
    let plan = plan(arguments, &region)?;
    if let Some(file) = &arguments.svg {
        std::fs::write(file, svg::picture(&plan)).map_err(|error| {
            Failure::environment(
                format!("{} cannot be written: {error}", file.display()),
                "name another file with --svg",
            )
        })?;
    }
    if arguments.json {
        output::print_json(&plan)?;
    } else {
        output::print(&plan.text())?;
    }
    Ok(plan.exit())
}

/// The plan that the arguments ask for.
fn plan(arguments: &PlanArguments, region: &str) -> Result<Plan, Failure> {
    let figures = Figures::load()?;
    let defaults = figures.region(region)?;
    let sales = arguments.sales.as_deref().map(Sales::open).transpose()?;
    let curve = curve(arguments, sales.as_ref())?;
    let lines = arguments
        .items_per_order
        .or(sales.map(|sales| sales.lines))
        .unwrap_or(LINES);
    let size = OrderSize::of(lines, &figures.assumptions);
    let task = Task {
        writes: arguments.writes_per_second,
        latency: arguments.write_latency / 1_000.0,
        record_bytes: size.record,
        batch_records: figures.quotas.batch_records,
        batch_bytes: figures.quotas.batch_bytes,
        in_flight: figures.quotas.in_flight,
    };
    let settings = settings(arguments, &task)?;
    let backlog = Backlog::of(&curve, settings.least_rate());
    let sale = Sale {
        figures: &figures,
        region,
        defaults,
        known: &Quotas::new(&arguments.quota),
        peak: curve.peak,
        settings,
        size,
        backlog: &backlog,
    };
    let limits = sale.limits();
    let deepest = backlog.deepest();
    let plan = Plan {
        figures_of: figures.date.clone(),
        sources: figures.sources.clone(),
        region: region.to_owned(),
        lane: arguments.lane.as_str(),
        orders: curve.orders(),
        peak_per_second: curve.peak,
        seconds: curve.seconds(),
        order: size,
        settings,
        least_rate_per_second: backlog.rate,
        deepest: deepest.depth,
        deepest_at_seconds: deepest.at,
        longest_wait_seconds: backlog.longest_wait(),
        drained_seconds: backlog.drained,
        drained_at_full_pace_seconds: Backlog::of(&curve, settings.writes_per_second).drained,
        accepting_invocations: sale.accepting(),
        cost: sale.cost(curve.orders(), curve.seconds()),
        assumptions: assumptions(&figures.assumptions),
        suggestions: sale.advice(&limits, &curve, &task),
        limits,
        parameter_overrides: sale.parameter_overrides(arguments.lane),
        depths: backlog.depths(),
        waits: backlog.waits(),
        depth_chart: Vec::new(),
        wait_chart: Vec::new(),
    };
    Ok(plan.drawn())
}

fn curve(arguments: &PlanArguments, sales: Option<&Sales>) -> Result<Curve, Failure> {
    let peak = arguments.peak;
    let curve = match (sales, arguments.lasts, arguments.shape) {
        (Some(sales), lasts, _) => Curve::of_minutes(&sales.minutes, peak, lasts),
        (None, Some(lasts), Shape::Constant) => Some(Curve::constant(peak, lasts)),
        (None, Some(lasts), Shape::Ramp) => Some(Curve::ramp(peak, lasts)),
        (None, None, _) => None,
    };
    curve.ok_or_else(|| {
        Failure::environment(
            "nothing says how long orders arrive",
            "add --for or --sales",
        )
    })
}

fn settings(arguments: &PlanArguments, task: &Task) -> Result<Settings, Failure> {
    let writes = number(task.writes);
    if let Some(concurrency) = arguments.concurrency {
        return task.at(concurrency).map_err(|reason| {
            let next = match task.least() {
                Ok(fits) => format!("use --concurrency {}, or leave it out", fits.concurrency),
                Err(_) => "lower --writes-per-second".to_owned(),
            };
            let what =
                format!("--concurrency {concurrency} does not fit --writes-per-second {writes}");
            Failure::environment(format!("{what}: {reason}"), next)
        });
    }
    task.least().map_err(|reason| {
        let what = format!("no concurrency fits --writes-per-second {writes}");
        Failure::environment(format!("{what}: {reason}"), "lower --writes-per-second")
    })
}

/// What the costs rest on, in a sentence.
fn assumptions(assumed: &Assumptions) -> String {
    format!(
        "Assumed: {} MB of memory; accept-order takes {} an order; {} of logs an order; X-Ray takes {}/s and {} % of the rest.\n\
         Not counted: repeats, reads, storage, backups, keys, data transfer.",
        number(assumed.memory_gb * 1_024.0),
        millis(assumed.accept_seconds),
        bytes(assumed.log_bytes_an_order),
        number(assumed.sampled_a_second),
        number(assumed.sampled_share * 100.0)
    )
}

fn millis(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{} ms", number(seconds * 1_000.0))
    } else {
        duration(seconds)
    }
}

#[cfg(test)]
#[path = "plan/plan_tests.rs"]
mod tests;
