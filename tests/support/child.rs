//! A test that runs in a process of its own: limits and users are a whole process's.

use std::process::{Command, Stdio};
use std::time::Duration;

const ROLE: &str = "SEXTON_TEST_ROLE";

/// What this process is to play, if it is a child.
pub(crate) fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// Runs the test called `test` again, in a child that plays `role`, and returns what it printed.
pub(crate) fn play(test: &str, role: &str) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture"]).env(ROLE, role);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let id = rustix::process::Pid::from_child(&child);
    let (ended, wait) = std::sync::mpsc::channel();
    let watch = std::thread::spawn(move || {
        if wait.recv_timeout(Duration::from_secs(60)).is_err() {
            rustix::process::kill_process(id, rustix::process::Signal::KILL).unwrap();
        }
    });
    let output = child.wait_with_output().unwrap();
    ended.send(()).unwrap_or_default();
    watch.join().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{role}: {}\n{said}\n{complained}", output.status);
    said
}
