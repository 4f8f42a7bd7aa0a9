//! Other programs, none of them waited for without end.

use std::{
    io::{self, Read},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long a program may take to end once it is asked to.
const ENDING: Duration = Duration::from_secs(30);

/// What a program wrote until it ended by itself.
#[derive(Debug)]
pub struct Output {
    pub success: bool,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a program to its end, or gives up on it.
pub fn run(command: &mut Command, bound: Duration) -> Result<Output, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{name}: {error}"))?;
    let stdout = read_all(child.stdout.take());
    let stderr = read_all(child.stderr.take());
    let Some(success) = ended_within(&mut child, bound) else {
        end(&mut child);
        return Err(format!("{name} did not end within {bound:?}"));
    };
    let text = |reader: thread::JoinHandle<String>| reader.join().unwrap_or_default();
    Ok(Output {
        success,
        stdout: text(stdout),
        stderr: text(stderr),
    })
}

/// As [`run`], where only success will do: its output, or what it complained of.
pub fn run_well(command: &mut Command, bound: Duration) -> Result<String, String> {
    let output = run(command, bound)?;
    if output.success {
        Ok(output.stdout.trim().to_owned())
    } else {
        Err(output.stderr.trim().to_owned())
    }
}

/// A program that serves until this is dropped.
#[derive(Debug)]
pub struct Server(Child);

impl Server {
    pub fn start(command: &mut Command) -> io::Result<Self> {
        command.stdin(Stdio::null()).spawn().map(Self)
    }

    pub fn runs(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.0);
    }
}

/// Asks by SIGTERM, on which SAM removes its containers, and insists if that does not help.
fn end(child: &mut Child) {
    if matches!(child.try_wait(), Ok(None)) {
        // The standard library sends no SIGTERM, and a bare machine has no program for it but the shell.
        let _ = Command::new("sh")
            .args(["-c", &format!("kill -TERM {}", child.id())])
            .status();
    }
    if ended_within(child, ENDING).is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Whether the program ended well, if it ended in time.
fn ended_within(child: &mut Child, bound: Duration) -> Option<bool> {
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Err(_) => return Some(false),
            Ok(None) if begun.elapsed() > bound => return None,
            Ok(None) => thread::sleep(Duration::from_millis(20)),
        }
    }
}

fn read_all(from: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut from) = from {
            let _ = from.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
