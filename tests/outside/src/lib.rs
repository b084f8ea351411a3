//! What programs outside the repository rely on: each name with the types that it is used with.

use std::io;
use std::time::Duration;

use sexton::io::BufRead;
use sexton::net::TcpStream;

/// A line of a stream, through the stream's own memory.
pub async fn first_line(stream: &mut TcpStream) -> io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await?; // no memory while the line is awaited,
    Ok(line) // copied once, into `line`
}

/// A copy of a file, through one buffer.
pub async fn copy_file(from: &str, to: &str) -> io::Result<u64> {
    let (from, to) = (sexton::fs::File::open(from).await?, sexton::fs::File::create(to).await?);
    let (mut buf, mut at) = (Vec::with_capacity(1 << 20), 0);
    loop {
        let n;
        (n, buf) = from.read_at(buf, at).await?;
        if n == 0 {
            to.sync_all().await?;
            return Ok(at);
        }
        buf = to.write_all_at(buf, at).await?;
        buf.clear();
        at += n as u64;
    }
}

/// Tasks, here, on another core and on all of them, and what becomes of their results.
pub async fn tasks() -> io::Result<usize> {
    let here: sexton::JoinHandle<usize> = sexton::spawn(async { sexton::current_core() });
    let there: sexton::JoinHandle<usize> = sexton::spawn_on(0, || async { sexton::cores() });
    let cores: Vec<usize> = sexton::spawn_per_core(|| async { sexton::current_core() }).await?;
    let blocking: sexton::JoinHandle<usize> = sexton::spawn_blocking(|| 1);
    sexton::yield_now().await;
    Ok(here.await? + there.await? + cores.len() + blocking.await?)
}

/// A step that every core takes, and that may fail on each with an error of the program's own.
pub async fn everywhere<F>(step: F) -> Result<Vec<()>, Error>
where
    F: AsyncFn() -> Result<(), Error> + Clone + Send + 'static,
{
    sexton::spawn_per_core(move || {
        let step = step.clone();
        async move { step().await }
    })
    .try_join()
    .await
}

/// An error of the program's own.
#[derive(Debug)]
pub struct Error;

impl From<sexton::JoinError> for Error {
    fn from(_: sexton::JoinError) -> Self {
        Self
    }
}

/// A stop that gives unfinished work its buffers back.
pub async fn until_stopped(token: &sexton::CancelToken, stream: &TcpStream) -> io::Result<usize> {
    let stopper = token.clone();
    sexton::spawn(async move {
        if sexton::signal::ctrl_c().await.is_ok() {
            stopper.cancel();
        }
    });
    let read = token.run(stream.read_owned(Vec::with_capacity(512))).await;
    match read {
        Ok((n, _buf)) => Ok(n),
        Err(_) if token.is_cancelled() => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// Time, in tokio's shapes.
pub async fn time() -> Result<u32, sexton::time::Elapsed> {
    use sexton::time::{Instant, interval, sleep, sleep_until, timeout, timeout_at};
    sleep(Duration::from_millis(1)).await;
    sleep_until(Instant::now()).await;
    interval(Duration::from_millis(1)).tick().await;
    let number = timeout(Duration::from_secs(1), async { 1 }).await?;
    Ok(number + timeout_at(Instant::now() + Duration::from_secs(1), async { 1 }).await?)
}

/// Files by name, as in std.
pub async fn files(folder: &str) -> io::Result<usize> {
    use sexton::fs;
    let name = |file: &str| format!("{folder}/{file}");
    fs::create_dir_all(name("a/b")).await?;
    fs::write(name("a/one"), "text").await?;
    fs::rename(name("a/one"), name("a/two")).await?;
    let length = fs::read(name("a/two")).await?.len();
    let by_metadata = fs::metadata(name("a/two")).await?.len() as usize;
    let mut entries = fs::read_dir(name("a")).await?;
    let mut count = 0;
    while let Some(_entry) = entries.next_entry().await? {
        count += 1;
    }
    fs::OpenOptions::new().append(true).open(name("a/two")).await?;
    fs::remove_file(name("a/two")).await?;
    fs::remove_dir(name("a/b")).await?;
    fs::create_dir(name("a/c")).await?;
    fs::remove_dir_all(name("a")).await?;
    Ok(length + by_metadata + count)
}

/// A runtime without the attribute.
pub fn by_hand() -> io::Result<usize> {
    let runtime =
        sexton::Builder::new().cores(1).entries(64).grace(Duration::from_secs(1)).build()?;
    let known = runtime.block_on(async { sexton::stats().len() });
    eprintln!("{}", sexton::doctor());
    Ok(known.min(1) + sexton::block_on(async { sexton::cores() })) // others may have cores, too
}

#[sexton::test]
async fn a_copy_has_the_length_of_its_source() -> io::Result<()> {
    let folder = std::env::temp_dir().join(format!("sexton-outside-{}", std::process::id()));
    let folder = folder.to_str().expect("the folder for temporary files has a UTF-8 name");
    sexton::fs::create_dir_all(folder).await?;
    let (from, to) = (format!("{folder}/from"), format!("{folder}/to"));
    sexton::fs::write(&from, vec![7; 100_000]).await?;
    assert_eq!(copy_file(&from, &to).await?, 100_000);
    sexton::fs::remove_dir_all(folder).await
}

#[sexton::test]
async fn files_by_name_do_what_they_say() -> io::Result<()> {
    let folder = std::env::temp_dir().join(format!("sexton-names-{}", std::process::id()));
    let folder = folder.to_str().expect("the folder for temporary files has a UTF-8 name");
    assert_eq!(files(folder).await?, 4 + 4 + 2);
    sexton::fs::remove_dir_all(folder).await
}

#[sexton::test(cores = 2)]
async fn tasks_run_here_there_and_everywhere() {
    assert_eq!(tasks().await.expect("no task panics"), 2 + 2 + 1);
    assert!(everywhere(async || Ok(())).await.is_ok());
    assert!(everywhere(async || Err(Error)).await.is_err());
}

#[sexton::test]
async fn time_passes() {
    assert_eq!(time().await.expect("a second is enough"), 2);
}

#[test]
fn a_runtime_can_be_built_by_hand() {
    assert_eq!(by_hand().expect("the kernel has io_uring"), 2);
}
