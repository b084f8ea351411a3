//! From the target of a request to names below the served folder, and back.
//!
//! Nothing here touches the disk: what a symbolic link does to a path is for `site` to find out.

use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    /// Relative to the served folder; made of names only, so it leads down or nowhere.
    pub(crate) path: PathBuf,
    /// Whether the target ends like a folder's: with a slash.
    pub(crate) is_folder: bool,
    /// What follows the question mark, as it came.
    pub(crate) query: Option<&'a str>,
}

impl<'a> Target<'a> {
    /// Understands the target of a request line. None if it is no path, is encoded wrongly, or
    /// holds what no name can: `..`, a slash or a zero byte inside a name.
    pub(crate) fn parse(target: &'a str) -> Option<Self> {
        let target = after_authority(target);
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let rest = path.strip_prefix('/').or(path.is_empty().then_some(path))?;
        let mut target = Self { path: PathBuf::new(), is_folder: true, query };
        for name in rest.split('/') {
            let name = decode(name)?;
            target.is_folder = matches!(&name[..], b"" | b".");
            if name == b".." || name.contains(&b'/') || name.contains(&0) {
                return None;
            }
            if !target.is_folder {
                target.path.push(OsStr::from_bytes(&name));
            }
        }
        Some(target)
    }

    /// Where a folder is that was asked for without the slash at its end. Made of the names alone,
    /// so that a target such as `//elsewhere` cannot send anybody to another host.
    pub(crate) fn as_folder(&self) -> String {
        let mut location = String::from("/");
        for name in &self.path {
            location.push_str(&encode(name));
            location.push('/');
        }
        if let Some(query) = self.query {
            location.push('?');
            location.push_str(query);
        }
        location
    }

    /// The path as a person reads it.
    pub(crate) fn title(&self) -> String {
        let slash = if self.path == Path::new("") { "" } else { "/" };
        format!("/{}{slash}", self.path.to_string_lossy())
    }
}

/// A proxy's form of the target, `http://host/path`, without its beginning; any other as it is.
fn after_authority(target: &str) -> &str {
    let scheme = ["http://", "https://"].into_iter().find(|scheme| {
        target.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    let Some(scheme) = scheme else { return target };
    let rest = &target[scheme.len()..];
    &rest[rest.find(['/', '?']).unwrap_or(rest.len())..]
}

/// The bytes that `%20` and its like stand for. None if a `%` is not followed by two digits.
fn decode(name: &str) -> Option<Vec<u8>> {
    let mut bytes = name.bytes();
    let mut decoded = Vec::with_capacity(name.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            let (high, low) = (digit()?, digit()?);
            decoded.push(u8::try_from(high << 4 | low).expect("two hexadecimal digits are a byte"));
        } else {
            decoded.push(byte);
        }
    }
    Some(decoded)
}

/// A name as it may stand in a path of a URL, whatever bytes it is made of.
pub(crate) fn encode(name: &OsStr) -> String {
    let mut encoded = String::with_capacity(name.len());
    for &byte in name.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a string takes all that is written");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(target: &str) -> Option<(String, bool)> {
        let target = Target::parse(target)?;
        Some((target.path.to_str().unwrap().to_owned(), target.is_folder))
    }

    fn file(path: &str) -> Option<(String, bool)> {
        Some((path.to_owned(), false))
    }

    fn folder(path: &str) -> Option<(String, bool)> {
        Some((path.to_owned(), true))
    }

    #[test]
    fn names_become_a_path_below_the_folder() {
        assert_eq!(path("/"), folder(""));
        assert_eq!(path("/a"), file("a"));
        assert_eq!(path("/a/b.txt"), file("a/b.txt"));
        assert_eq!(path("/a/b/"), folder("a/b"));
        assert_eq!(path("/a/./b"), file("a/b"));
        assert_eq!(path("/a/."), folder("a"));
        assert_eq!(path("//a///b"), file("a/b"));
        assert_eq!(path("/..."), file("..."));
        assert_eq!(path("/.hidden"), file(".hidden"));
    }

    #[test]
    fn the_query_is_not_part_of_the_path() {
        let target = Target::parse("/a%20b?c=%zz/../d?e").unwrap();
        assert_eq!(target.path, Path::new("a b"));
        assert_eq!(target.query, Some("c=%zz/../d?e"));
        assert_eq!(path("/?"), folder(""));
    }

    #[test]
    fn encoded_names_are_decoded_once() {
        assert_eq!(path("/%61%2e%74xt"), file("a.txt"));
        assert_eq!(path("/100%25"), file("100%"));
        assert_eq!(path("/%2561"), file("%61"));
        assert_eq!(path("/gr%c3%bc%C3%9Fe"), file("grüße"));
        let latin = Target::parse("/gr%FC%DFe").unwrap();
        assert_eq!(latin.path.as_os_str().as_bytes(), b"gr\xfc\xdfe");
    }

    #[test]
    fn no_target_leads_up_or_out() {
        let targets = [
            "/..",
            "/../",
            "/a/../b",
            "/a/..",
            "/%2e%2e/etc/passwd",
            "/.%2E/etc",
            "/%2E./etc",
            "/..%2fetc/passwd",
            "/a%2f..%2f..%2fetc",
            "/%2fetc/passwd",
            "/a%00.html",
            "http://host/../etc",
        ];
        for target in targets {
            assert_eq!(path(target), None, "{target}");
        }
        // What looks like two dots and is not one name of two dots is a name like others.
        for target in ["/..%5cetc", "/%252e%252e/etc", "/..;/etc"] {
            let target = Target::parse(target).unwrap();
            let plain = |part| matches!(part, std::path::Component::Normal(_));
            assert!(target.path.components().all(plain), "{target:?}");
        }
    }

    #[test]
    fn broken_encodings_are_refused() {
        for target in ["/%", "/%4", "/%g0", "/a%", "/%+1", "/% 1", "/%é1"] {
            assert_eq!(path(target), None, "{target}");
        }
    }

    #[test]
    fn a_target_is_a_path_or_a_whole_address() {
        assert_eq!(path("http://host:80/a/b"), file("a/b"));
        assert_eq!(path("HTTPS://host/"), folder(""));
        assert_eq!(path("http://host"), folder(""));
        assert_eq!(path("http://host?a/b"), folder(""));
        for target in ["", "?", "http://"] {
            assert_eq!(path(target), folder(""), "{target}");
        }
        for target in ["*", "a", "host:80", "file:///etc/passwd", "httpé://"] {
            assert_eq!(path(target), None, "{target}");
        }
    }

    #[test]
    fn a_folder_is_named_by_its_path_alone() {
        let as_folder = |target| Target::parse(target).unwrap().as_folder();
        assert_eq!(as_folder("/a%20b/c"), "/a%20b/c/");
        assert_eq!(as_folder("/a?b=c"), "/a/?b=c");
        assert_eq!(as_folder("//elsewhere.example/x"), "/elsewhere.example/x/");
        assert_eq!(as_folder("/%0d%0aSet-Cookie:x"), "/%0D%0ASet-Cookie%3Ax/");
    }

    #[test]
    fn every_byte_survives_encoding_and_decoding() {
        let all: Vec<u8> = (0..=255).collect();
        let encoded = encode(OsStr::from_bytes(&all));
        assert!(encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
        assert_eq!(decode(&encoded).unwrap(), all);
    }
}
