//! What belongs to a core's ring cannot leave its thread, and what must be able to, can.

use sexton::net::{TcpListener, TcpStream};
use sexton::time::{Duration, sleep};

/// Says of a value whether its type is `Send`: an inherent method comes before a trait's.
struct Probe<T>(T);

impl<T: Send> Probe<T> {
    fn is_send(&self) -> bool {
        true
    }
}

/// The answer for all other types.
trait Otherwise {
    fn is_send(&self) -> bool {
        false
    }
}

impl<T> Otherwise for Probe<T> {}

#[sexton::test]
async fn sockets_and_what_waits_for_them_stay_on_their_core() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let stream = TcpStream::connect(listener.local_addr()?).await?;
    assert!(!Probe(listener.accept()).is_send());
    assert!(!Probe(stream.read_owned(Vec::new())).is_send());
    assert!(!Probe(stream.write_all_owned("text")).is_send());
    assert!(!Probe(stream.read(&mut [])).is_send());
    assert!(!Probe(TcpStream::connect("127.0.0.1:1")).is_send());
    assert!(!Probe(stream.read_managed(1)).is_send());
    assert!(!Probe(stream.into_split()).is_send());
    assert!(!Probe(listener).is_send());
    Ok(())
}

#[sexton::test]
async fn timers_handles_and_operations_stay_on_their_core() {
    let task = sexton::spawn(async {});
    assert!(!Probe(task.abort_handle()).is_send());
    assert!(!Probe(task).is_send());
    assert!(!Probe(sleep(Duration::ZERO)).is_send());
    assert!(!Probe(sexton::op::submit(sexton::op::Nop)).is_send());
}

#[sexton::test]
async fn tokens_and_buffers_may_travel() {
    assert!(Probe(sexton::CancelToken::new()).is_send());
    assert!(Probe(sexton::stats()).is_send());
    assert!(Probe(sexton::doctor()).is_send());
    assert!(Probe(sexton::buf::BufError::new(std::io::ErrorKind::Other, vec![0_u8])).is_send());
    assert!(Probe(sexton::spawn_on(7, || async {}).await.expect_err("no such core")).is_send());
}
