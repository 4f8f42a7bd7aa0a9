//! `sluice replay`: posts a file of sales, waits, and proves that storage holds what was accepted.
//!
//! [`post`] sends the orders of the file on a [`schedule`], [`drain`] waits for the buffer, [`storage`] reads what is stored,
//! [`check`] compares and [`report`] says what was found. It is the proof of the service's promises: it does not believe
//! the API, and looks into storage itself.

pub mod check;
mod drain;
pub mod post;
pub mod record;
pub mod report;
mod schedule;
pub mod storage;

use std::{path::PathBuf, time::Duration};

use clap::Args;
use futures::FutureExt;
use tokio::time::{Instant, sleep};

use self::{
    check::{Check, Findings},
    drain::{Buffer, Drain},
    report::Report,
    schedule::Schedule,
    storage::Storage,
};
use crate::{
    deployment::{api::Api, aws::Aws, rate::bounded, stack::Stack},
    sales::{
        doubts::doubts,
        invoices::{self, Invoice},
    },
    terminal::{
        failure::{Exit, Failure},
        input, output,
        parse::{at_least_one, positive, rate, seconds_or_time},
        progress::Progress,
        settings::Hidden,
        stop::Stop,
        units::duration,
    },
};

/// Post a file of sales and check that storage holds every accepted order once
///
/// Each invoice of the file becomes one order, with the InvoiceNo as its Idempotency-Key. Invalid ones are posted too,
/// because the service has to refuse them. When all are posted the command waits until the buffer is empty, and then
/// reads the table itself: every accepted order must be there once, with its exact content, and these customers must
/// have no other orders that were accepted since the run began. Running it again adds no order. The file has the columns
/// InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country, or the names that Online Retail
/// II has for them: Invoice, Price, Customer ID. Its text is UTF-8, its columns are separated by a comma, ; a tab or |.
///
/// Where the stack stores its orders in a database, the command reads it at --database-url. Without that the stack's function
/// database-admin reads it, which tells keys, hashes and times, but neither content nor whose an order is: then an order that
/// nobody sent goes unseen.
///
/// It exits 1 if anything is missing, wrong, doubled, unexpected or unanswered, if a valid order was refused, or an
/// invalid one accepted.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
#[expect(clippy::doc_markdown, reason = "a help text for a terminal")]
pub(crate) struct ReplayArguments {
    /// The sales, as CSV; - reads standard input
    file: PathBuf,
    /// Post at most N orders a second
    #[arg(long, value_name = "N", value_parser = rate, conflicts_with = "speed")]
    rate: Option<f64>,
    /// Post the first N invoices only
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    limit: Option<usize>,
    /// Post with the file's own timing, X times as fast
    #[arg(long, value_name = "X", value_parser = positive)]
    speed: Option<f64>,
    /// Post at most N orders at once
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = in_flight)]
    in_flight: usize,
    /// Stop waiting for the buffer when it has not shrunk for this long (120 or 2m)
    #[arg(long, value_name = "TIME", default_value = "120", value_parser = seconds_or_time)]
    patience: f64,
    /// Read the stack's database at this address: postgres://USER:PASSWORD@HOST:PORT/DATABASE, or mysql://…
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<Hidden>,
    /// Print the report as one JSON object
    #[arg(long)]
    json: bool,
}

fn in_flight(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|n| (1..=1_000).contains(n))
        .ok_or_else(|| "must be an integer from 1 to 1000".to_owned())
}

/// An order counts as missing only after this time: the counts of SQS may lag by a minute after the last message
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html>), and they never
/// show what SNS still holds.
const SETTLE: Duration = Duration::from_mins(1);

/// How long to wait before storage is checked again.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

