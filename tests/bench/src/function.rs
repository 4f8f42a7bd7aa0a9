//! A function as a process.

use std::{
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use tokio::process::{Child, Command};

use crate::{
    events::{self, SECRETS},
    runtime_api::RuntimeApi,
    way::{Sink, Way},
};

/// Which function.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Accept,
    Fulfill,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept-order",
            Self::Fulfill => "fulfill-orders",
        }
    }

    /// Its folder in what `sam build` made.
    fn folder(self) -> &'static str {
        match self {
            Self::Accept => "AcceptOrder",
            Self::Fulfill => "FulfillStandard",
        }
    }

    /// How many invocations make a round. A batch takes its time, since its writes wait for the pace.
    pub(crate) fn invocations(self) -> usize {
        match self {
            Self::Accept => 100,
            Self::Fulfill => 5,
        }
    }

    fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Accept => &[(
                "ORDERS_TOPIC_ARN",
                "arn:aws:sns:eu-west-1:123456789012:orders",
            )],
            Self::Fulfill => &[
                ("ORDERS_TABLE", "orders"),
                ("QUEUE_URL", "http://127.0.0.1:1/queue"),
                ("DEAD_LETTER_QUEUE_URL", "http://127.0.0.1:1/letters"),
                ("LANE", "standard"),
                ("WRITES_PER_SECOND", "200"),
                ("CONCURRENCY", "2"),
                ("BATCH_SIZE", "1000"),
            ],
        }
    }

    /// What an invocation answers that went well.
    fn good(self) -> &'static str {
        match self {
            Self::Accept => r#""statusCode":202"#,
            Self::Fulfill => r#""batchItemFailures":[]"#,
        }
    }
}

/// A process that waits for invocations.
pub(crate) struct Function {
    kind: Kind,
    way: Way,
    host: RuntimeApi,
    process: Child,
    init: Duration,
    invocations: u64,
}

impl Function {
    /// Starts it, and waits until it asks for its first invocation.
    pub(crate) async fn start(
        kind: Kind,
        folder: &Path,
        aws: &str,
        way: Way,
        sink: &Sink,
    ) -> Result<Self> {
        let mut host = RuntimeApi::start().await?;
        let binary = folder.join(kind.folder()).join("bootstrap");
        let mut command = Command::new(&binary);
        command
            .env_clear()
            .envs(kind.settings().iter().copied())
            .env("ORDER_ID_SECRETS", SECRETS)
            .env("POWERTOOLS_SERVICE_NAME", kind.name())
            .env("POWERTOOLS_METRICS_NAMESPACE", "sluice")
            .env("AWS_LAMBDA_RUNTIME_API", host.address())
            .env("AWS_LAMBDA_FUNCTION_NAME", kind.name())
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "bench")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench")
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_ENDPOINT_URL", aws)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        if way != Way::Off {
            command.env("AWS_XRAY_DAEMON_ADDRESS", sink.address());
        }
        let begun = Instant::now();
        let process = command
            .spawn()
            .with_context(|| format!("{} does not start", binary.display()))?;
        let init = host.asked().await? - begun;
        Ok(Self {
            kind,
            way,
            host,
            process,
            init,
            invocations: 0,
        })
    }

    /// From the start of the process until it asked for its first invocation.
    pub(crate) fn init(&self) -> Duration {
        self.init
    }

    /// One invocation, from the event to its answer.
    pub(crate) async fn invoke(&mut self) -> Result<Duration> {
        self.invocations += 1;
        let event = match self.kind {
            Kind::Accept => events::request(),
            Kind::Fulfill => events::batch(self.way)?,
        };
        let trace = self.way.header(self.invocations << 16);
        let (took, answer) = self.host.invoke(&event, trace).await?;
        let answer = String::from_utf8_lossy(&answer);
        ensure!(answer.contains(self.kind.good()), "it answered {answer}");
        // It is ready again, so the next one does not wait for this one's end.
        self.host.asked().await?;
        Ok(took)
    }

    /// The time that the process was on a processor so far.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let id = self.process.id().context("it runs")?;
        let mut nanoseconds = 0;
        for thread in fs::read_dir(format!("/proc/{id}/task"))? {
            let statistics = fs::read_to_string(thread?.path().join("schedstat"))?;
            let on_processor = statistics.split(' ').next().unwrap_or_default();
            nanoseconds += on_processor.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }
}
