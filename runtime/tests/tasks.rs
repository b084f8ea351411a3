//! Tasks, cores and time on the real kernel.

use sexton_runtime::op::{Nop, submit};
use sexton_runtime::time::{Duration, Instant, sleep, timeout};
use sexton_runtime::{
    Builder, CancelToken, JoinSet, block_on, cores, current_core, spawn, spawn_blocking, spawn_on,
    spawn_per_core, yield_now,
};
use std::cell::Cell;
use std::rc::Rc;

#[test]
fn a_task_gives_its_output_to_who_awaits_it() {
    block_on(async {
        assert_eq!(spawn(async { 7 }).await.unwrap(), 7);
        let chain = spawn(async { spawn(async { 1 }).await.unwrap() + 1 });
        assert_eq!(chain.await.unwrap(), 2);
    });
}

#[test]
fn a_panic_comes_out_of_the_handle_and_nothing_else_is_hurt() {
    block_on(async {
        let bad = spawn(async { panic!("on purpose") });
        let good = spawn(async {
            yield_now().await;
            "fine"
        });
        let error = bad.await.unwrap_err();
        assert!(error.is_panic() && error.to_string().contains("on purpose"));
        assert_eq!(good.await.unwrap(), "fine");
    });
}

#[test]
fn an_aborted_task_is_dropped_and_its_handle_says_so() {
    struct Flag(Rc<Cell<bool>>);
    impl Drop for Flag {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    block_on(async {
        let dropped = Rc::new(Cell::new(false));
        let flag = Flag(Rc::clone(&dropped));
        let task = spawn(async move {
            let _flag = flag;
            std::future::pending::<()>().await;
        });
        yield_now().await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        assert!(dropped.get());
    });
}

#[test]
fn operations_go_to_the_kernel_and_come_back() {
    block_on(async {
        for _ in 0..1000 {
            submit(Nop).await.unwrap();
        }
        let tasks: Vec<_> =
            (0..1000).map(|_| spawn(async { submit(Nop).await.unwrap() })).collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

#[test]
fn sleeps_are_never_early_and_end_in_order() {
    block_on(async {
        let start = Instant::now();
        let mut set = JoinSet::new();
        for ms in [9_u64, 3, 6, 0] {
            set.spawn(async move {
                sleep(Duration::from_millis(ms)).await;
                assert!(start.elapsed() >= Duration::from_millis(ms));
                ms
            });
        }
        let mut order = Vec::new();
        while let Some(ms) = set.join_next().await {
            order.push(ms.unwrap());
        }
        assert_eq!(order, [0, 3, 6, 9]);
        assert!(timeout(Duration::from_millis(2), std::future::pending::<()>()).await.is_err());
    });
}

#[test]
fn a_task_on_another_core_answers_from_there() {
    let runtime = Builder::new().cores(3).build().unwrap();
    runtime.block_on(async {
        assert_eq!((cores(), current_core()), (3, 0));
        for core in [2, 0, 1] {
            let task = spawn_on(core, move || async move {
                sleep(Duration::from_millis(1)).await;
                current_core()
            });
            assert_eq!(task.await.unwrap(), core);
        }
        assert_eq!(spawn_per_core(|| async { current_core() }).await.unwrap(), [0, 1, 2]);
        let error = spawn_on(3, || async {}).await.unwrap_err();
        assert!(error.to_string().contains("no core 3"), "{error}");
        let panic = spawn_on(1, || async { panic!("far away") }).await.unwrap_err();
        assert!(panic.is_panic());
        let forever = spawn_on(1, std::future::pending::<()>);
        forever.abort();
        assert!(forever.await.unwrap_err().is_cancelled());
    });
}

#[test]
fn the_first_error_ends_the_tasks_of_all_cores() {
    let runtime = Builder::new().cores(2).build().unwrap();
    let result: std::io::Result<Vec<()>> = runtime.block_on(async {
        spawn_per_core(|| async {
            if current_core() == 1 {
                return Err(std::io::Error::other("core one fails"));
            }
            std::future::pending().await
        })
        .try_join()
        .await
    });
    assert_eq!(result.unwrap_err().to_string(), "core one fails");
}

#[test]
fn a_blocking_call_runs_beside_the_tasks() {
    block_on(async {
        let (tx, rx) = std::sync::mpsc::channel();
        let blocked = spawn_blocking(move || rx.recv().unwrap());
        yield_now().await;
        tx.send(5).unwrap();
        assert_eq!(blocked.await.unwrap(), 5);
        assert!(spawn_blocking(|| panic!("in the pool")).await.unwrap_err().is_panic());
    });
}

#[test]
fn a_waker_may_come_from_any_thread_and_after_the_end() {
    let (tx, rx) = std::sync::mpsc::channel();
    block_on(async {
        let task = spawn(std::future::poll_fn(move |cx| {
            tx.send(cx.waker().clone()).unwrap();
            std::task::Poll::<()>::Pending
        }));
        yield_now().await;
        let wakers: Vec<_> = rx.try_iter().collect();
        assert_eq!(wakers.len(), 1);
        let thread = std::thread::spawn(move || {
            for waker in &wakers {
                waker.wake_by_ref();
            }
            wakers
        });
        let wakers = thread.join().unwrap();
        // The wake polls the task again, which sends a waker again.
        yield_now().await;
        let again = loop {
            if let Ok(again) = rx.try_recv() {
                break again;
            }
            sleep(Duration::from_millis(1)).await;
        };
        drop(task);
        std::mem::forget(again.clone());
        (wakers, again)
    })
    .0
    .into_iter()
    .for_each(std::task::Waker::wake);
}

#[test]
fn a_cancelled_scope_ends_what_waits_inside() {
    block_on(async {
        let token = CancelToken::new();
        let inner = token.clone();
        let waiting = spawn(async move { inner.cancelled().await });
        yield_now().await;
        token.cancel();
        waiting.await.unwrap();
    });
}

#[test]
fn a_runtime_goes_on_where_its_last_block_on_ended() {
    let runtime = Builder::new().build().unwrap();
    let mut task = None;
    runtime.block_on(async { task = Some(spawn(sleep(Duration::from_millis(1)))) });
    runtime.block_on(task.expect("spawned above")).unwrap();
}
