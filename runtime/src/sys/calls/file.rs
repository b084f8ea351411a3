//! Files and paths: calls that the ring would only hand to a thread.
