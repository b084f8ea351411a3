//! A static file server on every core.

mod args;
mod status;
mod request;
mod path;
mod range;
mod date;
mod mime;
mod listing;

fn main() {}
