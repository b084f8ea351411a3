//! Users without privileges: little memory to lock, or no io_uring. It works, or says why not.
//!
//! Each runs in a process of its own, which gives up its privileges for a user that nobody is: what
//! rings lock is counted for a user, not for a process.
//!
//! # Invariants
//!
//! - **I1** the filter's program is four instructions that live until the call that copies them has
//!   returned.

#![allow(unsafe_code, reason = "giving up privileges, and a filter of system calls")]

use crate::child::{play, role};
use crate::deadline::within_a_minute;
use crate::poll::poll_once;
use rustix::process::{Resource, Rlimit, geteuid, setrlimit};
use sexton::buf::{FixedPool, IoBufMut};
use sexton::io::OwnedRead;
use sexton::net::{TcpListener, TcpStream};
use sexton::time::{Duration, timeout};
use std::io;

/// Whether this process may become another user; it says so if not.
fn may_change_user() -> bool {
    let may = geteuid().is_root();
    if !may {
        println!("SKIPPED: only root can become a user without privileges");
    }
    may
}

/// A small echo over TCP.
async fn echo() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let client = TcpStream::connect(listener.local_addr()?).await?;
    let (server, _) = listener.accept().await?;
    let served = sexton::spawn(async move {
        let mut server = server;
        loop {
            let shown = sexton::io::BufRead::fill_buf(&mut server).await?;
            let answer = shown.to_vec();
            sexton::io::BufRead::consume(&mut server, answer.len());
            if answer.is_empty() {
                return io::Result::Ok(());
            }
            server.write_all_owned(answer).await?;
        }
    });
    for round in 0..100_u8 {
        client.write_all_owned(vec![round; 100]).await?;
        let mut back = vec![];
        while back.len() < 100 {
            back.extend(client.read_owned(Vec::with_capacity(100)).await?.1);
        }
        assert_eq!(back, [round; 100]);
    }
    drop(client);
    served.await.map_err(io::Error::from)?
}

/// Starts a runtime as it comes, and says what came of it.
fn try_to_work() {
    let outcome = sexton::Builder::new().build().and_then(|runtime| runtime.block_on(echo()));
    match outcome {
        Ok(()) => println!("OUTCOME works"),
        Err(error) => println!("OUTCOME refused: {}", error.to_string().replace('\n', " ")),
    }
}

/// Becomes a user that nobody is, for good.
fn become_user(id: u32) {
    // SAFETY: no group: no pointer is read.
    let groups = unsafe { libc::setgroups(0, std::ptr::null()) };
    // SAFETY: a number.
    let group = unsafe { libc::setgid(id) };
    // SAFETY: a number.
    let user = unsafe { libc::setuid(id) };
    assert_eq!((groups, group, user), (0, 0, 0), "{}", io::Error::last_os_error());
    // SAFETY: a number; it must fail.
    assert_ne!(unsafe { libc::setuid(0) }, 0, "privileges are still there");
}

/// What comes of it with `kib` KiB of memory to lock.
fn outcome_with(test: &str, kib: u64) -> Option<String> {
    if let Some(role) = role() {
        let kib: u64 = role.parse().unwrap();
        let limit = Some(kib << 10);
        setrlimit(Resource::Memlock, Rlimit { current: limit, maximum: limit }).unwrap();
        become_user(60_000 + kib as u32);
        within_a_minute(try_to_work);
        return None;
    }
    if !may_change_user() {
        return None;
    }
    let said = play(&format!("unprivileged::{test}"), &kib.to_string());
    let outcome = said.lines().find_map(|line| line.split_once("OUTCOME ")).expect("an outcome").1;
    println!("{kib} KiB of memory to lock: {outcome}");
    Some(outcome.to_owned())
}

#[test]
fn eight_mebibytes_to_lock_are_plenty_for_a_user_without_privileges() {
    let test = "eight_mebibytes_to_lock_are_plenty_for_a_user_without_privileges";
    let Some(outcome) = outcome_with(test, 8 << 10) else { return };
    assert_eq!(outcome, "works");
}

#[test]
fn half_a_mebibyte_to_lock_is_enough_for_a_user_without_privileges() {
    let test = "half_a_mebibyte_to_lock_is_enough_for_a_user_without_privileges";
    let Some(outcome) = outcome_with(test, 512) else { return };
    assert_eq!(outcome, "works");
}

#[test]
fn sixty_four_kibibytes_to_lock_are_enough_or_the_error_says_what_is_missing() {
    let test = "sixty_four_kibibytes_to_lock_are_enough_or_the_error_says_what_is_missing";
    let Some(outcome) = outcome_with(test, 64) else { return };
    if outcome != "works" {
        let lower = outcome.to_lowercase();
        assert!(lower.contains("memlock"), "{outcome}");
        assert!(outcome.contains("64 KiB") || outcome.contains("65536"), "{outcome}");
        assert!(lower.contains("need"), "{outcome}");
    }
}

/// Sends zero-copy to a peer that does not read, until nothing more fits; says how many buffers
/// were back at once, since they had been copied, and checks what arrives.
async fn send_more_than_may_be_locked() -> io::Result<(usize, usize)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut client = TcpStream::connect(listener.local_addr()?).await?;
    let (server, _) = listener.accept().await?;
    let (mut bytes, mut copied, mut outstanding) = (0, 0, Vec::new());
    let patience = Duration::from_millis(200);
    while let Ok(sent) = timeout(patience, server.send_zc(vec![7; 1 << 16])).await {
        let (count, notified) = sent?;
        let mut notified = Box::pin(notified);
        bytes += count;
        match poll_once(notified.as_mut()).await {
            Some(_) => copied += 1,
            None => outstanding.push(notified),
        }
    }
    let late = outstanding.len();
    drop(server);
    let all = client.read_to_end_owned(Vec::new()).await?.1;
    assert!(all.len() >= bytes && all.iter().all(|byte| *byte == 7));
    for notified in outstanding {
        assert_eq!(notified.await.len(), 1 << 16);
    }
    Ok((copied, late))
}

