//! A program as a process that answers invocations.

use std::{
    ffi::OsStr,
    fs,
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use sluice_testing::server::wire::Proxy;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use crate::{
    check, database, enter,
    events::{LINES, SECRETS},
    program::Program,
    runtime_api::RuntimeApi,
    stand_in::Aws,
    tracing::{Daemon, Sampling},
};

/// Apart from the numbers of orders, and a multiple of how many of which one is sampled.
const INVOCATIONS: u64 = 20 << 32;

/// How a program is run.
pub(crate) struct Setup<'a> {
    pub(crate) sampling: Sampling,
    pub(crate) daemon: &'a Daemon,
    /// Of every answer of AWS.
    pub(crate) delay: Duration,
    /// The file that names the processes of a control group.
    pub(crate) group: Option<PathBuf>,
    /// A command that runs it, with arguments, such as `strace`.
    pub(crate) under: Vec<String>,
}

impl<'a> Setup<'a> {
    pub(crate) fn new(sampling: Sampling, daemon: &'a Daemon) -> Self {
        Self {
            sampling,
            daemon,
            delay: Duration::ZERO,
            group: None,
            under: Vec::new(),
        }
    }
}

/// A process that waits for invocations.
pub(crate) struct Running {
    /// Of each order that it is given from now on.
    pub(crate) lines: u64,
    program: Program,
    sampling: Sampling,
    host: RuntimeApi,
    aws: Aws,
    /// Before the database, if it has one.
    database: Option<Proxy>,
    /// The round trips to it until the first invocation.
    opening: u64,
    process: Child,
    init: Duration,
    /// What it used before it was the program.
    before: Duration,
    invocations: u64,
    orders: u64,
}

/// A signal to end a process.
#[derive(Clone, Copy)]
pub(crate) enum Signal {
    Terminate,
    Kill,
}

impl Running {
    /// Starts it, and waits until it asks for its first invocation.
    pub(crate) async fn start(program: &Program, setup: &Setup<'_>) -> Result<Self> {
        let mut host = RuntimeApi::start().await?;
        let aws = Aws::start(setup.delay).await?;
        let group = setup
            .group
            .as_deref()
            .map_or(OsStr::new(""), |group| group.as_os_str());
        let secrets = if program.reads_secrets {
            check::SECRET
        } else {
            SECRETS
        };
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg(enter::WORD)
            .arg(group)
            .args(&setup.under)
            .arg(&program.binary)
            .env_clear()
            .envs([
                (
                    "ORDERS_TOPIC_ARN",
                    "arn:aws:sns:eu-west-1:123456789012:orders",
                ),
                ("ORDERS_TABLE", "orders"),
                ("LANE", "standard"),
                // A write each 10 ms, the fastest that an invocation can be set to.
                ("WRITES_PER_SECOND", "200"),
                ("CONCURRENCY", "2"),
                ("BATCH_SIZE", "1000"),
                ("ORDER_ID_SECRETS", secrets),
                ("ORDER_ID_SECRETS_MAX_AGE", "300"),
                ("POWERTOOLS_SERVICE_NAME", program.name),
                ("POWERTOOLS_METRICS_NAMESPACE", "sluice"),
                ("AWS_LAMBDA_RUNTIME_API", host.address()),
                ("AWS_LAMBDA_FUNCTION_NAME", program.name),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
                ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
                ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
                ("AWS_REGION", check::REGION),
                ("AWS_ACCESS_KEY_ID", check::KEY_ID),
                ("AWS_SECRET_ACCESS_KEY", check::SECRET_KEY),
                ("AWS_SESSION_TOKEN", check::TOKEN),
            ])
            .env("AWS_ENDPOINT_URL", aws.url())
            .env("QUEUE_URL", format!("{}/123456789012/queue", aws.url()))
            .env(
                "DEAD_LETTER_QUEUE_URL",
                format!("{}/123456789012/letters", aws.url()),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        if program.is_paced {
            // For the floor; the function has its pace by the settings above.
            command.env("PACE_MS", "10");
        }
        let mut database = None;
        if let Some((engine, port)) = program.database {
            let proxy = Proxy::before(port).await;
            command.env("DATABASE_URL", database::url(engine, proxy.port()));
            database = Some(proxy);
        }
        command.env("AWS_XRAY_DAEMON_ADDRESS", setup.daemon.address());
        let (instant, clock) = (Instant::now(), SystemTime::now());
        let mut process = command.spawn()?;
        let asked = host.asked();
        let asked = tokio::select! {
            asked = asked => asked?,
            ended = process.wait() => bail!("{} ended with {}", program.name, ended?),
        };
        let output = process.stdout.take().context("its output is piped")?;
        let (began, before) = took_over(output).await?;
        let began = instant + began.saturating_sub(clock.duration_since(UNIX_EPOCH)?);
        Ok(Self {
            lines: LINES,
            program: program.clone(),
            sampling: setup.sampling,
            host,
            aws,
            opening: trips(database.as_ref()),
            database,
            process,
            init: asked.saturating_duration_since(began),
            before,
            invocations: 0,
            orders: 0,
        })
    }

    /// From the start of the program until it asked for its first invocation.
    pub(crate) fn init(&self) -> Duration {
        self.init
    }

    /// One invocation with so many orders, from the event to its answer. It is an error if it makes more calls, or fewer, than
    /// its job is.
    pub(crate) async fn invoke(&mut self, orders: u64) -> Result<Duration> {
        let before = self.aws.requests();
        let took = self.invoke_freely(orders).await?;
        let most = match self.database {
            None => self.program.job.calls(orders),
            Some(_) => 0,
        };
        let calls = self.aws.requests() - before;
        ensure!(
            calls == most,
            "{} made {calls} calls to AWS where its job is {most}",
            self.program.name
        );
        Ok(took)
    }

    /// The same, with as many calls as it likes.
    pub(crate) async fn invoke_freely(&mut self, orders: u64) -> Result<Duration> {
        let job = self.program.job;
        let event = job.event(self.sampling, self.lines, self.orders, orders)?;
        let trace = self.sampling.header(INVOCATIONS + self.invocations);
        let name = self.program.name;
        let answered = tokio::select! {
            answered = self.host.invoke(&event, trace) => answered,
            ended = self.process.wait() => Err(anyhow!("it ended with {}", ended?)),
        };
        self.aws.is_content().context(name)?;
        let (took, answer) = answered.context(name)?;
        let answer = String::from_utf8_lossy(&answer);
        ensure!(answer.contains(job.good()), "{name} answered {answer}");
        // It is ready again, so the next one does not wait for this one's end.
        self.host.asked().await?;
        self.invocations += 1;
        self.orders += orders;
        Ok(took)
    }

    /// The time that the program was on a processor so far.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        Ok(cpu(self.id()?)?.saturating_sub(self.before))
    }

