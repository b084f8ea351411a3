//! The paths that are counted, each in a runtime of its own.

use crate::gate::Case;
use crate::steps::{LONG, timeouts_yield, timers, yields};
use std::future::{Future, ready};
use std::hint::black_box;

use sexton::buf::Chunk;
use sexton::net::{TcpListener, TcpStream};

/// Tasks of the cases that have many.
const TASKS: u64 = 64;

const fn case(name: &'static str, few: u64, many: u64) -> Case {
    Case { name, few, many }
}

/// What is counted.
pub(crate) const CASES: &[Case] = &[
    case("nop, 64 tasks", 6_400, 19_200),
    case("nop, 1 task", 1_000, 3_000),
    case("spawn and join", 5_000, 15_000),
    case("spawn and join, 64 at a time", 6_400, 19_200),
    case("yield, 64 tasks", 64_000, 192_000),
    case("timer, set and cancelled", 5_000, 15_000),
    case("timeout around a ready future", 5_000, 15_000),
    case("timeout around a yield", 5_000, 15_000),
    case("echo of 64 bytes, both ends", 500, 1_500),
];

/// Does so many operations of the case of this name, in a task: the root of a runtime has a turn
/// for each poll.
pub(crate) fn run(case: &'static str, operations: u64) {
    let ended = sexton::block_on(async move { sexton::spawn(one(case, operations)).await });
    ended.expect("no case panics");
}

async fn one(case: &str, operations: u64) {
    match case {
        "nop, 64 tasks" => in_tasks(operations, nop).await,
        "nop, 1 task" => nop(operations).await,
        "spawn and join" => spawn_and_join(operations, 1).await,
        "spawn and join, 64 at a time" => spawn_and_join(operations, TASKS).await,
        "yield, 64 tasks" => in_tasks(operations, yields).await,
        "timer, set and cancelled" => timers(operations).await,
        "timeout around a ready future" => timeouts_ready(operations).await,
        "timeout around a yield" => timeouts_yield(operations).await,
        "echo of 64 bytes, both ends" => echo(operations).await,
        other => panic!("no case has the name {other}"),
    }
}

/// Many tasks that share the operations.
async fn in_tasks<F>(operations: u64, each: fn(u64) -> F)
where
    F: Future<Output = ()> + 'static,
{
    let tasks: Vec<_> = (0..TASKS).map(|_| sexton::spawn(each(operations / TASKS))).collect();
    for task in tasks {
        task.await.expect("no case panics");
    }
}

async fn nop(operations: u64) {
    for _ in 0..operations {
        sexton::op::submit(sexton::op::Nop).await.expect("a ring does nothing well");
    }
}

/// So many at a time.
async fn spawn_and_join(operations: u64, together: u64) {
    let mut tasks = Vec::with_capacity(together as usize);
    for _ in 0..operations / together {
        tasks.extend((0..together).map(|number| sexton::spawn(async move { black_box(number) })));
        for task in tasks.drain(..) {
            task.await.expect("no case panics");
        }
    }
}

async fn timeouts_ready(operations: u64) {
    for number in 0..operations {
        black_box(sexton::time::timeout(LONG, ready(number)).await).expect("it is ready");
    }
}

/// Both ends on one core, which makes the order of all that happens the same in every run.
async fn echo(operations: u64) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let server = sexton::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client comes");
        while let Some(chunk) = stream.read_managed(4096).await.expect("the client sends") {
            let _: Chunk = stream.write_all_owned(chunk).await.expect("the client reads");
        }
    });
    let client = TcpStream::connect(address).await.expect("somebody listens");
    let (mut message, mut answer) = (vec![7; 64], Vec::with_capacity(64));
    for _ in 0..operations {
        message = client.write_all_owned(message).await.expect("the server reads");
        let mut read = 0;
        while read < message.len() {
            let n;
            (n, answer) = client.read_owned(answer).await.expect("the server answers");
            read += n;
        }
        answer.clear();
    }
    drop(client);
    server.await.expect("no case panics");
}
