//! A PostgreSQL of the machine's own, started by a test in a folder of its own, and ended with it.
//!
//! Debian's package is enough: `apt-get install postgresql-15`. The server refuses to run as root, so root starts it as the
//! user `postgres`. It trusts every connection from this machine, and listens on loopback only.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

pub use crate::server::Stop;
use crate::server::{Server, Template, found};

/// Who runs the server where root may not.
const USER: &str = "postgres";

/// A server. It ends when this is dropped, and also if the test's process is killed.
pub struct Postgres {
    programs: PathBuf,
    server: Server,
}

impl Postgres {
    /// A server with these settings beside the usual ones, such as `max_connections=10`. `None` if there is none on this
    /// machine; then the test prints that it is skipped.
    ///
    /// # Panics
    /// If the server does not start, or if there is none though the variable `SLUICE_DATABASES` is `required`.
    pub fn start(settings: &[&str]) -> Option<Self> {
        let programs = found(programs(), "PostgreSQL", "postgresql-15")?;
        let server = Server::new(USER, template(&programs), "QUIT");
        let it = Self { programs, server };
        it.resume(settings);
        Some(it)
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// The folder of its data and its log.
    pub fn folder(&self) -> &Path {
        self.server.folder().path()
    }

    /// Writes a file into its folder that only it may read, such as a private key. The file's path.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn private_file(&self, name: &str, content: &[u8]) -> PathBuf {
        self.server.folder().private_file(name, content)
    }

    /// Starts it again after [`Self::stop`], and waits until it takes connections.
    ///
    /// # Panics
    /// If it does not start in time.
    pub fn resume(&self, settings: &[&str]) {
        self.server
            .resume(|| self.command(settings), || self.is_ready());
    }

    /// Starts it again without waiting: for a while it refuses connections, and says that it is starting.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn begin(&self, settings: &[&str]) {
        self.server.begin(self.command(settings));
    }

    fn command(&self, settings: &[&str]) -> Command {
        let folder = self.server.folder();
        let mut command = folder.command(&self.programs.join("postgres"));
        command
            .arg("-D")
            .arg(folder.path())
            .args(["-p", &self.port().to_string()]);
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
            command.args(["-c", setting]);
        }
        command
    }

    /// Whether it takes connections.
    pub fn is_ready(&self) -> bool {
        Command::new(self.programs.join("pg_isready"))
            .args(["-q", "-h", "127.0.0.1", "-p", &self.port().to_string()])
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Stops it, and waits until its main process is gone.
    ///
    /// # Panics
    /// If it does not run.
    pub fn stop(&self, how: Stop) {
        self.server.stop(how, "INT");
    }

    /// Sends its main process a signal, such as `STOP` and `CONT`.
    pub fn signal(&self, signal: &str) {
        self.server.signal(signal);
    }

    /// Sends one of its processes a signal, such as `KILL` one that serves a connection.
    pub fn signal_process(&self, process: i32, signal: &str) {
        self.server.signal_process(process.unsigned_abs(), signal);
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        self.server.log()
    }
}

/// A server's folder as it was made.
fn template(programs: &Path) -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        Template::made_by(USER, |folder| {
            let mut initdb = folder.command(&programs.join("initdb"));
            initdb
                .args(["--no-sync", "--no-locale", "-A", "trust", "-E", "UTF8"])
                .args(["-U", "postgres", "-D"])
                .arg(folder.path());
            initdb
        })
    })
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
