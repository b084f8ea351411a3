//! The house rules that a machine can hold, checked over every file of the repository.
//!
//! Each rule is a function from a path and a text to what it has against them, in a file of
//! `tests/tidy/` that tests it on bad texts too. This file says where the rules hold, and lists
//! every exception with its reason.

#[path = "tidy/tree.rs"]
mod tree;
#[path = "tidy/mask.rs"]
mod mask;
#[path = "tidy/text.rs"]
mod text;
#[path = "tidy/safety.rs"]
mod safety;
#[path = "tidy/variants.rs"]
mod variants;
#[path = "tidy/arrows.rs"]
mod arrows;
#[path = "tidy/doors.rs"]
mod doors;
#[path = "tidy/sections.rs"]
mod sections;
#[path = "tidy/no_std.rs"]
mod no_std;
#[path = "tidy/documents.rs"]
mod documents;
#[path = "tidy/shown.rs"]
mod shown;

use tree::{File, Tree};

/// Files beyond the limits of size, each with its reason.
const LARGE: &[(&str, &str)] = &[
    (
        "buffers/src/registry/mod.rs",
        "one table of transitions, whose invariants are argued together",
    ),
    ("runtime/src/driver.rs", "the one unsafe promise of the runtime is argued in one file"),
    ("runtime/src/executor.rs", "one turn and its end, in the order in which they run"),
    (
        "runtime/src/sys/sim/by_hand_tests.rs",
        "what a test of one ring needs, and the first of them",
    ),
    ("runtime/src/task/cell.rs", "the counts of a task's references are one protocol"),
];

/// Files where `unsafe` may stand. Those of the library must state their invariants.
const UNSAFE: &[&str] = &[
    "benches/peers/src/allocs.rs",
    "benches/peers/src/bin/bare/task.rs",
    "benches/peers/src/bin/by_hand/chains.rs",
    "benches/peers/src/bin/by_hand/ping.rs",
    "benches/peers/src/bin/by_hand/reads.rs",
    "benches/peers/src/bin/echo_raw/datagrams.rs",
    "benches/peers/src/bin/echo_raw/down.rs",
    "benches/peers/src/bin/echo_raw/multishot.rs",
    "benches/peers/src/bin/echo_raw/oneshot.rs",
    "benches/peers/src/bin/echo_raw/pool.rs",
    "benches/peers/src/bin/echo_raw/ring.rs",
    "benches/peers/src/bin/echo_raw/up.rs",
    "benches/peers/src/counter.rs",
    "buffers/src/at_most.rs",
    "buffers/src/boxed.rs",
    "buffers/src/bytes_bufs.rs",
    "buffers/src/chunk.rs",
    "buffers/src/claim.rs",
    "buffers/src/fill.rs",
    "buffers/src/io_buf.rs",
    "buffers/src/io_buf_mut.rs",
    "buffers/src/owned_buf/buf.rs",
    "buffers/src/owned_buf/table.rs",
    "buffers/src/pool/entries.rs",
    "buffers/src/pool/fixed.rs",
    "buffers/src/pool/memory.rs",
    "buffers/src/pool/pool_buf.rs",
    "buffers/src/pool/provided.rs",
    "buffers/src/read_buf/buf.rs",
    "buffers/src/read_buf/cursor.rs",
    "buffers/src/read_buf/tail.rs",
    "buffers/src/read_buf/vec.rs",
    "buffers/src/read_buf/vectored_tail.rs",
    "buffers/src/registry/broken.rs",
    "buffers/src/registry/mod.rs",
    "buffers/src/registry/pages.rs",
    "buffers/src/registry/prefetch.rs",
    "buffers/src/registry/stored.rs",
    "buffers/src/registry/tests/beside.rs",
    "buffers/src/registry/tests/limits.rs",
    "buffers/src/registry/tests/thing.rs",
    "buffers/src/slice.rs",
    "buffers/src/slice_mut.rs",
    "buffers/src/std_bufs.rs",
    "buffers/src/vectored/io_vec_buf.rs",
    "buffers/src/vectored/lists.rs",
    "buffers/src/vectored/tuples.rs",
    "buffers/tests/cursors.rs",
    "buffers/tests/erased.rs",
    "buffers/tests/every_type.rs",
    "buffers/tests/pool_pieces.rs",
    "buffers/tests/provided_pool.rs",
    "buffers/tests/rules.rs",
    "buffers/tests/support/mod.rs",
    "buffers/tests/vectored.rs",
    "runtime/src/context.rs",
    "runtime/src/driver.rs",
    "runtime/src/fd.rs",
    "runtime/src/fixed_pools.rs",
    "runtime/src/op/addr.rs",
    "runtime/src/op/completion.rs",
    "runtime/src/op/entry.rs",
    "runtime/src/op/msg.rs",
    "runtime/src/op/table.rs",
    "runtime/src/op/unix_addr.rs",
    "runtime/src/sys/calls/datagram.rs",
    "runtime/src/sys/calls/file/now.rs",
    "runtime/src/sys/calls/pipe.rs",
    "runtime/src/sys/calls/socket.rs",
    "runtime/src/sys/either.rs",
    "runtime/src/sys/either_accept_tests.rs",
    "runtime/src/sys/either_tests.rs",
    "runtime/src/sys/kernel/enter.rs",
    "runtime/src/sys/kernel/mod.rs",
    "runtime/src/sys/kernel/queues.rs",
    "runtime/src/sys/kernel/register.rs",
    "runtime/src/sys/kernel/tests.rs",
    "runtime/src/sys/kernel/trial.rs",
    "runtime/src/sys/sim/by_hand_tests.rs",
    "runtime/src/sys/sim/check_tests.rs",
    "runtime/src/sys/sim/interpret.rs",
    "runtime/src/sys/sim/on_bytes.rs",
    "runtime/src/sys/sim/operation.rs",
    "runtime/src/sys/sim/provided.rs",
    "runtime/src/sys/sim/ring.rs",
    "runtime/src/sys/sim/touch.rs",
    "runtime/src/task/cell.rs",
    "runtime/src/task/handle.rs",
    "runtime/src/task/list.rs",
    "runtime/tests/memory_ring/panics.rs",
    "tests/compile_fail/main_unsafe.rs",
    "tests/functional/unprivileged.rs",
    "tests/lifetime/panics.rs",
    "tests/no_alloc.rs",
    "tests/support/frozen.rs",
    "tests/support/guarded.rs",
];

