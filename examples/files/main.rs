//! A static file server on every core: what a small program on Sexton looks like.
//!
//! ```text
//! cargo run --release --example files -- [DIR] [--addr 127.0.0.1:8080] [--cores N]
//! ```
//!
//! Read in this order: this file (cores, clients, the stop), `connection` (one client), `send`
//! (files of any size in constant memory), `site` (what is on the disk). The others know nothing of
//! Sexton: `args`, `request`, `status`, `response`, `path`, `range`, `date`, `mime`, `listing`.

mod args;
mod connection;
mod send;
mod site;
mod request;
mod status;
mod response;
mod path;
mod range;
mod date;
mod mime;
mod listing;

use args::{Args, Refusal, USAGE};
use connection::{Limits, Service};
use sexton::net::TcpListener;
use sexton::signal::{self, Signal};
use sexton::time::timeout;
use sexton::{CancelToken, JoinSet};
use site::Site;
use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

/// How long the answers in flight may take once the server is to stop.
const GRACE: Duration = Duration::from_secs(10);

#[sexton::main]
async fn main() -> ExitCode {
    let args = match Args::parse(std::env::args_os().skip(1)) {
        Ok(args) => args,
        Err(Refusal::Help) => {
            say(io::stdout(), USAGE);
            return ExitCode::SUCCESS;
        }
        Err(Refusal::Wrong(why)) => {
            say(io::stderr(), format!("files: {why}\n\n{USAGE}"));
            return ExitCode::from(2);
        }
    };
    match run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(io::stderr(), format!("files: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Serves until Ctrl-C, or until a service manager says so (`SIGTERM`).
async fn run(args: Args) -> io::Result<()> {
    let site = Site::open(&args.dir).await.map_err(about(args.dir.display()))?;
    let cores = args.cores.map_or(sexton::cores(), NonZeroUsize::get);
    if cores > sexton::cores() {
        let what = format!("--cores {cores}: this process may use {}", sexton::cores());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    let stop = CancelToken::new();
    sexton::spawn(stop_on(signal::ctrl_c(), stop.clone()));
    sexton::spawn(stop_on(signal::terminate(), stop.clone()));
    // Its open folder is this core's: the others open it by the same path.
    let root = site.root().to_owned();
    let start = move || serve(args.addr, cores, root.clone(), stop.clone());
    sexton::spawn_per_core(start).try_join().await?; // the first error ends the others
    Ok(())
}

/// Stops the server when the signal comes; a Ctrl-C after it ends the process at once.
async fn stop_on(signal: Signal, stop: CancelToken) -> io::Result<()> {
    signal.await?;
    stop.cancel();
    let secs = GRACE.as_secs();
    let line = format!("Stopping: what is being sent may take {secs} s more; Ctrl-C ends it.");
    say(io::stderr(), line);
    signal::ctrl_c().await?;
    std::process::exit(130)
}

/// One core: takes clients until the stop, then lets those that are there finish.
async fn serve(addr: SocketAddr, cores: usize, root: PathBuf, stop: CancelToken) -> io::Result<()> {
    if sexton::current_core() >= cores {
        return Ok(());
    }
    let site = Site::open(&root).await.map_err(about(root.display()))?;
    let listener = TcpListener::bind(addr).await.map_err(about(addr))?; // one listener a core
    if sexton::current_core() == 0 {
        say(io::stdout(), greeting(&site, listener.local_addr()?, cores));
    }
    let service = Rc::new(Service { site, limits: Limits::default(), stop });
    let mut clients = JoinSet::new();
    loop {
        match service.stop.run(listener.accept()).await {
            Ok((stream, _peer)) => {
                clients.spawn(connection::serve(stream, Rc::clone(&service)));
            }
            Err(_) if service.stop.is_cancelled() => break,
            Err(error) => return Err(error),
        }
        forget_finished(&mut clients).await;
    }
    drop(listener);
    let finish = async { while clients.join_next().await.is_some() {} };
    if timeout(GRACE, finish).await.is_err() {
        say(io::stderr(), format!("{} connections are cut off", clients.len()));
    }
    Ok(())
}

/// Takes the tasks that are done out of the set, without waiting for the others.
async fn forget_finished<T: 'static>(tasks: &mut JoinSet<T>) {
    poll_fn(|cx| {
        while let Poll::Ready(Some(_)) = pin!(tasks.join_next()).poll(cx) {}
        Poll::Ready(())
    })
    .await;
}

/// Where the files are, on how many cores, and what the kernel granted.
fn greeting(site: &Site, addr: SocketAddr, cores: usize) -> String {
    let all = sexton::cores();
    let mut lines = vec![format!("Serving {} on {cores} of {all} cores", site.root().display())];
    if let Ok(caps) = sexton::doctor().ring() {
        let granted: Vec<_> = caps.flags().collect();
        lines.push(format!("Linux {} granted {}", caps.kernel(), granted.join(" ")));
        let refused: Vec<_> = caps.refused().collect();
        if !refused.is_empty() {
            lines.push(format!("and refused {}", refused.join(" ")));
        }
    }
    lines.push(format!("http://{addr}/"));
    lines.join("\n")
}

/// Prints a line. Nobody may be there to read it any more, which is no reason to stop.
fn say(mut to: impl Write, line: impl Display) {
    drop(writeln!(to, "{line}"));
}

/// An error that says what it is about.
fn about(what: impl Display) -> impl FnOnce(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{what}: {error}"))
}
