//! fs
#![forbid(unsafe_code)]