/// Pages of tables that say of each thing where it is shown.
const SHOWN: &[&str] = &["docs/cancellation-table.md", "docs/fault-list.md", "docs/io-traits.md"];

/// Files that choose between variants of a module, beside tests, documentation and features.
const VARIANTS: &[&str] = &[
    // A build that is broken on purpose, to show that a test fails.
    "buffers/src/registry/broken.rs",
    // The instruction that asks for memory early is an architecture's own.
    "buffers/src/registry/prefetch.rs",
    // A mask for poll whose halves the kernel wants swapped on big-endian machines.
    "runtime/src/op/entry.rs",
    // What crosses threads: std's atomics and locks, or loom's.
    "runtime/src/sync.rs",
    // Memory in flight is poisoned where AddressSanitizer is there to notice.
    "runtime/src/sys/sim/touch.rs",
];

/// Files of the buffers that need `std::io`; the others do with core and alloc.
const IO: &[&str] = &[
    "buffers/src/error.rs",
    "buffers/src/pool/fixed.rs",
    "buffers/src/pool/provided.rs",
    "buffers/src/read_buf/writer.rs",
];

/// What each package may build on.
const ARROWS: &[(&str, &[&str])] = &[
    ("Cargo.toml", &["buffers", "io", "runtime", "net", "fs", "macros"]),
    ("buffers/Cargo.toml", &[]),
    ("io/Cargo.toml", &["buffers"]),
    ("runtime/Cargo.toml", &["buffers"]),
    ("net/Cargo.toml", &["buffers", "io", "runtime"]),
    ("fs/Cargo.toml", &["buffers", "io", "runtime"]),
    ("macros/Cargo.toml", &[]),
    ("compat/Cargo.toml", &["io", "runtime", "net"]),
];

/// What a file has against a rule.
type Complaints = Vec<String>;

