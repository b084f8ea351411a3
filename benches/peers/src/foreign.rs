//! Programs that are not ours: fio, nginx under wrk, haproxy, each on a core.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use crate::child::Program;
use crate::cpu_time::CpuTime;
use crate::matrix::Http;
use crate::sample::{Sample, unexpected};
use crate::session::{Server, Setting};

/// Connections of wrk.
const CONNECTIONS: &str = "64";

/// A program on these cores, in the folder of the data, that begins when it gets a line: until then
/// its clock can be opened.
pub(crate) fn held(
    setting: &Setting,
    cores: &str,
    program: &str,
    options: &[String],
) -> io::Result<(Program, CpuTime)> {
    let mut command = Command::new("taskset");
    command.current_dir(&setting.data);
    command.args(["-c", cores, "sh", "-c", "read line && exec \"$@\"", "sh", program]);
    let program = Program::start(command.args(options))?;
    let clock = CpuTime::of(program.id());
    Ok((program, clock))
}

/// What fio takes for its reads, less what it takes to start.
pub(crate) fn fio(setting: &Setting, options: &[String], operations: u64) -> io::Result<Sample> {
    let idle = fio_once(setting, options, 1)?;
    let mut sample = fio_once(setting, options, operations)?;
    for name in ["cpu_ns", "wall_ns"] {
        let net = sample.get(name).unwrap_or_default() - idle.get(name).unwrap_or_default();
        sample.set(name, net.max(1.0));
    }
    Ok(sample)
}

fn fio_once(setting: &Setting, options: &[String], operations: u64) -> io::Result<Sample> {
    let mut options = options.to_vec();
    options.push(format!("--number_ios={operations}"));
    // Otherwise it ends when it has read as much as the file is long.
    options.push("--io_size=1t".to_owned());
    let core = setting.server_core.to_string();
    let (mut fio, clock) = held(setting, &core, "fio", &options)?;
    let begin = std::time::Instant::now();
    let before = clock.read()?.ns();
    fio.tell("")?;
    let output = fio.rest()?;
    let wall = begin.elapsed();
    let after = clock.ended()?;
    if !output.contains("issued rwts") {
        return Err(unexpected(&output));
    }
    let mut sample = Sample::default();
    sample.set("ops", operations as f64);
    sample.set("cpu_ns", (after - before) as f64);
    sample.set("wall_ns", wall.as_nanos() as f64);
    Ok(sample)
}

/// A server of files under wrk, a core each; or with both cores for wrk, and one or both for the
/// server.
pub(crate) fn http(setting: &Setting, server: Http, file: &str) -> io::Result<Sample> {
    let (one, other, both) = crate::cores::names(setting);
    let (on, load_on, threads) = match server {
        Http::Files { shared: false, .. } | Http::Nginx { .. } => (one, other, "1"),
        Http::Files { cores: 1, .. } => (one, both, "2"),
        Http::Files { .. } => (both.clone(), both, "2"),
    };
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let (program, options) = match server {
        Http::Files { cores, .. } => {
            (setting.programs.join("files").display().to_string(), files(setting, port, cores))
        }
        Http::Nginx { cache } => ("nginx".to_owned(), nginx(setting, port, cache)?),
    };
    let (mut server, clock) = held(setting, &on, &program, &options)?;
    server.tell("")?;
    let url = format!("http://127.0.0.1:{port}/{file}");
    answers(port)?;
    let begin = std::time::Instant::now();
    let before = clock.read()?.ns();
    let mut wrk = Command::new("taskset");
    let seconds = format!("{}s", setting.ms.div_ceil(1000));
    wrk.args(["-c", &load_on, "wrk", "-t", threads, "-c", CONNECTIONS]);
    wrk.args(["-d", &seconds, "--latency", &url]);
    let output = wrk.output()?;
    let wall = begin.elapsed();
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    // What was asked for last may still be on its way.
    std::thread::sleep(Duration::from_millis(20));
    let after = clock.read()?.ns();
    let requests = output.lines().find_map(|line| line.trim().split_once(" requests in "));
    let requests = requests.and_then(|(number, _)| number.parse::<f64>().ok());
    let requests = requests.ok_or_else(|| unexpected(&output))?;
    if output.contains("Non-2xx") || output.contains("Socket errors") {
        return Err(unexpected(&output));
    }
    let mut sample = Sample::default();
    sample.set("ops", requests);
    sample.set("cpu_ns", (after - before) as f64);
    sample.set("wall_ns", wall.as_nanos() as f64);
    for (name, start) in [("p50_ns", "50%"), ("p99_ns", "99%")] {
        let line = output.lines().find_map(|line| line.trim().strip_prefix(start));
        if let Some(ns) = line.and_then(nanoseconds) {
            sample.set(name, ns);
        }
    }
    Ok(sample)
}

