//! The container engine.

use std::{net::Ipv4Addr, process::Command, time::Duration};

use crate::{process::run_well, project::command};

/// How long the engine may take for anything that is not a download.
const BOUND: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub struct Engine {
    /// Its address. Given to everything, because SAM knows nothing of docker's contexts.
    host: String,
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
        Ok(Self { host })
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
