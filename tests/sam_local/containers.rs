//! The functions in containers, by `sam local`.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    rc::Rc,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    engine::Engine,
    forwarder::Forwarder,
    image::Image,
    process::{Server, run, run_well},
    project::{Scratch, architecture, built, command, root, sam_environment},
    stack::Stack,
};

/// How long one invocation may take: the longest timeout of a function, and what SAM needs around it.
const INVOCATION: Duration = Duration::from_mins(2);

/// Fields are dropped in this order: the image before its engine.
#[derive(Debug)]
pub struct Containers {
    image: Image,
    _forwarder: Forwarder,
    engine: Rc<Engine>,
    scratch: Scratch,
}

impl Containers {
    /// In the engine at hand. The error says why it will not do.
    pub fn ready(stack: &Stack, secrets: &str) -> Result<Self, String> {
        let engine = Engine::at_hand()?;
        let engine = Rc::new(engine);
        let gateway = engine.gateway()?;
        let forwarder = Forwarder::start(gateway, stack.address)
            .map_err(|error| format!("its network's address {gateway} is not here ({error})"))?;
        let image = Image::make(&engine, &forwarder.url())?;
        let scratch = Scratch::new();
        let settings = json!({"Parameters": stack.settings(secrets)});
        fs::write(scratch.path().join("env.json"), settings.to_string())
            .map_err(|error| error.to_string())?;
        Ok(Self {
            image,
            _forwarder: forwarder,
            engine,
            scratch,
        })
    }

    /// What the functions run in, for the reader of the output.
    pub fn description(&self) -> String {
        let image = if self.image.is_stand_in {
            "a stand-in for Lambda's image, which could not be pulled: this proves nothing about glibc"
        } else {
            "Lambda's own image"
        };
        format!("containers of {image}")
    }

    fn sam(&self, subcommand: &[&str]) -> Command {
        let scratch = self.scratch.path();
        let mut sam = self.engine.command(sam_environment().join("bin/sam"));
        sam.current_dir(root())
            .env("SAM_CLI_TELEMETRY", "0")
            .env("SAM_CLI_NO_COLOR", "1")
            .env("__SAM_CLI_APP_DIR", root().join(".sluice/sam"))
            // Without it SAM does not find the functions that the template's loop makes. samconfig.toml says so for the root.
            .env("SAM_CLI_ENABLE_LANGUAGE_EXTENSIONS", "1")
            .env("TMPDIR", scratch)
            .arg("local")
            .args(subcommand)
            .arg("--template-file")
            .arg(built().join("template.yaml"))
            .arg("--env-vars")
            .arg(scratch.join("env.json"))
            .arg("--layer-cache-basedir")
            .arg(scratch.join("layers"))
            .args(["--parameter-overrides"])
            .arg(format!("Architecture={}", architecture()))
            .args(["--invoke-image", &self.image.name, "--skip-pull-image"])
            .args(["--container-host", "127.0.0.1"]);
        sam
    }

    /// `sam local invoke`. Its exit status says nothing of the function: what it prints does.
    pub fn invoke(&self, function: &str, event: &str) -> Result<Value, String> {
        let output = run(
            &mut self.sam(&["invoke", function, "--event", event]),
            INVOCATION,
        )?;
        serde_json::from_str(&output.stdout).map_err(|_| {
            let (printed, log) = (output.stdout.trim(), output.stderr.trim());
            format!("no JSON but {printed:?}, and the log\n{log}")
        })
    }

    /// `sam local start-api`: the server, its address, and where it logs.
    pub fn api(&self) -> (Server, String, PathBuf) {
        let mut free_port = command(sam_environment().join("bin/python"));
        free_port.arg(root().join("local/aws.py")).arg("free-port");
        let port = run_well(&mut free_port, INVOCATION).expect("a port is free");
        let log = self.scratch.path().join("api.log");
        let file = fs::File::create(&log).expect("the log can be written");
        let mut sam = self.sam(&["start-api", "--host", "127.0.0.1"]);
        sam.args(["--port", &port, "--warm-containers", "LAZY"])
            .stdout(Stdio::null())
            .stderr(file);
        let server = Server::start(&mut sam).expect("SAM starts");
        (server, format!("http://127.0.0.1:{port}"), log)
    }

    /// The containers that are there now.
    pub fn running(&self) -> Vec<String> {
        self.image.containers()
    }
}