/// Waits until somebody listens.
pub(crate) fn answers(port: u16) -> io::Result<()> {
    let mut attempts = 0;
    while let Err(error) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
        if attempts == 100 {
            return Err(error);
        }
        attempts += 1;
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// haproxy in front of an echo, one thread.
pub(crate) fn haproxy(setting: &Setting, to: &str) -> io::Result<Server> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let text = format!(
        "global\n  nbthread 1\n  maxconn 4000\n\
         defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 1m\n  timeout server 1m\n\
         listen echo\n  bind 127.0.0.1:{port}\n  server echo 127.0.0.1:{to}\n"
    );
    let path = setting.data.join("haproxy.cfg");
    std::fs::write(&path, text)?;
    let options = ["-db".to_owned(), "-f".to_owned(), path.display().to_string()];
    let core = setting.server_core.to_string();
    let (mut program, clock) = held(setting, &core, "haproxy", &options)?;
    program.tell("")?;
    answers(port)?;
    Ok(Server { program, clock, port: port.to_string(), counts: false })
}

/// A time as wrk prints it.
fn nanoseconds(text: &str) -> Option<f64> {
    let text = text.trim();
    let unit = text.find(|c: char| c.is_alphabetic())?;
    let scale = match &text[unit..] {
        "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => return None,
    };
    Some(text[..unit].parse::<f64>().ok()? * scale)
}

fn files(setting: &Setting, port: u16, cores: usize) -> Vec<String> {
    let folder = setting.data.display().to_string();
    let addr = format!("127.0.0.1:{port}");
    ["--addr", &addr, "--cores", &cores.to_string(), &folder].map(str::to_owned).to_vec()
}

/// nginx as its own guides tune it for static files; one process, in the foreground.
fn nginx(setting: &Setting, port: u16, cache: bool) -> io::Result<Vec<String>> {
    let folder = setting.data.display();
    let cache = if cache { "open_file_cache max=1000;" } else { "" };
    let text = format!(
        "daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid;
         error_log stderr crit; events {{ worker_connections 4096; }}
         http {{
             access_log off; sendfile on; tcp_nopush on; tcp_nodelay on;
             keepalive_requests 100000000; {cache}
             client_body_temp_path {folder}/nginx-1; proxy_temp_path {folder}/nginx-2;
             fastcgi_temp_path {folder}/nginx-3; uwsgi_temp_path {folder}/nginx-4;
             scgi_temp_path {folder}/nginx-5;
             server {{ listen 127.0.0.1:{port}; root {folder}; }}
         }}\n"
    );
    let path = setting.data.join("nginx.conf");
    std::fs::write(&path, text)?;
    Ok(vec!["-c".to_owned(), path.display().to_string()])
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_of_wrk_have_units() {
        assert_eq!(super::nanoseconds("  1.50ms"), Some(1.5e6));
        assert_eq!(super::nanoseconds("70.00us"), Some(70e3));
        assert_eq!(super::nanoseconds("3 m"), None);
    }
}
