//! Runs the command.

use std::{
    fs::File,
    io::{Read, Write},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::{Duration, Instant},
};

use sluice_testing::wait::PATIENCE;

/// What a run said, and its exit code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Ran {
    /// `None`: a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// What becomes of what the command writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sink {
    Read,
    /// A disk that is full.
    Full,
    /// A pipe that nobody reads any more.
    Closed,
}

impl Sink {
    fn stdio(self) -> Stdio {
        match self {
            Self::Read | Self::Closed => Stdio::piped(),
            Self::Full => File::options()
                .write(true)
                .open("/dev/full")
                .unwrap()
                .into(),
        }
    }
}

/// The command with these arguments, and with no setting but those that every process has.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command
        .args(arguments)
        .env_clear()
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The same command, where SIGHUP is not ignored: `nohup` may run the tests.
pub(crate) fn heeding(command: &Command) -> Command {
    let mut heeding = Command::new("env");
    heeding
        .arg("--default-signal=HUP")
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            heeding.env(name, value);
        }
    }
    heeding
}

/// Runs it to its end, while other tasks go on.
pub(crate) async fn run(command: Command) -> Ran {
    run_with(command, Sink::Read, Sink::Read).await
}

pub(crate) async fn run_with(mut command: Command, out: Sink, err: Sink) -> Ran {
    let ran = tokio::task::spawn_blocking(move || {
        let mut child = command
            .stdout(out.stdio())
            .stderr(err.stdio())
            .spawn()
            .unwrap();
        if out == Sink::Closed {
            drop(child.stdout.take());
        }
        if err == Sink::Closed {
            drop(child.stderr.take());
        }
        ended(child)
    });
    ran.await.unwrap()
}

/// Waits for the end of a process.
pub(crate) fn ended(mut child: Child) -> Ran {
    let end = Instant::now() + PATIENCE;
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let read = |from: Option<&mut dyn Read>| {
        let mut text = Vec::new();
        if let Some(from) = from {
            from.read_to_end(&mut text).unwrap();
        }
        String::from_utf8_lossy(&text).into_owned()
    };
    // Both at once: neither may fill up while the other is read.
    let (out, err) = std::thread::scope(|scope| {
        let err = scope.spawn(|| read(err.as_mut().map(|e| e as &mut dyn Read)));
        (
            read(out.as_mut().map(|o| o as &mut dyn Read)),
            err.join().unwrap(),
        )
    });
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Ran {
                code: status.code(),
                out,
                err,
            };
        }
        assert!(Instant::now() < end, "it does not end: {out}{err}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Sends a signal to a process.
pub(crate) fn signal(child: &Child, name: &str) {
    let Output { status, .. } = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .output()
        .unwrap();
    assert!(status.success());
}

/// A file of this test's own, which is removed when this is dropped.
pub(crate) struct Scratch(pub(crate) String);

impl Scratch {
    pub(crate) fn of(content: impl AsRef<[u8]>) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("{}-{}", std::process::id(), NUMBER.fetch_add(1, Relaxed));
        let path = std::env::temp_dir().join(format!("sluice-test-{name}"));
        let mut file = File::create(&path).unwrap();
        file.write_all(content.as_ref()).unwrap();
        Self(path.to_str().unwrap().to_owned())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
