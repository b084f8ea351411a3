//! macros
#![forbid(unsafe_code)]
