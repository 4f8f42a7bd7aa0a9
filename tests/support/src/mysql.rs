//! A MariaDB of the machine's own, started by a test in a folder of its own, and ended with it. It stands for MySQL.
//!
//! Debian's package is enough: `apt-get install mariadb-server`. Root starts it as the user `mysql`. The user `root` of the
//! database has no password, and it listens on loopback only.

use std::{
    io::Read,
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::Duration,
};

pub use crate::server::Stop;
use crate::server::{Server, Template, found};

/// Who runs the server where root should not.
const USER: &str = "mysql";

/// So that a folder is small to copy.
const SMALL_LOG: &str = "--innodb-log-file-size=8M";

/// A server. It ends when this is dropped, and also if the test's process is killed.
pub struct Mysql {
    program: PathBuf,
    server: Server,
}

impl Mysql {
    /// A server with these settings beside the usual ones, such as `max-connections=10`. `None` if there is none on this
    /// machine; then the test prints that it is skipped.
    ///
    /// # Panics
    /// If the server does not start, or if there is none though the variable `SLUICE_DATABASES` is `required`.
    pub fn start(settings: &[&str]) -> Option<Self> {
        let programs = program("mariadbd").zip(program("mariadb-install-db"));
        let (program, install) = found(programs, "MariaDB", "mariadb-server")?;
        let server = Server::new(USER, template(&install), "KILL");
        let it = Self { program, server };
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

    fn command(&self, settings: &[&str]) -> Command {
        let folder = self.server.folder();
        let mut command = folder.command(&self.program);
        let option = |name: &str, path: &Path| format!("--{name}={}", path.display());
        command
            .arg("--no-defaults")
            .arg(option("datadir", folder.path()))
            // A server that starts deletes what others have left in the system's.
            .arg(option("tmpdir", folder.path()))
            .arg(option("socket", &folder.path().join("socket")))
            .arg(option("pid-file", &folder.path().join("pid")))
            .arg(format!("--port={}", self.port()))
            .args([
                "--bind-address=127.0.0.1",
                "--innodb-buffer-pool-size=32M",
                SMALL_LOG,
                "--skip-log-bin",
                "--skip-name-resolve",
                // Whether it is ready is seen by connections that say nothing, which it counts as errors.
                "--max-connect-errors=1000000",
            ])
            .args(settings.iter().map(|setting| format!("--{setting}")));
        command
    }

    /// Whether it takes connections: it greets with version 10 of its protocol, or says why not.
    pub fn is_ready(&self) -> bool {
        let greeting = || {
            let mut connection = TcpStream::connect(("127.0.0.1", self.port()))?;
            connection.set_read_timeout(Some(Duration::from_secs(5)))?;
            let mut start = [0; 5];
            connection.read_exact(&mut start)?;
            std::io::Result::Ok(start[4])
        };
        greeting().is_ok_and(|version| version == 10)
    }

    /// Stops it, and waits until it is gone.
    ///
    /// # Panics
    /// If it does not run.
    pub fn stop(&self, how: Stop) {
        self.server.stop(how, "TERM");
    }

    /// Sends it a signal, such as `STOP` and `CONT`.
    pub fn signal(&self, signal: &str) {
        self.server.signal(signal);
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        self.server.log()
    }
}

/// A server's folder as it was made.
fn template(install: &Path) -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        Template::made_by(USER, |folder| {
            let mut made = folder.command(install);
            made.args(["--no-defaults", SMALL_LOG, "--skip-test-db"])
                .arg("--auth-root-authentication-method=normal")
                .arg(format!("--datadir={}", folder.path().display()))
                .arg(format!("--tmpdir={}", folder.path().display()));
            made
        })
    })
}

/// Where a program is. Debian keeps servers out of PATH.
fn program(name: &str) -> Option<PathBuf> {
    let folders = ["/usr/sbin", "/usr/bin", "/usr/local/bin"];
    let paths = folders.iter().map(|folder| Path::new(folder).join(name));
    paths.into_iter().find(|path| path.exists())
}
