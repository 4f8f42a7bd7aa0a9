//! The commands: what `sluice` understands, and which room does it.

mod copy;
mod dlq;
mod lanes;
mod map;
mod migrate;
mod plan;
pub mod replay;
mod secret;
mod smoke;
mod status;
mod submit;
mod trace;

use std::fmt::Write;

use clap::{
    CommandFactory, FromArgMatches, Parser, Subcommand,
    error::{ContextKind, ContextValue},
};

use self::{
    copy::CopyArguments,
    dlq::arguments::DlqArguments,
    lanes::{
        arguments::{PaceArguments, PauseArguments, ResumeArguments},
        switch::Action,
    },
    map::MapArguments,
    migrate::MigrateArguments,
    plan::arguments::PlanArguments,
    replay::ReplayArguments,
    secret::SecretArguments,
    smoke::SmokeArguments,
    status::StatusArguments,
    submit::SubmitArguments,
    trace::TraceArguments,
};
use crate::terminal::{
    failure::{Exit, Failure},
    output::tame,
    parse::stack_name,
    settings::without_address,
    stop::Stop,
};

const EXAMPLES: &str = "\
Examples for orders:
  sluice submit order.json                      post one order under a new key, and print the key
  sluice submit order.json --idempotency-key K  post it again: it stays one order
  sluice status ord_… --wait 60                 show where it stands, after waiting up to a minute until it is stored
  sluice trace ord_…                            show its path through the service, and how long each step took
  sluice replay sales.csv                       post every invoice, then check that storage holds each one once
  sluice replay sales.csv --rate 50 --limit 100 post the first hundred, at most 50 a second
  sluice replay sales.csv --speed 3600          post with the file's own timing, one hour of it in each second
  sluice --stack shop-staging replay sales.csv  use another stack

Examples for operations:
  sluice pace                                   show how fast each lane is, and when its queue will be empty
  sluice pause standard                         stop taking the lane's orders while storage is being fixed
  sluice resume standard                        take them again
  sluice dlq list                               show which orders could not be fulfilled, and why
  sluice dlq replay --reason PANIC --dry-run    show what would go back to its queue, once the cause is fixed
  sluice secret rotate                          seal new order ids with a new secret, with nothing deployed or rejected
  sluice smoke                                  try both lanes after a deploy, with orders that nobody fulfills
  sluice migrate                                bring the schema of the stack's database up to this release
  sluice map --since 10m                        show which part called which, how often, how fast, and what failed
  sluice plan --peak 5000/s --for 10m --writes-per-second 400
                                                work out what a sale will do to the queue, the limits and the bill

Where it looks:
  The addresses are the outputs of the CloudFormation stack. The region and the credentials come from the same places
  as for every AWS tool (AWS_REGION, AWS_PROFILE, `aws sso login`, …). For a local stack, source the env file that
  `make local` prints: it sets AWS_ENDPOINT_URL.

Exit codes:
  0  all is well
  1  something is missing or wrong, or was refused
  2  wrong usage, or the environment: no such stack, no credentials, no connection, an unreadable file";

/// Submits orders to Sluice, shows where they stand, and helps to operate it.
#[derive(Parser, Debug)]
#[command(name = "sluice", version, after_help = EXAMPLES)]
pub struct Arguments {
    /// The CloudFormation stack to work with
    #[arg(
        long,
        global = true,
        env = "SLUICE_STACK",
        default_value = "sluice",
        value_name = "NAME",
        value_parser = stack_name,
        hide_env_values = true,
        help_heading = "Deployment"
    )]
    pub(crate) stack: String,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Submit(SubmitArguments),
    Status(StatusArguments),
    Trace(TraceArguments),
    Replay(ReplayArguments),
    Pace(PaceArguments),
    Pause(PauseArguments),
    Resume(ResumeArguments),
    Dlq(DlqArguments),
    Secret(SecretArguments),
    Smoke(SmokeArguments),
    Migrate(MigrateArguments),
    Copy(CopyArguments),
    Map(MapArguments),
    Plan(Box<PlanArguments>),
}

/// The commands under each heading of the help. clap groups options, but not commands.
const GROUPS: [(&str, &[&str]); 2] = [
    ("Orders", &["submit", "status", "trace", "replay"]),
    (
        "Operations",
        &[
            "pace", "pause", "resume", "dlq", "secret", "smoke", "migrate", "copy", "map", "plan",
        ],
    ),
];

