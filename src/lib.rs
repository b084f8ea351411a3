//! Sexton: an io_uring-native, thread-per-core async runtime.
#![forbid(unsafe_code)]