pub(crate) async fn run(
    stack: &str,
    arguments: &ReplayArguments,
    stop: &Stop,
) -> Result<Exit, Failure> {
    let (invoices, schedule) = stop.unless(sales(arguments), nothing_posted).await?;
    let posted = posted(arguments, &invoices);
    for warning in doubts(posted) {
        output::say(warning);
    }
    // Everything that the command needs is looked up before the first order goes out.
    let found = async {
        let aws = Aws::from_environment().await?;
        let stack = Stack::find(&aws, stack).await?;
        let api = Api::of(&stack, &aws)?;
        let url = arguments.database_url.as_ref().map(|Hidden(url)| &**url);
        let storage = Storage::of(&stack, url)?;
        if let Storage::ByFunction(function) = &storage {
            output::say(format_args!(
                "{function} reads the database: keys, hashes and times are checked. --database-url has everything checked."
            ));
        }
        let lanes = stack.lanes()?;
        Buffer::new(&aws, lanes.clone()).dead_letters().await?;
        Ok((aws, api, storage, lanes))
    };
    let (aws, api, storage, lanes) = stop.unless(found, nothing_posted).await?;
    let counted = post::Counted::default();
    let posting = post::all(&api, posted, schedule, arguments.in_flight, &counted);
    let stopped = || {
        let said = counted.said(posted.len());
        Failure::wrong(format!("stopped: {said}"), AGAIN)
    };
    let post::Posted {
        outcomes,
        began,
        took,
    } = stop.unless(posting.map(Ok), stopped).await?;

    let patience = bounded(arguments.patience);
    let check = async {
        let buffer = Buffer::new(&aws, lanes);
        let left = drained(&buffer, patience).await?;
        let began = check::began(&outcomes, began);
        let check = || Check::new(&invoices, &outcomes, began);
        let findings = look(&aws, &storage, check, patience.min(SETTLE)).await?;
        let dead_letters = buffer.dead_letters().await?;
        Ok(Report::new(&outcomes, took, &findings).with_queues(left, &dead_letters))
    };
    let stopped = || {
        let said = counted.said(posted.len());
        let what = format!("stopped: {said}, and storage was not checked");
        Failure::wrong(what, AGAIN)
    };
    let report = stop.unless(check, stopped).await?;
    if arguments.json {
        output::print_json(&report);
    } else {
        output::print(&report.table());
    }
    Ok(report.exit())
}

/// What to do after a stop.
const AGAIN: &str = "run it again: it posts every invoice under the same key, and adds no order";

fn nothing_posted() -> Failure {
    Failure::wrong("stopped: nothing was posted", "run it again")
}

/// The invoices of the file, and when those that are posted are due.
async fn sales(arguments: &ReplayArguments) -> Result<(Vec<Invoice>, Schedule), Failure> {
    let file = &arguments.file;
    let text = input::text(file).await;
    let read = text.and_then(|text| {
        let invoices = invoices::of_text(&text)?;
        let schedule = match (arguments.rate, arguments.speed) {
            (Some(rate), _) => Schedule::limited(rate),
            (None, Some(speed)) => Schedule::of_file(posted(arguments, &invoices), speed)?,
            (None, None) => Schedule::Unlimited,
        };
        Ok((invoices, schedule))
    });
    read.map_err(|why| {
        Failure::environment(
            format!("{} cannot be replayed: {why}", input::name(file)),
            "correct the file; nothing was posted",
        )
    })
}

/// The invoices that are posted.
fn posted<'a>(arguments: &ReplayArguments, invoices: &'a [Invoice]) -> &'a [Invoice] {
    &invoices[..arguments.limit.unwrap_or(usize::MAX).min(invoices.len())]
}

/// Waits for the buffer. Returns how many messages were left in it.
async fn drained(buffer: &Buffer<'_>, patience: Duration) -> Result<u64, Failure> {
    match buffer.drained(patience).await? {
        Drain::Empty => Ok(0),
        Drain::GaveUp(left) => {
            output::say(format_args!(
                "Gave up waiting: {left} messages are in the buffer and have not become fewer for {}.",
                duration(patience.as_secs_f64())
            ));
            Ok(left)
        }
    }
}

/// Checks storage, again and again for a while if an order is missing.
async fn look<'a>(
    aws: &Aws,
    storage: &Storage,
    check: impl Fn() -> Check<'a>,
    settle: Duration,
) -> Result<Findings, Failure> {
    let progress = Progress::open("Checking storage");
    let end = Instant::now() + settle;
    loop {
        let mut check = check();
        storage.scan(aws, |record| check.see(record)).await?;
        let findings = check.finish();
        if findings.missing.is_empty() || Instant::now() + LOOK_AGAIN > end {
            return Ok(findings);
        }
        let missing = findings.missing.len();
        progress.say(format!("Checking storage: {missing} not there yet"));
        sleep(LOOK_AGAIN).await;
    }
}
