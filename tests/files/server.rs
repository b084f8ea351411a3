//! The example as a process of its own, and the folder that it serves.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};

/// A folder that is gone with its test.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// A folder for the test of this name, with nothing in it but `outside.txt` and an empty
    /// `site`.
    pub(crate) fn new(test: &str) -> Self {
        let name = format!("files-{test}-{}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        drop(fs::remove_dir_all(&folder)); // of a process that was killed
        fs::create_dir_all(folder.join("site")).expect("tests may write to their folder");
        fs::write(folder.join("outside.txt"), "secret").expect("tests may write to their folder");
        Self(folder)
    }

    /// A path below the served folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join("site").join(name)
    }

    /// Puts a file into the served folder, and the folders above it.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("as above");
        fs::write(path, bytes).expect("tests may write to their folder");
    }

    /// Puts a symbolic link into the served folder.
    pub(crate) fn link(&self, to: &str, name: &str) {
        std::os::unix::fs::symlink(to, self.path(name)).expect("tests may write to their folder");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// The server, running.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    stderr: BufReader<ChildStderr>,
    /// What it printed when it started.
    pub(crate) greeting: String,
    /// Where it listens.
    pub(crate) addr: SocketAddr,
}

impl Server {
    /// Serves the folder on a free port.
    pub(crate) fn start(folder: &Folder) -> Self {
        Self::start_with(folder, &[])
    }

    /// The same, with more words on the command line.
    pub(crate) fn start_with(folder: &Folder, words: &[&str]) -> Self {
        let mut child = command()
            .arg(folder.path(""))
            .args(["--addr", "127.0.0.1:0"])
            .args(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the example is built");
        let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut greeting = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let addr = loop {
            let from = greeting.len();
            let n = stdout.read_line(&mut greeting).expect("it prints text");
            assert!(n > 0, "it ended before it said where it listens: {greeting}");
            let line = greeting[from..].trim();
            if let Some(rest) = line.strip_prefix("http://") {
                break rest.trim_end_matches('/').parse().expect("it prints its address");
            }
        };
        Self { child, stderr, greeting, addr }
    }

    /// Asks the server to stop, by the signal of this name, and waits until it says that it heard.
    pub(crate) fn stop(&mut self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &kill]).status().expect("there is a shell");
        assert!(status.success());
        let mut line = String::new();
        self.stderr.read_line(&mut line).expect("it prints text");
        assert!(line.starts_with("Stopping"), "{line:?}");
    }

    /// Waits for the end of the process: how it ended, and what else it had to say.
    pub(crate) fn wait(&mut self) -> (ExitStatus, String) {
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).expect("it prints text");
        (self.child.wait().expect("it is ours to wait for"), said)
    }

    /// The most memory that was resident at any time, in KiB.
    pub(crate) fn peak_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("the process is there");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
        number.expect("the kernel says so").parse().expect("it is a number")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The example that `cargo test` built beside this test.
pub(crate) fn command() -> Command {
    let test = std::env::current_exe().expect("the kernel knows");
    let target = test.parent().and_then(Path::parent).expect("tests are in `deps`");
    let example = target.join("examples/files");
    assert!(
        example.exists(),
        "{} is not there: `cargo test` builds it, `cargo build --example files` too",
        example.display()
    );
    Command::new(example)
}
