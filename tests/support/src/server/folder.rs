//! A private folder that the server's user owns.

use std::{
    env,
    fs::{self, File, OpenOptions, Permissions},
    io::Write,
    os::unix::{
        fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
};

/// Tells apart the folders of one process.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Bytes that several servers with many small databases have room in.
const ENOUGH: u64 = 4 << 30;

/// A user and a group, by number.
type Owner = (u32, u32);

/// The folder. It is removed when this is dropped.
pub(crate) struct Folder {
    path: PathBuf,
    /// Whose it is, where that is not the own user.
    owner: Option<Owner>,
}

impl Folder {
    /// A new one where every user may enter.
    pub(crate) fn new(user: &str) -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("sluice-{user}-{}-{number}", process::id());
        let path = place().join(name);
        fs::create_dir(&path).expect("a folder of its own");
        let is_root = fs::metadata(&path).expect("it is there").uid() == 0;
        let owner = is_root.then(|| owner(user));
        fs::set_permissions(&path, Permissions::from_mode(0o700)).expect("it is private");
        let folder = Self { path, owner };
        folder.give(&folder.path);
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A command that the folder's owner runs, in the folder.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.path);
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    /// Copies what another folder of the same owner holds.
    pub(crate) fn copy(&self, other: &Self) {
        let mut copy = self.command(Path::new("cp"));
        copy.arg("-a").arg(other.path.join(".")).arg(&self.path);
        let copied = copy.status().expect("cp runs");
        assert!(copied.success(), "the folder is not copied");
    }

    pub(crate) fn private_file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path.join(name);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&path).expect("the file can be made");
        file.write_all(content).expect("it can be written");
        self.give(&path);
        path
    }

    /// The log, to append to.
    pub(crate) fn log(&self) -> File {
        let mut options = OpenOptions::new();
        let log = options.create(true).append(true).open(self.log_path());
        log.expect("a log")
    }

    pub(crate) fn read_log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Beside the data: `initdb` wants an empty folder.
    fn log_path(&self) -> PathBuf {
        self.path.with_extension("log")
    }

    fn give(&self, path: &Path) {
        if let Some((user, group)) = self.owner {
            chown(path, Some(user), Some(group)).expect("it is the server's");
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
        let _ = fs::remove_file(self.log_path());
    }
}

/// In memory, if there is enough: a server makes and removes thousands of small files, which took a disk (ext4) most of the
/// time of the tests. Otherwise the system's temporary folder.
fn place() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let mut df = Command::new("df");
    let answer = df.args(["--output=avail", "-B1"]).arg(memory).output();
    let free = answer.ok().and_then(|answer| {
        let text = String::from_utf8(answer.stdout).ok()?;
        text.lines().last()?.trim().parse::<u64>().ok()
    });
    if free.is_some_and(|free| free >= ENOUGH) {
        memory.to_owned()
    } else {
        env::temp_dir()
    }
}

/// The numbers of a user whom the server's package has made.
fn owner(user: &str) -> Owner {
    let users = fs::read_to_string("/etc/passwd").expect("the list of users");
    let numbers = |line: &str| {
        let mut parts = line.split(':');
        (parts.next() == Some(user)).then_some(())?;
        let mut parts = parts.skip(1);
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    };
    users
        .lines()
        .find_map(numbers)
        .unwrap_or_else(|| panic!("no user {user}; a database server refuses to run as root"))
}
