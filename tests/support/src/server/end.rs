//! Ends a server: by its number, whatever becomes of the test.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
};

use super::folder::Folder;

/// Sends a process a signal.
pub(crate) fn signal(signal: &str, pid: u32) {
    let _ = Command::new("kill")
        .args([format!("-{signal}"), pid.to_string()])
        .stderr(Stdio::null())
        .status();
}

/// The processes that a process has started.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let list = list.unwrap_or_default();
    list.split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect()
}

/// A process that waits for the test's end. The system closes its input when the test's process is gone, however that ended;
/// then it ends the server and removes its folder. No signal to the test's group ends it before.
pub(crate) struct Guard(Child);

/// `$1` is the folder, `$2` the log, `$3` the server, if there is one.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
read -r word
[ "$word" = dismissed ] && exit
if [ -n "$3" ]; then
    kill -QUIT "$3" 2>/dev/null
    for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$3" 2>/dev/null || break; sleep 0.2; done
    kill -KILL "$3" 2>/dev/null
fi
rm -rf "$1" "$2"
"#;

impl Guard {
    /// Of the server with this number, and of its folder. It runs as the test does, for it may end what the test started.
    pub(crate) fn of(pid: Option<u32>, folder: &Folder) -> Self {
        let log = folder.path().with_extension("log");
        let guard = Command::new("sh")
            .args(["-c", SCRIPT, "guard"])
            .args([folder.path(), &log])
            .args(pid.map(|pid| pid.to_string()))
            .current_dir(Path::new("/"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh runs");
        Self(guard)
    }

    /// It has nothing to do any more: the server has ended.
    pub(crate) fn dismiss(&mut self) {
        use std::io::Write;
        if let Some(mut input) = self.0.stdin.take() {
            let _ = input.write_all(b"dismissed\n");
        }
        let _ = self.0.wait();
    }
}
