//! The random programs of `examples/simulate`, a few hundred seeds of them, and those that failed
//! once.

#[allow(dead_code, reason = "the command uses what these tests do not")]
#[path = "../examples/simulate/program/mod.rs"]
mod program;

use program::{Plan, Program};
use sexton::sim::{Kernel, Report};

fn run(plan: &Plan) -> Report {
    match plan.run() {
        Ok(report) => report,
        Err(failure) => {
            eprintln!("{plan}");
            failure.raise()
        }
    }
}

/// Seeds of one program, on all kernels and with all sets of faults in turn.
fn seeds(program: Program, count: u64) {
    for seed in 0..count {
        run(&Plan::new(seed, None, None, Some(program)));
    }
}

#[test]
fn streams_give_what_was_written_whatever_becomes_of_the_futures() {
    seeds(Program::Streams, 60);
}

#[test]
fn listeners_lose_no_connection() {
    seeds(Program::Accepts, 60);
}

#[test]
fn files_hold_what_was_acknowledged() {
    seeds(Program::Files, 100);
}

#[test]
fn folders_are_as_a_map_of_paths() {
    seeds(Program::Folders, 60);
}

#[test]
fn what_was_synced_survives_a_loss_of_power() {
    seeds(Program::Power, 40);
}

#[test]
fn tasks_end_and_timers_are_not_early() {
    seeds(Program::Tasks, 60);
}

#[test]
fn who_asks_again_by_datagrams_is_answered() {
    seeds(Program::Datagrams, 40);
}

#[test]
fn many_operations_that_are_given_up_at_once_all_end() {
    seeds(Program::Many, 100);
}

#[test]
fn what_goes_through_a_relay_arrives_whole_and_in_order() {
    seeds(Program::Relays, 40);
}

#[test]
fn a_listing_under_changes_has_each_name_that_stays_once() {
    seeds(Program::Listings, 40);
}

#[test]
fn a_runtime_finds_what_the_one_before_it_on_its_host_has_left() {
    seeds(Program::Lives, 60);
}

#[test]
fn what_buffers_read_is_what_buffers_wrote_without_gaps() {
    seeds(Program::Buffered, 60);
}

#[test]
fn what_a_peek_shows_is_what_the_next_read_gives() {
    seeds(Program::Peeks, 60);
}

#[test]
fn a_file_is_sought_and_read_at_the_right_place() {
    seeds(Program::Sought, 60);
}

/// It did spin: a poll said that the other side had hung up, for as long as it was cut off.
#[test]
fn a_reader_whose_own_side_is_shut_down_waits_for_the_other() {
    use sexton::io::{Interest, Ready};
    use sexton::net::UnixStream;
    use sexton::sim::Sim;
    use sexton::time::{Duration, timeout};
    Sim::new(0).run(|| async {
        let (mut one, other) = UnixStream::pair().unwrap();
        one.shutdown(std::net::Shutdown::Write).await.unwrap();
        let ready = timeout(Duration::from_secs(1), Ready::ready(&mut one, Interest::READ)).await;
        assert!(ready.is_err(), "nothing is there: {ready:?}");
        other.shutdown(std::net::Shutdown::Write).await.unwrap();
        let ready = Ready::ready(&mut one, Interest::READ).await.unwrap();
        assert!(ready.read() && ready.hup(), "the end is: {ready:?}");
    });
}

#[test]
fn a_seed_is_the_same_run_twice() {
    for seed in 1000..1020 {
        let plan = Plan::new(seed, None, None, None);
        assert_eq!(run(&plan), run(&plan), "{plan}");
    }
}

/// Seeds that showed a bug once, with what they ran then.
#[test]
fn seeds_that_failed_once_do_not_fail_again() {
    let mut plan = Plan::new(62_124, Some(Kernel::V6_1), Some("network"), None);
    plan.programs = vec![Program::Power, Program::Folders];
    run(&plan);
    let old = [(27_360, Kernel::V6_1, "none", Program::Streams)];
    for (seed, kernel, faults, program) in old {
        run(&Plan::new(seed, Some(kernel), Some(faults), Some(program)));
    }
}
