//! `sluice plan`: works out before a sale what it will do. Works offline: no network, no credentials.
//!
//! [`curve`] says when orders arrive ([`arrivals`]: as in a sales file), [`lane`] which settings keep a pace, and [`backlog`]
//! how many orders wait meanwhile. [`limits`], [`cost`] and [`advice`] compare that with the [`figures`] of AWS. The result
//! is a [`forecast`], and [`forecast_text`] writes it for people.

mod advice;
pub(crate) mod arguments;
mod arrivals;
mod backlog;
mod chart;
mod connections;
mod cost;
mod curve;
mod figures;
mod forecast;
mod forecast_text;
mod lane;
mod limit;
mod limits;
mod quota;
mod size;

use std::env;

use sluice_order::lane_settings::CALLS_AT_ONCE;

use self::{
    arguments::{PlanArguments, Shape, Store},
    arrivals::Arrivals,
    backlog::Backlog,
    chart::WIDTH,
    connections::Connections,
    curve::Curve,
    figures::{Assumptions, Figures},
    forecast::Forecast,
    lane::{Settings, Task},
    limits::Sale,
    quota::Quotas,
    size::OrderSize,
};
use crate::terminal::{
    failure::{Exit, Failure},
    output,
    units::{bytes, number},
};

/// Lines of an order, if neither the arguments nor a sales file says how many.
const LINES: f64 = 3.0;

pub(crate) async fn run(arguments: &PlanArguments) -> Result<Exit, Failure> {
    let from_environment = |name| env::var(name).ok().filter(|region| !region.is_empty());
    let region = arguments
        .region
        .clone()
        .or_else(|| from_environment("AWS_REGION"))
        .or_else(|| from_environment("AWS_DEFAULT_REGION"))
        .unwrap_or_else(|| "us-east-1".to_owned());
    let arrivals = match &arguments.sales {
        Some(path) => Some(Arrivals::open(path).await?),
        None => None,
    };
    let forecast = forecast(arguments, &region, arrivals)?;
    if arguments.json {
        output::print_json(&forecast);
    } else {
        output::print(&forecast.text());
    }
    Ok(forecast.exit())
}

/// The forecast that the arguments ask for.
fn forecast(
    arguments: &PlanArguments,
    region: &str,
    arrivals: Option<Arrivals>,
) -> Result<Forecast, Failure> {
    let figures = Figures::load()?;
    let defaults = figures.region(region)?;
    let curve = curve(arguments, arrivals.as_ref())?;
    let lines = arguments
        .items_per_order
        .or(arrivals.map(|arrivals| arrivals.lines))
        .unwrap_or(LINES);
    let size = OrderSize::of(lines, &figures.assumptions);
    let task = Task {
        writes: arguments.writes_per_second,
        latency: arguments.write_latency / 1_000.0,
        record_bytes: size.record,
        batch_records: figures.quotas.batch_records,
        batch_bytes: figures.quotas.batch_bytes,
        in_flight: figures.quotas.in_flight,
        gathered: arguments.gathered_per_second,
        // A database does what comes by one connection in turn.
        at_once: match arguments.store {
            Store::Dynamodb => CALLS_AT_ONCE,
            Store::Mysql | Store::Postgres => 1,
        },
    };
    let settings = settings(arguments, &task)?;
    let backlog = Backlog::of(&curve, settings.least_rate());
    let connections = arguments
        .max_connections
        .filter(|_| arguments.store != Store::Dynamodb)
        .map(|most| {
            let other_lane = figures.stack.other_lane_concurrency;
            Connections::of(f64::from(most), settings, other_lane, arguments.readers)
        });
    let sale = Sale {
        figures: &figures,
        region,
        defaults,
        known: &Quotas::new(&arguments.quota),
        peak: curve.peak,
        settings,
        size,
        backlog: &backlog,
        connections,
    };
    let limits = sale.limits();
    let deepest = backlog.deepest();
    let end = backlog.drained.max(curve.seconds());
    Ok(Forecast {
        figures_of: figures.date.clone(),
        sources: figures.sources.clone(),
        region: region.to_owned(),
        lane: arguments.lane.as_str(),
        store: arguments.store.as_str(),
        connections,
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
        depth_chart: chart::columns(&backlog.depths(), end, WIDTH),
        wait_chart: chart::columns(&backlog.waits(), end, WIDTH),
    })
}

fn curve(arguments: &PlanArguments, arrivals: Option<&Arrivals>) -> Result<Curve, Failure> {
    let peak = arguments.peak;
    let curve = match (arrivals, arguments.lasts, arguments.shape) {
        (Some(arrivals), lasts, _) => Curve::of_minutes(&arrivals.minutes, peak, lasts),
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

/// What the costs assume, in a sentence.
fn assumptions(assumed: &Assumptions) -> String {
    format!(
        "Assumed: {} MB of memory; accept-order takes {} ms an order; {} of logs an order; X-Ray takes {}/s and {} % of the rest.\n\
         Not counted: repeats, reads, storage, backups, keys, data transfer.",
        number(assumed.memory_gb * 1_024.0),
        number(assumed.accept_seconds * 1_000.0),
        bytes(assumed.log_bytes_an_order),
        number(assumed.sampled_a_second),
        number(assumed.sampled_share * 100.0)
    )
}

#[cfg(test)]
#[path = "plan/plan_tests.rs"]
mod tests;
