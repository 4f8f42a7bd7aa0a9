//! Ends a server: by its number, whatever becomes of the test.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

use super::folder::Folder;

/// Sends a process a signal.
pub(super) fn signal(signal: &str, pid: u32) {
    let _ = Command::new("kill")
        .args([format!("-{signal}"), pid.to_string()])
        .stderr(Stdio::null())
        .status();
}

/// A process that waits for the test's end. The system closes its input when the test's process is gone, however that ended;
/// then it ends the server and removes its folder. No signal to the test's group ends it before.
pub(super) struct Guard(Child);

/// `$1` is the server, `$2` its folder, `$3` its log.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
read -r word
[ "$word" = dismissed ] && exit
kill -QUIT "$1" 2>/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$1" 2>/dev/null || break; sleep 0.2; done
kill -KILL "$1" 2>/dev/null
rm -rf "$2" "$3"
"#;

impl Guard {
    /// Of the server with this number. It runs as the test does, for it may end what the test started.
    pub(super) fn of(pid: u32, folder: &Folder) -> Self {
        let log = folder.path().with_extension("log");
        let guard = Command::new("sh")
            .args(["-c", SCRIPT, "guard", &pid.to_string()])
            .args([folder.path(), &log])
            .current_dir(Path::new("/"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh runs");
        Self(guard)
    }

    /// It has nothing to do any more: the server has ended.
    pub(super) fn dismiss(&mut self) {
        use std::io::Write;
        if let Some(mut input) = self.0.stdin.take() {
            let _ = input.write_all(b"dismissed\n");
        }
        let _ = self.0.wait();
    }
}
