//! A container engine: the one at hand, or a private one for the length of a test.

use std::{
    io::{BufRead, BufReader},
    net::Ipv4Addr,
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::{
    process::{ended_within, run_well},
    project::{command, root},
};

/// How long the engine may take for anything that is not a download.
const BOUND: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub struct Engine {
    /// Its address. Given to everything, because SAM knows nothing of docker's contexts.
    host: String,
    private: Option<Private>,
}

impl Engine {
    /// The engine that `docker` reaches.
    pub fn at_hand() -> Result<Self, String> {
        run_well(command("docker").arg("info"), BOUND)
            .map_err(|_| "no engine answers".to_owned())?;
        let host = run_well(
            command("docker").args([
                "context",
                "inspect",
                "--format",
                "{{.Endpoints.docker.Host}}",
            ]),
            BOUND,
        )?;
        Ok(Self {
            host,
            private: None,
        })
    }

    /// An engine of our own.
    pub fn private() -> Result<Self, String> {
        Private::start().map(|(private, host)| Self {
            host,
            private: Some(private),
        })
    }

    pub fn is_private(&self) -> bool {
        self.private.is_some()
    }

    /// A program that talks to this engine.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = command(program);
        command
            .env("DOCKER_HOST", &self.host)
            .env_remove("DOCKER_CONTEXT");
        command
    }

    /// Runs docker with these arguments: its output, or what it complained of.
    pub fn docker(&self, arguments: &[&str]) -> Result<String, String> {
        run_well(self.command("docker").args(arguments), BOUND)
    }

    /// This machine's address in the containers' network.
    pub fn gateway(&self) -> Result<Ipv4Addr, String> {
        let format = "{{range .IPAM.Config}}{{.Gateway}} {{end}}";
        self.docker(&["network", "inspect", "bridge", "--format", format])?
            .split_whitespace()
            .find_map(|address| address.parse().ok())
            .ok_or_else(|| "the engine's network has no gateway".to_owned())
    }
}

/// `private-engine`: see there.
#[derive(Debug)]
struct Private(Child);

impl Private {
    fn start() -> Result<(Self, String), String> {
        let mut child = command(root().join("tests/sam_local/private-engine"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A signal that ends the tests is not for the engine, which ends when its input closes.
            .process_group(0)
            .spawn()
            .map_err(|error| error.to_string())?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            if let Some(stdout) = stdout {
                let _ = BufReader::new(stdout).read_line(&mut line);
            }
            let _ = sender.send(line.trim().to_owned());
        });
        let mut private = Self(child);
        match receiver.recv_timeout(BOUND) {
            Ok(host) if !host.is_empty() => Ok((private, host)),
            _ => {
                private.stop();
                let said = stderr.map(std::io::read_to_string);
                Err(said
                    .and_then(Result::ok)
                    .unwrap_or_default()
                    .trim()
                    .to_owned())
            }
        }
    }

    fn stop(&mut self) {
        drop(self.0.stdin.take());
        if ended_within(&mut self.0, BOUND).is_none() {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        self.stop();
    }
}
