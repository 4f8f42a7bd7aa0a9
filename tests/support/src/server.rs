//! A database server of the machine's own, started by a test in a folder of its own, and ended with it.

mod end;
mod folder;
pub mod wire;

use std::{
    env, io,
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread::sleep,
    time::{Duration, Instant},
};

use end::Guard;
pub(crate) use folder::Folder;

/// How long a start may take: the machine may be slow, and a server that was killed recovers first.
const PATIENCE: Duration = Duration::from_mins(1);

/// Set to `required`, a missing server fails the tests.
const REQUIRED: &str = "SLUICE_DATABASES";

/// How a server is stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// As an administrator does: connections are ended, and all is written.
    Fast,
    /// As a crash does: its processes are killed.
    Kill,
}

/// A server's folder, port and process. It ends when this is dropped, and also if the test's process is killed.
pub(crate) struct Server {
    folder: Folder,
    port: u16,
    running: Mutex<Option<Running>>,
    /// What ends it at once, when nothing of it is needed any more.
    last_signal: &'static str,
}

struct Running {
    server: Child,
    /// Ends the server when the test's process is gone.
    guard: Guard,
}

/// A folder to copy, and what removes it when the test's process has ended. To make one takes seconds.
pub(crate) struct Template(
    pub(crate) Folder,
    #[expect(dead_code, reason = "it acts at its end")] Guard,
);

impl Template {
    /// What this command makes in the folder, run by the folder's owner.
    pub(crate) fn made_by(user: &str, command: impl FnOnce(&Folder) -> Command) -> Self {
        let folder = Folder::new(user);
        let guard = Guard::of(None, &folder);
        let made = command(&folder).output().expect("what makes a folder runs");
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "no folder is made: {said}");
        Self(folder, guard)
    }
}

impl Server {
    /// One that does not run yet, in a copy of this folder.
    pub(crate) fn new(user: &str, template: &Template, last_signal: &'static str) -> Self {
        let folder = Folder::new(user);
        folder.copy(&template.0);
        Self {
            folder,
            port: free_port(),
            running: Mutex::new(None),
            last_signal,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Starts it, and waits until it takes connections.
    pub(crate) fn resume(&self, command: impl Fn() -> Command, is_ready: impl Fn() -> bool) {
        let begun = Instant::now();
        while !self.launch(command(), &is_ready) {
            assert!(begun.elapsed() < PATIENCE, "no start: {}", self.log());
            sleep(Duration::from_millis(100));
        }
    }

    /// Starts it without waiting.
    pub(crate) fn begin(&self, mut command: Command) {
        let mut running = self.running();
        assert!(running.is_none(), "it runs already");
        let log = self.folder.log();
        let server = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log"))
            .stderr(log)
            .spawn()
            .expect("the server's program runs");
        let guard = Guard::of(Some(server.id()), &self.folder);
        *running = Some(Running { server, guard });
    }

    /// Starts it and waits; `false` if it ended meanwhile. After a crash that happens as long as a process of the old server
    /// is still there.
    fn launch(&self, command: Command, is_ready: &impl Fn() -> bool) -> bool {
        self.begin(command);
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let mut running = self.running();
            let ended = running
                .as_mut()
                .is_none_or(|r| !matches!(r.server.try_wait(), Ok(None)));
            if ended {
                *running = None;
                return false;
            }
            drop(running);
            if is_ready() {
                return true;
            }
            sleep(Duration::from_millis(20));
        }
        panic!("not ready within {PATIENCE:?}: {}", self.log());
    }

    /// Stops it by this signal or kills it, and waits until its main process is gone.
    pub(crate) fn stop(&self, how: Stop, fast: &str) {
        let mut running = self.running().take().expect("it runs");
        let server = running.server.id();
        match how {
            Stop::Fast => end::signal(fast, server),
            Stop::Kill => {
                // Its processes that serve a connection would answer for another moment, and even commit.
                let others = end::children(server);
                for process in std::iter::once(server).chain(others) {
                    end::signal("KILL", process);
                }
            }
        }
        running.server.wait().expect("it ends");
        running.guard.dismiss();
    }

    /// Sends its main process a signal, such as `STOP` and `CONT`.
    pub(crate) fn signal(&self, signal: &str) {
        if let Some(running) = &*self.running() {
            end::signal(signal, running.server.id());
        }
    }

    /// Sends one of its processes a signal, unless it is another's.
    pub(crate) fn signal_process(&self, process: u32, signal: &str) {
        let running = self.running();
        let server = running.as_ref().expect("it runs").server.id();
        assert!(end::children(server).contains(&process), "not its process");
        end::signal(signal, process);
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        self.folder.read_log()
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut running) = self.running().take() {
            // Nothing of it is needed any more, so it need not write what it has.
            end::signal(self.last_signal, running.server.id());
            let _ = running.server.wait();
            running.guard.dismiss();
        }
    }
}

/// What was found, or `None` with a note that the test is skipped.
///
/// # Panics
/// If nothing was found though the variable `SLUICE_DATABASES` is `required`.
pub(crate) fn found<T>(programs: Option<T>, what: &str, package: &str) -> Option<T> {
    if programs.is_none() {
        let skipped = format!("no {what} on this machine. Next: apt-get install {package}");
        assert!(
            env::var(REQUIRED).as_deref() != Ok("required"),
            "{REQUIRED}=required, and there is {skipped}"
        );
        eprintln!("skipped: {skipped}");
    }
    programs
}

fn free_port() -> u16 {
    let port = || -> io::Result<u16> { Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port()) };
    port().expect("a free port")
}
