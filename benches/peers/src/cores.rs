//! The echo of the examples on one core and on both, with a load on each: what a second core costs.

use std::io;

use crate::foreign::{answers, held};
use crate::matrix::{Config, Load};
use crate::sample::Sample;
use crate::session::{Setting, start_load};

/// Where the example listens.
const PORT: u16 = 7000;

/// The names of the measured core, the other one, and both.
pub(crate) fn names(setting: &Setting) -> (String, String, String) {
    let Setting { server_core, other_core, .. } = setting;
    (server_core.to_string(), other_core.to_string(), format!("{server_core},{other_core}"))
}

/// 64 connections of 64 bytes, half of them from each core.
pub(crate) fn echo(setting: &Setting, cores: usize) -> io::Result<Sample> {
    let (one, _, both) = names(setting);
    let program = setting.programs.join("echo").display().to_string();
    let on = if cores == 1 { one } else { both };
    let (mut server, clock) = held(setting, &on, &program, &[])?;
    server.tell("")?;
    answers(PORT)?;
    let (port, half) = (PORT.to_string(), Config { connections: 32, bytes: 64 });
    let loads = [setting.server_core, setting.other_core]
        .map(|core| start_load(setting, core, &port, &half, Load::Echo, setting.ms));
    let mut loads = loads.into_iter().collect::<io::Result<Vec<_>>>()?;
    loads.iter_mut().try_for_each(|load| load.line().map(drop))?;
    let before = clock.read()?.ns();
    loads.iter_mut().try_for_each(|load| load.tell("go"))?;
    let parts = loads.iter_mut().map(|load| Sample::parse(&load.line()?));
    let parts = parts.collect::<io::Result<Vec<_>>>()?;
    let after = clock.read()?.ns();
    let of = |name: &'static str| parts.iter().filter_map(move |part| part.get(name));
    let mut sample = Sample::default();
    sample.set("ops", of("ops").sum());
    sample.set("cpu_ns", (after - before) as f64);
    for name in ["wall_ns", "p50_ns", "p99_ns"] {
        sample.set(name, of(name).fold(0.0, f64::max));
    }
    Ok(sample)
}
