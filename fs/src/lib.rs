//! Files of Sexton: read and written at an offset, through a cursor, and whole; and their paths.
//!
//! ```text
//!   read write copy           File ── at an offset: read_at write_at   (`ReadAt`, `WriteAt`)
//!   metadata rename ...        │ ──── at its cursor: read read_owned fill_buf write_owned ...
//!   read_dir ── ReadDir        │
//!        (whole paths)         ├─ ahead: the file's own memory, and the read in flight into it
//!                              └─ order: writes in flight, which later calls must not overtake
//! ```
//!
//! The names are std's, with std's meaning. What may wait for a disk does not hold up the core:
//! reads, writes, syncs and opens go through the ring, and calls that have no opcode and may take
//! long (reading a directory, removing a tree, copying) to the blocking pool. What the kernel
//! mostly answers from memory, and the ring would only hand to another thread, is a plain system
//! call (`metadata`, `create_dir`, `remove_file`, `rename` and the like). Each method says under `#
//! Kernel` which it is.
//!
//! ```
//! use sexton_fs::File;
//!
//! async fn copy_file(from: &str, to: &str) -> std::io::Result<u64> {
//!     let (from, to) = (File::open(from).await?, File::create(to).await?);
//!     let (mut buf, mut at) = (Vec::with_capacity(1 << 20), 0);
//!     loop {
//!         let n;
//!         (n, buf) = from.read_at(buf, at).await?;
//!         if n == 0 {
//!             to.sync_all().await?;
//!             return Ok(at);
//!         }
//!         buf = to.write_all_at(buf, at).await?;
//!         buf.clear();
//!         at += n as u64;
//!     }
//! }
//! # let dir = std::env::temp_dir();
//! # let (from, to) = (dir.join("sexton-doc-tour-a"), dir.join("sexton-doc-tour-b"));
//! # std::fs::write(&from, "all of it").unwrap();
//! # let copy = copy_file(from.to_str().unwrap(), to.to_str().unwrap());
//! # let copied = sexton_runtime::block_on(copy);
//! # assert_eq!(copied.unwrap(), 9);
//! # assert_eq!(std::fs::read(&to).unwrap(), b"all of it");
//! # for path in [from, to] { std::fs::remove_file(path).unwrap(); }
//! ```
#![forbid(unsafe_code)]

mod fault;
mod op;
mod order;
mod ahead;
mod steps;
mod open_options;
mod file;
mod blocking;
mod metadata;
mod path;
mod dir;
mod whole;

pub use dir::{DirEntry, ReadDir, read_dir};
pub use file::File;
pub use metadata::{FileType, Metadata, Permissions};
pub use open_options::OpenOptions;
pub use path::{
    canonicalize, create_dir, create_dir_all, exists, metadata, read_link, remove_dir,
    remove_dir_all, remove_file, rename, set_permissions, symlink, symlink_metadata,
};
pub use whole::{copy, read, read_to_string, write};
