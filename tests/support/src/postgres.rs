//! A PostgreSQL of the machine's own, started by a test in a folder of its own, and ended with it.
//!
//! Debian's package is enough: `apt-get install postgresql-15`. The server refuses to run as root, so root starts it as the
//! user `postgres`. It trusts every connection from this machine, and listens on loopback only.

mod end;
mod folder;

use std::{
    env, io,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
    thread::sleep,
    time::{Duration, Instant},
};

use end::Guard;
use folder::Folder;

/// How long a start may take: the machine may be slow, and a server that was killed recovers first.
const PATIENCE: Duration = Duration::from_mins(1);

/// Who runs the server where root may not.
const USER: &str = "postgres";

/// Set to `required`, a missing server fails the tests.
const REQUIRED: &str = "SLUICE_DATABASES";

/// A server. It ends when this is dropped, and also if the test's process is killed.
pub struct Postgres {
    programs: PathBuf,
    folder: Folder,
    port: u16,
    running: Mutex<Option<Running>>,
}

struct Running {
    server: Child,
    /// Ends the server when the test's process is gone.
    guard: Guard,
}

/// How a server is stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// As an administrator does: connections are ended, and all is written.
    Fast,
    /// As a crash does: its processes are killed.
    Kill,
}

impl Postgres {
    /// A server with these settings beside the usual ones, such as `max_connections=10`. `None` if there is none on this
    /// machine; then the test prints that it is skipped.
    ///
    /// # Panics
    /// If the server does not start, or if there is none though the variable `SLUICE_DATABASES` is `required`.
    pub fn start(settings: &[&str]) -> Option<Self> {
        let Some(programs) = programs() else {
            let skipped = "no PostgreSQL on this machine. Next: apt-get install postgresql-15";
            assert!(
                env::var(REQUIRED).as_deref() != Ok("required"),
                "{REQUIRED}=required, and there is {skipped}"
            );
            eprintln!("skipped: {skipped}");
            return None;
        };
        let folder = Folder::new(USER);
        folder.copy(template(&programs));
        let server = Self {
            programs,
            folder,
            port: free_port(),
            running: Mutex::new(None),
        };
        server.resume(settings);
        Some(server)
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its data and its log.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into its folder that only it may read, such as a private key. The file's path.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn private_file(&self, name: &str, content: &[u8]) -> PathBuf {
        self.folder.private_file(name, content)
    }

    /// Starts it again after [`Self::stop`], and waits until it takes connections.
    ///
    /// # Panics
    /// If it does not start in time.
    pub fn resume(&self, settings: &[&str]) {
        let begun = Instant::now();
        while !self.launch(settings) {
            assert!(begun.elapsed() < PATIENCE, "no start: {}", self.log());
            sleep(Duration::from_millis(100));
        }
    }

    /// Starts it again without waiting: for a while it refuses connections, and says that it is starting.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn begin(&self, settings: &[&str]) {
        let mut running = self.running();
        assert!(running.is_none(), "it runs already");
        let log = self.folder.log();
        let mut server = self.folder.command(&self.programs.join("postgres"));
        server
            .arg("-D")
            .arg(self.folder.path())
            .args(["-p", &self.port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "shared_buffers=16MB",
            // It need not outlive a crash of the machine, only its own.
            "fsync=off",
            // The default is a large segment of /dev/shm, which containers have little of.
            "dynamic_shared_memory_type=mmap",
        ]
        .iter()
        .chain(settings)
        {
            server.args(["-c", setting]);
        }
        let server = server
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log"))
            .stderr(log)
            .spawn()
            .expect("postgres runs");
        let guard = Guard::of(Some(server.id()), &self.folder);
        *running = Some(Running { server, guard });
    }

    /// Starts it and waits; `false` if it ended meanwhile. After a crash that happens as long as a process of the old server
    /// is still there.
    fn launch(&self, settings: &[&str]) -> bool {
        self.begin(settings);
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
            if self.is_ready() {
                return true;
            }
            sleep(Duration::from_millis(20));
        }
        panic!("not ready within {PATIENCE:?}: {}", self.log());
    }

    /// Whether it takes connections.
    pub fn is_ready(&self) -> bool {
        Command::new(self.programs.join("pg_isready"))
            .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Stops it, and waits until its main process is gone.
    ///
    /// # Panics
    /// If it does not run.
    pub fn stop(&self, how: Stop) {
        let mut running = self.running().take().expect("it runs");
        let server = running.server.id();
        match how {
            Stop::Fast => end::signal("INT", server),
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
    pub fn signal(&self, signal: &str) {
        if let Some(running) = &*self.running() {
            end::signal(signal, running.server.id());
        }
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        self.folder.read_log()
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut running) = self.running().take() {
            // Nothing of it is needed any more, so it need not write what it has.
            end::signal("QUIT", running.server.id());
            let _ = running.server.wait();
            running.guard.dismiss();
        }
    }
}

/// A server's folder as it was made, to copy: to make one takes seconds. It is removed when the test's process has ended.
fn template(programs: &Path) -> &'static Folder {
    static TEMPLATE: OnceLock<(Folder, Guard)> = OnceLock::new();
    let (folder, _) = TEMPLATE.get_or_init(|| {
        let folder = Folder::new(USER);
        let guard = Guard::of(None, &folder);
        let mut initdb = folder.command(&programs.join("initdb"));
        initdb
            .args(["--no-sync", "--no-locale", "-A", "trust", "-E", "UTF8"])
            .args(["-U", "postgres", "-D"])
            .arg(folder.path());
        let made = initdb.output().expect("initdb runs");
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "initdb: {said}");
        (folder, guard)
    });
    folder
}

/// The folder of the newest server's programs.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    versions
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("bin/postgres").exists())
        .max_by_key(version)
        .map(|path| path.join("bin"))
}

fn free_port() -> u16 {
    let port = || -> io::Result<u16> { Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port()) };
    port().expect("a free port")
}
