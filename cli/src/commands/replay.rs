//! `sluice replay`: posts a file of sales, waits, and proves that storage holds what was accepted.
//!
//! [`sales`] groups the rows into orders, `post` sends them at a `pace`, `drain` waits for the buffer, [`storage`]
//! reads the table, [`check`] compares and [`report`] tells. Only the middle three know AWS.

pub mod check;
mod drain;
pub(crate) mod pace;
pub mod post;
mod price;
pub mod record;
pub mod report;
pub mod sales;
pub mod storage;

use std::{fs::File, io::BufReader, time::Duration};

use tokio::time::{Instant, sleep};

use crate::{
    Exit, Failure, api::Api, args::ReplayArguments, aws::Aws, output, progress::Progress,
    stack::Stack,
};
use check::{Check, Findings};
use drain::{Buffer, Drain};
use pace::Pace;
use report::Report;
use sales::Invoice;

/// Counts of SQS may lag by a minute after the last message
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html>), and
/// what SNS still holds they never show. So an order is missing only after that.
const SETTLE: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_secs(5);

pub(crate) async fn run(stack: &str, arguments: &ReplayArguments) -> Result<Exit, Failure> {
    let file = &arguments.file;
    let opened = File::open(file)
        .map_err(|error| sales::unusable(format!("{}: {error}", file.display())))?;
    let invoices = sales::read(BufReader::new(opened))?;
    let posted = &invoices[..arguments.limit.unwrap_or(usize::MAX).min(invoices.len())];
    let pace = match (arguments.rate, arguments.speed) {
        (Some(rate), _) => Pace::spaced(rate),
        (None, Some(speed)) => Pace::of_file(posted, speed)?,
        (None, None) => Pace::Unlimited,
    };
    // All that can be missing is looked for before the first order goes out.
    let aws = Aws::from_environment().await?;
    let stack = Stack::find(&aws, stack).await?;
    let api = Api::of(&stack, &aws)?;
    let table = stack.table()?;
    let buffer = Buffer::new(&aws, stack.lanes()?);
    buffer.dead_letters().await?;

    let post::Posted { outcomes, took } = post::all(&api, posted, &pace, arguments.in_flight).await;
    let patience = Duration::from_secs(arguments.patience);
    let drain = buffer.drained(patience).await?;
    let left = match drain {
        Drain::Empty => 0,
        Drain::GaveUp(left) => {
            eprintln!(
                "Gave up waiting: {left} messages are in the buffer and have not become fewer for {} s.",
                arguments.patience
            );
            left
        }
    };
    let findings = look(&aws, table, &invoices, &outcomes, patience.min(SETTLE)).await?;
    let report =
        Report::new(&outcomes, took, &findings).with_queues(left, &buffer.dead_letters().await?);
    if arguments.json {
        output::print_json(&report)?;
    } else {
        output::print(&report.table())?;
    }
    Ok(report.exit())
}

/// Checks storage, again and again for a while if an order is missing.
async fn look(
    aws: &Aws,
    table: &str,
    invoices: &[Invoice],
    outcomes: &[post::Outcome],
    settle: Duration,
) -> Result<Findings, Failure> {
    let progress = Progress::open("Checking storage");
    let client = aws_sdk_dynamodb::Client::new(&aws.config);
    let end = Instant::now() + settle;
    loop {
        let mut check = Check::new(invoices, outcomes);
        storage::scan(&client, table, |record| check.see(record))
            .await
            .map_err(|e| aws.explain(&format!("read the table {table}"), &e))?;
        let findings = check.finish();
        if findings.missing.is_empty() || Instant::now() + LOOK_AGAIN > end {
            return Ok(findings);
        }
        let missing = findings.missing.len();
        progress.say(format!("Checking storage: {missing} not there yet"));
        sleep(LOOK_AGAIN).await;
    }
}
