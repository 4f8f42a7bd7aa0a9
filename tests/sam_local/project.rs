//! Where things lie, and what the output says.

use std::{
    env, fs,
    io::{Write, stderr},
    path::{Path, PathBuf},
    process::{self, Command},
};

/// Says something that must be read even when all is well: the test harness shows what is printed only on failure.
pub fn say(text: &str) {
    writeln!(stderr(), "sam local: {text}").expect("stderr can be written");
}

pub fn root() -> PathBuf {
    fs::canonicalize(sluice_testing::project()).expect("the project is there")
}

/// The stack's own folder.
fn local_dir() -> PathBuf {
    env::var_os("LOCAL_DIR")
        .expect("run these by `make sam-local`")
        .into()
}

/// What `sam build` made: the functions that the stack runs too.
pub fn built() -> PathBuf {
    env::var_os("SLUICE_BUILD_DIR").map_or_else(|| local_dir().join("build"), PathBuf::from)
}

/// The built program of a function.
pub fn bootstrap(function: &str) -> PathBuf {
    built().join(function).join("bootstrap")
}

/// The functions that the events are for: their folders, and their names in the template.
pub const FUNCTIONS: [(&str, &str); 3] = [
    ("accept-order", "AcceptOrder"),
    ("fulfill-orders", "FulfillStandard"),
    ("read-orders", "ReadOrders"),
];

/// Lambda's name of this machine's processor.
pub fn architecture() -> &'static str {
    match env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    }
}

/// A folder in the environment of the SAM CLI.
pub fn sam_environment() -> PathBuf {
    root().join(".sluice/venv-sam")
}

/// A command without the settings of the user that lead elsewhere: proxies, also asked for loopback addresses.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in ["http_proxy", "https_proxy", "all_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    command
}

/// A folder for one test's files, removed with it.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Self {
        let name = format!("sam-local-{}", process::id());
        // The stack's own folder for such: it goes with the stack, even if this process is killed.
        let path = local_dir().join("tmp").join(name);
        fs::create_dir_all(&path).expect("the stack's folder can be written");
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