    /// The most memory that it held so far, in bytes.
    pub(crate) fn peak_rss(&self) -> Result<u64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.id()?))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let size = line.context("no VmHWM in status")?;
        Ok(size.trim().trim_end_matches(" kB").parse::<u64>()? * 1_024)
    }

    /// How many calls to AWS it made so far, and round trips to its database since its start.
    pub(crate) fn round_trips(&self) -> u64 {
        self.aws.requests() + trips(self.database.as_ref()) - self.opening
    }

    /// How many questions it asked AWS so far that open a connection and do nothing else.
    pub(crate) fn questions(&self) -> u64 {
        self.aws.questions()
    }

    /// How many connections it opened so far, to AWS and to the Runtime API.
    pub(crate) fn connections(&self) -> (u64, u64) {
        (self.aws.connections(), self.host.connections())
    }

    /// Ends it, and waits for that. Under another program it is that one's child.
    pub(crate) async fn end(mut self, signal: Signal) -> Result<()> {
        let id = self.id()?;
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"))?;
        let child = children.split_whitespace().next();
        let target = child.map_or_else(|| id.to_string(), str::to_owned);
        let signal = match signal {
            Signal::Terminate => "-TERM",
            Signal::Kill => "-KILL",
        };
        // The shell's own, since the command is not everywhere.
        let kill = format!("kill {signal} {target}");
        let killed = Command::new("sh").args(["-c", &kill]).status().await?;
        ensure!(killed.success(), "{kill} failed");
        let ended = timeout(Duration::from_secs(30), self.process.wait()).await;
        ended.with_context(|| format!("{} does not end", self.program.name))??;
        Ok(())
    }

    fn id(&self) -> Result<u32> {
        self.process
            .id()
            .with_context(|| format!("{} has ended", self.program.name))
    }
}

/// The time that a process was on a processor so far.
pub(crate) fn cpu(id: u32) -> Result<Duration> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{id}/task"))? {
        let statistics = fs::read_to_string(thread?.path().join("schedstat"))?;
        let on_processor = statistics.split(' ').next().unwrap_or_default();
        nanoseconds += on_processor.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

fn trips(database: Option<&Proxy>) -> u64 {
    database.map_or(0, |proxy| proxy.round_trips() as u64)
}

/// When the program took over, since 1970, and how long the process was on a processor before.
async fn took_over(output: ChildStdout) -> Result<(Duration, Duration)> {
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).await?;
    let (time, used) = line
        .trim()
        .split_once(' ')
        .context("no time of the start")?;
    Ok((
        Duration::from_nanos(time.parse()?),
        Duration::from_nanos(used.parse()?),
    ))
}
