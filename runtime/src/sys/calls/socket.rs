//! Sockets: making, options, addresses, and calls that never wait.
