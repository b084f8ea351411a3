//! `#[sexton::main]` and `#[sexton::test]`: an async function becomes the start of a runtime.
//!
//! Both leave the function as it was written, inside a plain one of the same name that hands it to
//! the runtime. All else is the runtime's business, so what a macro writes holds no logic:
//!
//! ```text
//! #[sexton::main(cores = 2)]              fn main() -> io::Result<()> {
//! async fn main() -> io::Result<()> {         async fn main() -> io::Result<()> { serve().await }
//!     serve().await               ─────▶      ::sexton::rt::main(Some(2), main)
//! }                                       }
//! ```
//!
//! Read in this order: `options` (what stands in the brackets), `entry` (which functions are taken,
//! and what becomes of them).
#![forbid(unsafe_code)]

mod options;
mod entry;

use proc_macro::TokenStream;

/// Makes an async function the program's `main`: it starts the runtime, runs the body on the first
/// core, and shuts everything down when the body returns.
///
/// `#[sexton::main]` starts one pinned thread for every core that the process may use (its affinity
/// mask and its cgroup's quota count); `#[sexton::main(cores = 2)]` starts two.
///
/// The function takes no arguments. What it returns is what `main` returns, so it must implement
/// [`Termination`](std::process::Termination); and because the body runs on a thread of the
/// runtime, it must be [`Send`]: `Box<dyn Error + Send + Sync>` is, `Box<dyn Error>` is not.
///
/// The body itself, and the tasks that it spawns, need not be [`Send`].
///
/// ```
/// #[sexton::main]
/// async fn main() -> std::io::Result<()> {
///     println!("{} cores", sexton::cores());
///     Ok(())
/// }
/// ```
#[proc_macro_attribute]
pub fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(entry::Kind::Main, options.into(), item.into()).into()
}

/// Makes an async function a test: each run has a runtime of its own, of one core unless
/// `#[sexton::test(cores = 4)]` asks for more.
///
/// `#[sexton::test(sim)]` runs it on a kernel that a seed decides (cargo feature `sim`): on sixteen
/// seeds, spread over the kernels, with what a scheduler may do to it. More, and worse, is asked
/// for by `sim(seeds = 1000, faults = "network", kernel = "6.1")`; a seed that failed is run again
/// with `SEXTON_SEED=7 cargo test its_name`. What can be simulated is told in `sexton::sim`.
///
/// The other attributes of a test, `#[ignore]` and `#[should_panic]` among them, stay what they
/// are, and a test that returns a `Result` fails on an error. The rules for `main` hold here too.
///
/// ```
/// #[sexton::test]
/// async fn a_task_gives_back_what_it_returns() -> std::io::Result<()> {
///     assert_eq!(sexton::spawn(async { 7 }).await?, 7);
///     Ok(())
/// }
/// # // What is shown is a test, which a doc test does not run; so it is run here, too.
/// # sexton::block_on(async { assert_eq!(sexton::spawn(async { 7 }).await.unwrap(), 7) });
/// ```
#[proc_macro_attribute]
pub fn test(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(entry::Kind::Test, options.into(), item.into()).into()
}
