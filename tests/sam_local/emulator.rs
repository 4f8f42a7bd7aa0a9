//! The functions as processes of this machine, under the Runtime Interface Emulator that SAM puts into its
//! containers: the fallback where there are none.

use std::{
    collections::HashMap,
    env, fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::time::sleep;

use crate::{
    process::Server,
    project::{FUNCTIONS, Scratch, architecture, bootstrap, command, root, sam_environment},
    stack::Stack,
};

/// How long one invocation may take.
const INVOCATION: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub struct Emulator {
    http: reqwest::Client,
    functions: HashMap<&'static str, Function>,
    _scratch: Scratch,
}

#[derive(Debug)]
struct Function {
    address: SocketAddr,
    log: PathBuf,
    _server: Server,
}

impl Emulator {
    pub async fn ready(stack: &Stack, secrets: &str) -> Self {
        let scratch = Scratch::new();
        let mut functions = HashMap::new();
        let endpoint = format!("http://{}", stack.address);
        for (folder, name) in FUNCTIONS {
            let log = scratch.path().join(format!("{folder}.log"));
            let settings = stack.settings(secrets);
            let function = Function::start(folder, name, settings, &endpoint, log).await;
            functions.insert(name, function);
        }
        Self {
            http: reqwest::Client::builder()
                .no_proxy()
                .timeout(INVOCATION)
                .build()
                .expect("a client can be made"),
            functions,
            _scratch: scratch,
        }
    }

    pub async fn invoke(&self, function: &str, event: &str) -> Result<Value, String> {
        let function = &self.functions[function];
        let url = format!(
            "http://{}/2015-03-31/functions/function/invocations",
            function.address
        );
        let event = fs::read(root().join(event)).map_err(|error| error.to_string())?;
        let answer = async { self.http.post(url).body(event).send().await?.text().await };
        let text = answer.await.map_err(|error| error.to_string());
        text.and_then(|text| {
            serde_json::from_str(&text).map_err(|_| format!("no JSON but {text:?}"))
        })
        .map_err(|why| format!("{why}, and the log\n{}", function.log()))
    }
}

impl Function {
    async fn start(
        folder: &str,
        name: &str,
        settings: HashMap<&'static str, String>,
        endpoint: &str,
        log: PathBuf,
    ) -> Self {
        let emulator = fs::read_dir(sam_environment().join("lib"))
            .expect("SAM is installed")
            .filter_map(|entry| Some(entry.ok()?.path()))
            .map(|python| {
                let rapid = python.join("site-packages/samcli/local/rapid");
                rapid.join(format!("aws-lambda-rie-{}", architecture()))
            })
            .find(|path| path.is_file())
            .expect("SAM carries the emulator");
        // Both are bound before either is let go, so that they differ.
        let bound = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port is free"));
        let [address, runtime] = bound
            .each_ref()
            .map(|b| b.local_addr().expect("it is bound"));
        drop(bound);
        let bootstrap = bootstrap(name);
        let file = || {
            fs::File::options()
                .create(true)
                .append(true)
                .open(&log)
                .expect("the log can be written")
        };
        let mut server = Server::start(
            command(emulator)
                .env_clear()
                .env("PATH", env::var_os("PATH").unwrap_or_default())
                .env("AWS_LAMBDA_FUNCTION_NAME", name)
                .env("AWS_LAMBDA_FUNCTION_TIMEOUT", "30")
                .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
                .env("AWS_ACCESS_KEY_ID", "test")
                .env("AWS_SECRET_ACCESS_KEY", "test")
                .env("AWS_REGION", "us-east-1")
                .env("AWS_ENDPOINT_URL", endpoint)
                .env("POWERTOOLS_SERVICE_NAME", folder)
                .env("LANE", "standard")
                .env("WRITES_PER_SECOND", "100")
                .env("CONCURRENCY", "2")
                .env("BATCH_SIZE", "1000")
                .envs(settings)
                .current_dir(bootstrap.parent().expect("it lies in a folder"))
                .args(["--runtime-interface-emulator-address", &address.to_string()])
                .args(["--runtime-api-address", &runtime.to_string()])
                .arg(&bootstrap)
                .stdout(Stdio::from(file()))
                .stderr(file()),
        )
        .expect("the emulator starts");
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(
                server.runs() && begun.elapsed() < INVOCATION,
                "the emulator of {name} does not listen: {}",
                fs::read_to_string(&log).unwrap_or_default()
            );
            sleep(Duration::from_millis(20)).await;
        }
        Self {
            address,
            log,
            _server: server,
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}
