//! What the command line asks for.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// What `--help` prints, and what stands below a complaint.
pub(crate) const USAGE: &str = "\
usage: files [DIR] [--addr ADDRESS:PORT] [--cores N]

Serves the files of DIR (by default: the current folder) over HTTP/1.1.

  --addr ADDRESS:PORT  where to listen (default 127.0.0.1:8080; port 0: any free port)
  --cores N            serve on so many cores (default: all)
  --help               print this";

/// The command line, understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Args {
    /// The folder to serve.
    pub(crate) dir: PathBuf,
    /// Where to listen.
    pub(crate) addr: SocketAddr,
    /// On how many cores; none means on all.
    pub(crate) cores: Option<NonZeroUsize>,
}

/// Why the server does not start.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The usage was asked for.
    Help,
    /// The command line makes no sense; the text says why.
    Wrong(String),
}

impl Args {
    /// Understands the words of a command line, the program's name left out.
    pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Self, Refusal> {
        let mut words = words.into_iter();
        let mut dir = None;
        let mut addr = SocketAddr::from(([127, 0, 0, 1], 8080));
        let mut cores = None;
        while let Some(word) = words.next() {
            match word.to_str() {
                Some("--help" | "-h") => return Err(Refusal::Help),
                Some(option @ "--addr") => {
                    addr = value(option, words.next(), "an address such as 127.0.0.1:80")?;
                }
                Some(option @ "--cores") => {
                    cores = Some(value(option, words.next(), "a number from 1 on")?);
                }
                Some(option) if option.starts_with('-') => {
                    return Err(Refusal::Wrong(format!("there is no option `{option}`")));
                }
                _ if dir.is_none() => dir = Some(PathBuf::from(word)),
                _ => return Err(Refusal::Wrong(format!("{word:?}: one folder is enough"))),
            }
        }
        Ok(Self { dir: dir.unwrap_or_else(|| PathBuf::from(".")), addr, cores })
    }
}

/// The word after an option, understood.
fn value<T: std::str::FromStr>(
    option: &str,
    word: Option<OsString>,
    what: &str,
) -> Result<T, Refusal> {
    let word = word.unwrap_or_default();
    let given = word.to_string_lossy();
    given.parse().map_err(|_| Refusal::Wrong(format!("`{option}` takes {what}, not `{given}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args, Refusal> {
        Args::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn without_words_the_current_folder_is_served_on_all_cores() {
        let args = parse("").unwrap();
        assert_eq!(args.dir, PathBuf::from("."));
        assert_eq!(args.addr.to_string(), "127.0.0.1:8080");
        assert_eq!(args.cores, None);
    }

    #[test]
    fn options_stand_before_or_after_the_folder() {
        let expected = Args {
            dir: PathBuf::from("/srv"),
            addr: "[::1]:0".parse().unwrap(),
            cores: NonZeroUsize::new(2),
        };
        assert_eq!(parse("/srv --addr [::1]:0 --cores 2").as_ref(), Ok(&expected));
        assert_eq!(parse("--cores 2 --addr [::1]:0 /srv").as_ref(), Ok(&expected));
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for line in ["--port 80", "a b", "--addr", "--addr 80", "--cores 0", "--cores many"] {
            assert!(matches!(parse(line), Err(Refusal::Wrong(_))), "{line}");
        }
        assert_eq!(parse("a --help b c"), Err(Refusal::Help));
    }
}