#[test]
fn a_zero_copy_send_without_memory_to_lock_is_one_that_copies() {
    let test = "a_zero_copy_send_without_memory_to_lock_is_one_that_copies";
    if role().is_some() {
        let limit = Some(768 << 10);
        setrlimit(Resource::Memlock, Rlimit { current: limit, maximum: limit }).unwrap();
        become_user(60_768);
        return within_a_minute(|| {
            let runtime = sexton::Builder::new().entries(8).build().unwrap();
            let (copied, late) = runtime.block_on(send_more_than_may_be_locked()).unwrap();
            println!("OUTCOME {copied} copied, {late} late");
        });
    }
    if !may_change_user() {
        return;
    }
    let said = play(&format!("unprivileged::{test}"), "locks");
    let outcome = said.lines().find_map(|line| line.split_once("OUTCOME ")).expect("an outcome").1;
    println!("768 KiB of memory to lock: {outcome}");
    assert!(!outcome.starts_with("0 copied"), "{outcome}");
}

/// Registers more than may be locked, works with it all the same, and then with less, again and
/// again: what nobody has any more is not locked any more.
async fn register_more_than_may_be_locked() -> io::Result<String> {
    let large = FixedPool::new(1024, 4096)?;
    let refused = sexton::register_buffers(&large).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::OutOfMemory);
    assert_eq!(large.registration(), None);
    let file = sexton::fs::File::from_std(tempfile()?);
    let mut pool = large;
    for round in 0..50_u8 {
        let mut buf = pool.take().expect("none is out");
        buf.fill_from(&[round; 4096]);
        let mut buf = file.write_all_at(buf, 0).await?;
        buf.clear();
        let buf = file.read_exact_at(buf, 0).await?;
        assert_eq!(buf[..], [round; 4096]);
        drop(buf);
        pool = FixedPool::new(64, 4096)?;
        // The kernel may count memory for a moment that it has let go of.
        for again in 0.. {
            match sexton::register_buffers(&pool) {
                Ok(()) => break,
                Err(error) if again == 1000 => return Err(error),
                Err(_) => sexton::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }
    Ok(refused.to_string())
}

/// A file without a name.
fn tempfile() -> io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::File::options();
    options.read(true).write(true).custom_flags(libc::O_TMPFILE).open(std::env::temp_dir())
}

#[test]
fn registering_more_than_may_be_locked_names_the_limit_and_its_buffers_work_all_the_same() {
    let test =
        "registering_more_than_may_be_locked_names_the_limit_and_its_buffers_work_all_the_same";
    if role().is_some() {
        let limit = Some(1 << 20);
        setrlimit(Resource::Memlock, Rlimit { current: limit, maximum: limit }).unwrap();
        become_user(61_024);
        return within_a_minute(|| {
            let runtime = sexton::Builder::new().entries(8).build().unwrap();
            let said = runtime.block_on(register_more_than_may_be_locked()).unwrap();
            println!("OUTCOME {said}");
        });
    }
    if !may_change_user() {
        return;
    }
    let said = play(&format!("unprivileged::{test}"), "registers");
    let outcome = said.lines().find_map(|line| line.split_once("OUTCOME ")).expect("an outcome").1;
    println!("1 MiB of memory to lock: {outcome}");
    assert!(outcome.contains("ulimit -l"), "{outcome}");
}

/// From here on this thread's `io_uring_setup` is refused, as Docker's default profile does.
fn refuse_io_uring() {
    const ALLOW: u32 = 0x7fff_0000;
    const REFUSE: u32 = 0x0005_0000 | libc::EPERM as u32;
    let step = |code: u32, jt, jf, k| libc::sock_filter { code: code as u16, jt, jf, k };
    let mut steps = [
        // The number of the system call, first in the structure that the filter reads.
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, libc::SYS_io_uring_setup as u32),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, REFUSE),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, ALLOW),
    ];
    let program = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_mut_ptr() };
    // SAFETY: numbers.
    let outcome = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(outcome, 0, "{}", io::Error::last_os_error());
    let filter = libc::SECCOMP_MODE_FILTER;
    // SAFETY: I1.
    let outcome = unsafe { libc::prctl(libc::PR_SET_SECCOMP, filter, &raw const program, 0, 0) };
    assert_eq!(outcome, 0, "{}", io::Error::last_os_error());
}

#[test]
fn under_a_filter_that_refuses_io_uring_the_error_names_it_and_the_remedy() {
    if role().is_some() {
        return within_a_minute(|| {
            refuse_io_uring();
            try_to_work();
        });
    }
    let test = "under_a_filter_that_refuses_io_uring_the_error_names_it_and_the_remedy";
    let said = play(&format!("unprivileged::{test}"), "filtered");
    let outcome = said.lines().find_map(|line| line.split_once("OUTCOME ")).expect("an outcome").1;
    println!("under a filter: {outcome}");
    assert!(outcome.starts_with("refused"), "{outcome}");
    assert!(outcome.contains("seccomp"), "{outcome}");
    assert!(outcome.contains("--security-opt"), "the remedy: {outcome}");
}