impl Arguments {
    /// The arguments of this process. Prints help, or what is wrong with them, and ends the process where clap does.
    pub fn from_command_line() -> Self {
        let mut command = command_line();
        let matches = command.try_get_matches_from_mut(std::env::args_os());
        let read = matches.and_then(|matches| Self::from_arg_matches(&matches));
        read.unwrap_or_else(|error| tamed(error).format(&mut command).exit())
    }
}

/// The same error, without characters of an argument that control a terminal, and without the address of a database, where a
/// password may be. A suggestion that repeats such an argument is left out: clap has coloured it already.
fn tamed(mut error: clap::Error) -> clap::Error {
    let shown = |text: &str| tame(&without_address(text));
    let texts: Vec<_> = error
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(text) if shown(text) != *text => Some((kind, shown(text))),
            _ => None,
        })
        .collect();
    if !texts.is_empty() {
        error.remove(ContextKind::Suggested);
    }
    for (kind, text) in texts {
        error.insert(kind, ContextValue::String(text));
    }
    error
}

/// What clap has to know, with the help's list of commands in groups.
fn command_line() -> clap::Command {
    let command = Arguments::command();
    let mut template = "{about}\n\n{usage-heading} {usage}\n".to_owned();
    for (heading, names) in GROUPS {
        // Writing to a string cannot fail.
        let _ = writeln!(template, "\n{heading}:");
        for name in names {
            let about = command
                .find_subcommand(name)
                .and_then(clap::Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(template, "  {name:8}{about}");
        }
    }
    template += "\nOptions:\n{options}{after-help}";
    command.help_template(template)
}

/// Does what the arguments say.
///
/// # Errors
/// The command could not do its work, or the service's answer is wrong.
pub async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let stack = &arguments.stack;
    let stop = Stop::on_signal();
    match arguments.command {
        Command::Submit(arguments) => submit::run(stack, &arguments, &stop).await,
        Command::Replay(arguments) => replay::run(stack, &arguments, &stop).await,
        Command::Dlq(arguments) => dlq::run(stack, &arguments, &stop).await,
        Command::Pause(PauseArguments { lane }) => {
            lanes::switch_lane(stack, lane, Action::Pause, &stop).await
        }
        Command::Resume(ResumeArguments { lane }) => {
            lanes::switch_lane(stack, lane, Action::Resume, &stop).await
        }
        Command::Secret(arguments) => {
            stop.unless(secret::run(stack, &arguments), secret::stopped)
                .await
        }
        // These change nothing: they may be dropped at any moment.
        Command::Status(arguments) => stop.look(status::run(stack, &arguments)).await,
        Command::Trace(arguments) => stop.look(trace::run(stack, &arguments)).await,
        Command::Pace(arguments) => stop.look(lanes::pace::run(stack, &arguments)).await,
        Command::Smoke(arguments) => stop.look(smoke::run(stack, &arguments)).await,
        Command::Migrate(arguments) => {
            let stopped = || migrate::stopped(&arguments);
            stop.unless(migrate::run(stack, &arguments), stopped).await
        }
        Command::Copy(arguments) => copy::run(stack, &arguments, &stop).await,
        Command::Map(arguments) => stop.look(map::run(&arguments)).await,
        Command::Plan(arguments) => stop.look(plan::run(&arguments)).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_help_lists_every_command_in_one_group() {
        let grouped: Vec<_> = GROUPS.iter().flat_map(|(_, names)| *names).collect();
        let command = Arguments::command();
        let all: Vec<_> = command
            .get_subcommands()
            .map(clap::Command::get_name)
            .collect();
        assert!(
            all.iter().eq(grouped.iter().copied()),
            "{all:?} {grouped:?}"
        );
        let help = command_line().render_help().to_string();
        for line in [
            "Orders:\n  submit  Post one order and print the answer\n",
            "Operations:\n  pace    Show how fast",
        ] {
            assert!(help.contains(line), "{help}");
        }
        let mut command = command_line();
        let help = command.find_subcommand_mut("status").unwrap().render_help();
        assert!(!help.to_string().contains("Operations"), "{help}");
    }

    #[test]
    fn rate_and_speed_exclude_each_other_and_must_be_above_zero() {
        let parse = |rest: &[&str]| {
            Arguments::try_parse_from([&["sluice", "replay", "f.csv"], rest].concat())
        };
        assert!(parse(&["--rate", "2.5", "--in-flight", "1"]).is_ok());
        for bad in [
            &["--rate", "1", "--speed", "1"][..],
            &["--rate", "0"],
            &["--rate", "NaN"],
            &["--speed", "-1"],
            &["--speed", "inf"],
            &["--in-flight", "0"],
            &["--limit", "0"],
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_lane_that_there_is_not_is_wrong_usage_and_the_lanes_are_named() {
        for command in ["pause", "resume"] {
            assert!(Arguments::try_parse_from(["sluice", command, "hot"]).is_ok());
            let error = Arguments::try_parse_from(["sluice", command, "fast"]).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            let told = error.to_string();
            assert!(told.contains("the lanes are standard and hot"), "{told}");
            assert!(Arguments::try_parse_from(["sluice", command]).is_err());
        }
        assert!(Arguments::try_parse_from(["sluice", "pace", "--lane", "fast"]).is_err());
    }

    #[test]
    fn nothing_of_an_argument_steers_the_terminal() {
        for line in [
            ["sluice", "status", "ord_\u{1b}[2J"],
            ["sluice", "status", "--\u{1b}[2J"],
            ["sluice", "\u{1b}[2J", "x"],
            ["sluice", "pace", "--lane=h\rot"],
            ["sluice", "--stack=\u{9b}2J", "pace"],
        ] {
            let error = tamed(Arguments::try_parse_from(line).unwrap_err());
            let shown = error.render().ansi().to_string();
            let own = shown.replace("\u{1b}[0m", "").replace('\n', "");
            let own: String = own
                .split("\u{1b}[")
                .map(|part| part.replacen('m', "", 1))
                .collect();
            assert!(!own.contains(char::is_control), "{line:?}: {shown:?}");
            assert!(
                shown.contains("\\u{") || shown.contains("\\r"),
                "{line:?}: {shown:?}"
            );
        }
    }

    #[test]
    fn no_address_of_a_database_is_shown() {
        for line in [
            &["copy", "postgres://u:geheim@h/d"][..],
            &["migrate", "MySQL://u:geheim@h/d"],
            &["migrate", "--database=postgresql:geheim"],
            &["migrate", "--databse-url=postgres://u:geheim@h/d"],
            &["copy", "--rate", "mysql://u:geheim@h/d"],
            &[
                "copy",
                "--from",
                "table",
                "--after",
                "x",
                "--compare=mysql://u:geheim@h/d",
            ],
            &["postgres://u:geheim@h/d"],
        ] {
            let line = [&["sluice"], line].concat();
            let error = tamed(Arguments::try_parse_from(&line).unwrap_err());
            let shown = error.render().to_string();
            assert!(!shown.contains("geheim"), "{line:?}: {shown}");
        }
    }

    #[test]
    fn a_mark_and_a_rate_are_for_a_copy_and_not_for_a_comparison() {
        let parse = |rest: &[&str]| {
            let places = ["sluice", "copy", "--from", "table", "--to", "mysql://u@h/d"];
            Arguments::try_parse_from([&places, rest].concat())
        };
        assert!(parse(&["--rate", "1", "--after", "x"]).is_ok());
        assert!(parse(&["--compare"]).is_ok());
        assert!(parse(&["--compare", "--rate", "1"]).is_err());
        assert!(parse(&["--compare", "--after", "x"]).is_err());
        let mut command = command_line();
        let help = command.find_subcommand_mut("copy").unwrap().render_help();
        assert!(help.to_string().contains("--after <MARK>"), "{help}");
    }

    #[test]
    fn the_stack_may_stand_before_or_after_the_command() {
        let id = format!("ord_{}", "A".repeat(32));
        for line in [
            ["sluice", "--stack", "s", "status", &id],
            ["sluice", "status", &id, "--stack", "s"],
        ] {
            assert_eq!(Arguments::try_parse_from(line).unwrap().stack, "s");
        }
        assert!(Arguments::try_parse_from(["sluice", "status", "ord_1"]).is_err());
    }
}