/// Panics with all complaints, one a line.
fn settle(complaints: impl IntoIterator<Item = String>) {
    let complaints: Complaints = complaints.into_iter().collect();
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

/// Holds `rule` against every Rust file that `takes` takes.
fn hold(takes: impl Fn(&File) -> bool, rule: impl Fn(&str, &str) -> Complaints) {
    let tree = Tree::read();
    let files: Vec<&File> = tree.rust().filter(|file| takes(file)).collect();
    assert!(!files.is_empty(), "the rule looked at no file");
    settle(files.into_iter().flat_map(|file| rule(&file.path, &file.text)));
}

fn every(_: &File) -> bool {
    true
}

#[test]
fn every_file_has_one_idea_said_in_its_first_line() {
    hold(every, text::first_line);
}

#[test]
fn no_file_is_larger_than_a_reader_can_hold() {
    hold(|file| !LARGE.iter().any(|(path, _)| *path == file.path), text::size);
}

#[test]
fn every_exception_in_size_is_still_needed_and_has_its_reason() {
    let tree = Tree::read();
    settle(LARGE.iter().filter_map(|(path, reason)| {
        let needed = tree.text(path).is_some_and(|text| !text::size(path, text).is_empty());
        (!needed || reason.is_empty()).then(|| format!("{path}: no exception is needed"))
    }));
}

#[test]
fn lines_end_before_column_101() {
    hold(every, text::columns);
}

#[test]
fn nothing_is_left_over_from_the_making() {
    hold(every, text::leftovers);
}

#[test]
fn no_test_waits_by_sleeping() {
    hold(every, text::sleeps);
}

#[test]
fn unsafe_stands_in_listed_files_only() {
    hold(every, |path, text| safety::place(path, text, UNSAFE));
}

#[test]
fn every_file_listed_for_unsafe_has_some() {
    let tree = Tree::read();
    settle(UNSAFE.iter().flat_map(|path| match tree.text(path) {
        Some(text) => safety::listed(path, text),
        None => vec![format!("{path}: listed for unsafe, but not there")],
    }));
}

#[test]
fn every_cited_invariant_is_stated_in_the_same_file() {
    hold(every, safety::citations);
}

#[test]
fn packages_without_unsafe_forbid_it() {
    let roots = ["src/lib.rs", "io/src/lib.rs", "net/src/lib.rs", "fs/src/lib.rs"];
    let takes = |file: &File| roots.contains(&&*file.path) || file.path == "macros/src/lib.rs";
    hold(takes, safety::forbids);
}

#[test]
fn variants_are_chosen_in_listed_files_only() {
    hold(|file| !VARIANTS.contains(&&*file.path), variants::chosen);
}

#[test]
fn every_file_listed_for_variants_has_some() {
    let tree = Tree::read();
    settle(VARIANTS.iter().filter_map(|path| {
        let some = tree.text(path).is_some_and(|text| !variants::chosen(path, text).is_empty());
        (!some).then(|| format!("{path}: listed for variants, but has none"))
    }));
}

#[test]
fn arrows_between_packages_point_one_way() {
    let tree = Tree::read();
    settle(ARROWS.iter().flat_map(|(path, may)| match tree.text(path) {
        Some(text) => arrows::allowed(path, text, may),
        None => vec![format!("{path}: not there")],
    }));
}

#[test]
fn every_package_is_held_to_its_arrows() {
    let tree = Tree::read();
    let root = tree.text("Cargo.toml").expect("the workspace has a manifest");
    settle(arrows::members(root).into_iter().filter_map(|member| {
        let known = ARROWS.iter().any(|(path, _)| *path == format!("{member}/Cargo.toml"));
        (!known).then(|| format!("{member}: a package without a row in ARROWS"))
    }));
}

#[test]
fn sockets_and_files_reach_the_kernel_by_the_one_door() {
    hold(|file| ["net/src/", "fs/src/"].iter().any(|dir| file.path.starts_with(dir)), doors::one);
}

#[test]
fn buffers_need_core_and_alloc_and_of_std_its_errors_alone() {
    hold(|file| file.path.starts_with("buffers/src/"), |path, text| no_std::free(path, text, IO));
    let tree = Tree::read();
    let gone = IO.iter().filter(|path| !tree.has(path));
    settle(gone.map(|path| format!("{path}: listed for `std::io`, but not there")));
}

#[test]
fn what_waits_says_when_it_is_done_and_what_a_drop_leaves() {
    let kernel = |file: &File| ["net/src/", "fs/src/"].iter().any(|d| file.path.starts_with(d));
    hold(kernel, |path, text| sections::complete(path, text, true));
    let traits = |file: &File| file.path.starts_with("io/src/");
    hold(traits, |path, text| sections::complete(path, text, false));
}

#[test]
fn every_path_that_the_architecture_names_exists() {
    let tree = Tree::read();
    let page = tree.text("ARCHITECTURE.md").expect("the repository has an ARCHITECTURE.md");
    settle(documents::paths("ARCHITECTURE.md", page, |path| tree.has(path)));
}

#[test]
fn what_the_tables_name_is_there_and_every_row_is_shown_or_called_open() {
    let tree = Tree::read();
    settle(SHOWN.iter().flat_map(|path| {
        let Some(page) = tree.text(path) else { return vec![format!("{path}: not there")] };
        let mut complaints = shown::rows(path, page);
        complaints.extend(shown::names(path, page, |p| tree.has(p), |p| tree.text(p)));
        complaints
    }));
}

#[test]
fn the_readme_names_the_two_commands() {
    let tree = Tree::read();
    let page = tree.text("README.md").expect("the repository has a README.md");
    settle(documents::commands("README.md", page));
}

#[test]
fn the_decisions_are_numbered_without_a_gap_and_have_every_part() {
    let tree = Tree::read();
    let pages: Vec<&File> = tree.under("docs/decisions/").collect();
    let names: Vec<&str> = pages.iter().map(|page| &*page.path).collect();
    settle(documents::numbers(&names));
    settle(pages.iter().flat_map(|page| documents::decision(&page.path, &page.text)));
}
