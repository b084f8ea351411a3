//! From a path to a node, as the kernel walks: part by part, through links and permissions.

use super::node::Body;
use super::{ROOT, Tree};
use libc::{ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, EXDEV};

/// Bytes of a path, less the NUL that ends it (`PATH_MAX`).
pub(super) const PATH_LEN_MAX: usize = 4095;
/// Bytes of a name (`NAME_MAX`).
const NAME_LEN_MAX: usize = 255;
/// Links on one walk.
const LINKS_MAX: u32 = 40;

/// What happens to a link that is the last part of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follow {
    Always,
    /// Only if a slash follows it: `lstat`.
    BeforeSlash,
    /// Unless a slash follows it: what makes a file there.
    NotBeforeSlash,
    /// What changes the directory that it is in.
    Never,
}

/// The last part of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Last {
    /// There is none: `/`.
    Root,
    Dot,
    DotDot,
    Name,
}

/// Where a walk ended.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The directory that the last part is looked up in.
    pub(super) dir: u64,
    pub(super) last: Last,
    pub(super) name: Vec<u8>,
    /// Whether a slash follows the last part.
    pub(super) slash: bool,
    /// What is there, if anything is.
    number: Option<u64>,
}

impl Place {
    /// What is there, if anything is. A name that is too long is refused only when somebody asks.
    pub(super) fn found(&self) -> Result<Option<u64>, i32> {
        if self.name.len() > NAME_LEN_MAX { Err(ENAMETOOLONG) } else { Ok(self.number) }
    }

    /// What is there. `ENOENT` if nothing is.
    pub(super) fn there(&self) -> Result<u64, i32> {
        self.found()?.ok_or(ENOENT)
    }
}

impl Tree {
    /// The node that `path` leads to from the directory `start`.
    pub(super) fn find(&self, start: u64, path: &[u8], follow: bool) -> Result<u64, i32> {
        let follow = if follow { Follow::Always } else { Follow::BeforeSlash };
        let place = self.walk(start, path, follow)?;
        let number = place.there()?;
        if place.slash && !self.is_dir(number) { Err(ENOTDIR) } else { Ok(number) }
    }

    pub(super) fn is_dir(&self, number: u64) -> bool {
        self.nodes.get(number).is_some_and(|node| node.body.is_dir())
    }

    /// Walks along `path` from the directory `start`, or from the root if it starts with a slash.
    pub(super) fn walk(&self, start: u64, path: &[u8], follow: Follow) -> Result<Place, i32> {
        self.walk_within(start, path, follow, false)
    }

    /// As [`walk`](Self::walk); if `beneath`, a path that leads out of `start` is refused
    /// (`EXDEV`), also one that would come back.
    pub(super) fn walk_within(
        &self,
        start: u64,
        path: &[u8],
        follow: Follow,
        beneath: bool,
    ) -> Result<Place, i32> {
        if path.len() > PATH_LEN_MAX {
            return Err(ENAMETOOLONG);
        }
        self.walk_far(start, path, follow, beneath)
    }

    /// As [`walk_within`](Self::walk_within), along a path of any length: who resolves it part by
    /// part, as `realpath` does, never shows all of it to the kernel.
    pub(super) fn walk_far(
        &self,
        start: u64,
        path: &[u8],
        follow: Follow,
        beneath: bool,
    ) -> Result<Place, i32> {
        let first = path.first().ok_or(ENOENT)?;
        if beneath && *first == b'/' {
            return Err(EXDEV);
        }
        let mut dir = if *first == b'/' { ROOT } else { start };
        let mut left = path.to_vec();
        let mut at = 0;
        let mut links = 0;
        loop {
            let (name, rest) = next_part(&left, at);
            if name.is_empty() {
                let number = Some(dir);
                return Ok(Place { dir, last: Last::Root, name: Vec::new(), slash: false, number });
            }
            let (name, part_end) = (&left[name], rest.start);
            let slash = left.get(part_end) == Some(&b'/');
            let is_last = next_part(&left, part_end).0.is_empty();
            let (last, number) = self.step(dir, name)?;
            if beneath && dir == start && last == Last::DotDot {
                return Err(EXDEV);
            }
            let followed = !is_last
                || match follow {
                    Follow::Always => true,
                    Follow::BeforeSlash => slash,
                    Follow::NotBeforeSlash => !slash,
                    Follow::Never => false,
                };
            let body = number.and_then(|number| self.nodes.get(number)).map(|node| &node.body);
            if let (Some(Body::Link(target)), true) = (body, followed) {
                links += 1;
                if links > LINKS_MAX {
                    return Err(ELOOP);
                }
                if target.starts_with(b"/") {
                    if beneath {
                        return Err(EXDEV);
                    }
                    dir = ROOT;
                }
                left = [target, &left[part_end..]].concat();
                at = 0;
                continue;
            }
            if is_last {
                return Ok(Place { dir, last, name: name.to_vec(), slash, number });
            }
            match body {
                None if name.len() > NAME_LEN_MAX => return Err(ENAMETOOLONG),
                None => return Err(ENOENT),
                Some(Body::Dir { .. }) => dir = number.ok_or(ENOENT)?,
                Some(Body::File(_) | Body::Link(_)) => return Err(ENOTDIR),
            }
            at = part_end;
        }
    }

    /// Looks one part up.
    fn step(&self, dir: u64, name: &[u8]) -> Result<(Last, Option<u64>), i32> {
        if !self.is_dir(dir) {
            return Err(ENOTDIR);
        }
        self.may(dir, 1)?;
        match name {
            b"." => Ok((Last::Dot, Some(dir))),
            b".." => Ok((Last::DotDot, self.nodes.above(dir))),
            _ => Ok((Last::Name, self.nodes.entry(dir, name))),
        }
    }
}

/// Where the first part at or after `at` lies, and what is left behind it. An empty part: none.
fn next_part(path: &[u8], at: usize) -> (std::ops::Range<usize>, std::ops::RangeFrom<usize>) {
    let start = path[at..].iter().position(|byte| *byte != b'/').map_or(path.len(), |n| at + n);
    let end = path[start..].iter().position(|byte| *byte == b'/').map_or(path.len(), |n| start + n);
    (start..end, end..)
}
