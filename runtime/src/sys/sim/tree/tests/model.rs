//! Programs that a seed writes, run on the tree and on the real kernel: every answer is the same.

use super::super::{Inode, Tree};
use super::{NOW, Rng, paths};
use crate::sys::calls::file::{Stat, stat, stat_entry, stat_path};
use rustix::fs::{Mode, OFlags};
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

const SEEDS: u64 = 60;
const STEPS: u64 = 400;
const HANDLES_MAX: usize = 4;

/// An open file on both sides.
struct Handle {
    real: File,
    inode: Inode,
    flags: i32,
}

/// The same directory on both sides, under one path.
struct Both {
    root: PathBuf,
    tree: Tree,
    handles: Vec<Handle>,
    /// Whether the process has the umask that the tree has.
    modes: bool,
}

impl Drop for Both {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

fn errno<T>(result: io::Result<T>) -> Result<T, i32> {
    result.map_err(|error| error.raw_os_error().unwrap_or(libc::EINVAL))
}

fn as_path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

impl Both {
    fn new(name: &str) -> Self {
        let root = std::env::temp_dir().join(format!("sexton-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).unwrap();
        let root = fs::canonicalize(root).unwrap();
        let probe = root.join("probe");
        fs::write(&probe, "").unwrap();
        let modes = fs::metadata(&probe).unwrap().permissions().mode() & 0o777 == 0o644;
        fs::remove_file(probe).unwrap();
        let mut tree = Tree::new();
        tree.create_dir_all(root.as_os_str().as_bytes(), NOW).unwrap();
        Self { root, tree, handles: Vec::new(), modes }
    }

    /// What of a stat both must say.
    fn said(&self, stat: Stat) -> (u32, Option<(u64, u64)>) {
        let is_dir = stat.mode & libc::S_IFMT == libc::S_IFDIR;
        let mode = if self.modes { stat.mode } else { stat.mode & libc::S_IFMT };
        (mode, (!is_dir).then_some((stat.len, stat.nlink)))
    }

    /// One step on both sides; says what it was and what each answered.
    fn step(&mut self, rng: &mut Rng) -> (String, String, String) {
        let root = self.root.to_str().unwrap().to_owned();
        let (one, two) = (paths::path(rng, &root), paths::path(rng, &root));
        let (p, q) = (as_path(&one), as_path(&two));
        let what = |verb: &str| format!("{verb} {p:?} {q:?}");
        fn both<A: std::fmt::Debug, B: std::fmt::Debug>(
            what: String,
            (ours, real): (A, B),
        ) -> (String, String, String) {
            (what, format!("{ours:?}"), format!("{real:?}"))
        }
        let tree = &mut self.tree;
        match rng.below(20) {
            0..=4 => self.open(rng, &one),
            5..=8 => self.use_handle(rng),
            9 => both(what("mkdir"), (tree.mkdir(&one, 0o777, NOW), errno(fs::create_dir(p)))),
            10 => both(what("rmdir"), (tree.rmdir(&one, NOW), errno(fs::remove_dir(p)))),
            11 => both(what("unlink"), (tree.unlink(&one, NOW), errno(fs::remove_file(p)))),
            12 | 13 => {
                both(what("rename"), (tree.rename(&one, &two, NOW), errno(fs::rename(p, q))))
            }
            14 => {
                let to = paths::target(rng, &root);
                let real = errno(symlink(as_path(&to), p));
                both(
                    format!("link {p:?} to {:?}", as_path(&to)),
                    (tree.symlink(&to, &one, NOW), real),
                )
            }
            15 => self.look(rng, &one),
            16 => both(what("list"), self.list(&one)),
            17 => {
                let made = (tree.create_dir_all(&one, NOW), errno(fs::create_dir_all(p)));
                both(what("create_dir_all"), made)
            }
            18 if rng.one_in(4) => {
                let removed = (tree.remove_dir_all(&one, NOW), errno(fs::remove_dir_all(p)));
                both(what("remove_dir_all"), removed)
            }
            // The owner may do all, since root may in any case.
            18 => {
                let mode = rng.one_of(&[0o700, 0o755, 0o711, 0o1755]);
                let real = errno(fs::set_permissions(p, Permissions::from_mode(mode)));
                both(what("chmod"), (tree.set_mode_path(&one, mode, NOW), real))
            }
            _ => both(what("copy"), (tree.copy(&one, &two, NOW), errno(fs::copy(p, q)))),
        }
    }

    fn open(&mut self, rng: &mut Rng, path: &[u8]) -> (String, String, String) {
        let mut flags = rng.one_of(&[libc::O_RDONLY, libc::O_WRONLY, libc::O_RDWR]);
        if rng.one_in(2) {
            flags |= libc::O_CREAT;
        }
        for flag in [libc::O_EXCL, libc::O_TRUNC, libc::O_NOFOLLOW, libc::O_DIRECTORY] {
            // What both creation and a directory is asked for means has changed with Linux 6.4.
            if rng.one_in(4) && !(flag == libc::O_DIRECTORY && flags & libc::O_CREAT != 0) {
                flags |= flag;
            }
        }
        // `O_EXCL` without `O_CREAT` is for devices.
        if flags & libc::O_CREAT == 0 {
            flags &= !libc::O_EXCL;
        }
        let asked = OFlags::from_bits_retain(flags.cast_unsigned()) | OFlags::CLOEXEC;
        let real = rustix::fs::open(path, asked, Mode::from_raw_mode(0o666));
        let real = errno(real.map_err(io::Error::from));
        let ours = self.tree.open(path, flags, 0o666, NOW);
        let answer =
            (format!("{:?}", ours.map(|_| ())), format!("{:?}", real.as_ref().map(|_| ())));
        if let (Ok(inode), Ok(real)) = (ours, real) {
            self.handles.push(Handle { real: real.into(), inode, flags });
        }
        if self.handles.len() > HANDLES_MAX {
            let old = self.handles.remove(usize::try_from(rng.below(2)).unwrap());
            self.tree.release(old.inode);
        }
        (format!("open {:?} {flags:o}", as_path(path)), answer.0, answer.1.replace("&", ""))
    }

    fn use_handle(&mut self, rng: &mut Rng) -> (String, String, String) {
        if self.handles.is_empty() {
            return Default::default();
        }
        let which = usize::try_from(rng.below(self.handles.len() as u64)).unwrap();
        let Handle { real, inode, flags } = &self.handles[which];
        let (tree, at, len) = (&mut self.tree, rng.below(6_000), rng.below(3_000));
        let writes = flags & libc::O_ACCMODE != libc::O_RDONLY;
        let reads = flags & libc::O_ACCMODE != libc::O_WRONLY;
        let (what, ours, real) = match rng.below(4) {
            0 if writes => {
                let bytes =
                    vec![u8::try_from(rng.below(256)).unwrap(); usize::try_from(len).unwrap()];
                let ours = tree.write_at(*inode, at, &bytes, NOW);
                ("write", format!("{ours:?}"), format!("{:?}", errno(real.write_at(&bytes, at))))
            }
            1 if reads => {
                let mut bytes = vec![0; usize::try_from(len).unwrap()];
                let ours = tree.read_at(*inode, at, bytes.len()).map(<[u8]>::to_vec);
                let real = errno(real.read_at(&mut bytes, at)).map(|n| bytes[..n].to_vec());
                ("read", format!("{ours:?}"), format!("{real:?}"))
            }
            2 if writes => {
                let ours = tree.truncate(*inode, at, NOW);
                ("truncate", format!("{ours:?}"), format!("{:?}", errno(real.set_len(at))))
            }
            _ => {
                let ours = tree.stat(*inode);
                let real = errno(stat(real.as_fd()));
                let ours = ours.map(|stat| self.said(stat));
                ("fstat", format!("{ours:?}"), format!("{:?}", real.map(|stat| self.said(stat))))
            }
        };
        (format!("{what} at {at} of {inode:?}"), ours, real)
    }

    fn look(&mut self, rng: &mut Rng, path: &[u8]) -> (String, String, String) {
        let follow = rng.one_in(2);
        let real_path = as_path(path);
        let (what, ours, real) = match rng.below(4) {
            0 => {
                let ours = self.tree.canonicalize(path);
                let real = errno(fs::canonicalize(real_path));
                let real = real.map(|path| path.into_os_string().into_vec());
                ("canonicalize", format!("{ours:?}"), format!("{real:?}"))
            }
            1 => {
                let ours = self.tree.read_link(path);
                let real = errno(fs::read_link(real_path));
                let real = real.map(|path| path.into_os_string().into_vec());
                ("readlink", format!("{ours:?}"), format!("{real:?}"))
            }
            2 if !self.handles.is_empty() => {
                let handle = &self.handles[0];
                let ours = self.tree.stat_entry(handle.inode, b"a").map(|stat| self.said(stat));
                let real = errno(stat_entry(handle.real.as_fd(), OsStr::new("a")));
                let real = real.map(|stat| self.said(stat));
                ("fstatat", format!("{ours:?}"), format!("{real:?}"))
            }
            _ => {
                let ours = self.tree.stat_path(path, follow).map(|stat| self.said(stat));
                let real = errno(stat_path(real_path, follow)).map(|stat| self.said(stat));
                ("stat", format!("{ours:?}"), format!("{real:?}"))
            }
        };
        (format!("{what} {real_path:?} {follow}"), ours, real)
    }

    /// Names and kinds of a directory's entries on both sides.
    fn list(&mut self, path: &[u8]) -> (Result<Vec<Listed>, i32>, Result<Vec<Listed>, i32>) {
        let ours = self.tree.open(path, libc::O_DIRECTORY, 0, NOW).map(|dir| {
            let entries = self.tree.read_dir(dir).unwrap();
            self.tree.release(dir);
            entries.into_iter().map(|entry| (entry.name.into_vec(), entry.kind.unwrap())).collect()
        });
        let real = errno(fs::read_dir(as_path(path))).map(|entries| {
            let entry = |entry: io::Result<fs::DirEntry>| {
                let entry = entry.unwrap();
                let kind = entry.metadata().unwrap().permissions().mode() & libc::S_IFMT;
                (entry.file_name().into_vec(), kind)
            };
            let mut entries: Vec<_> = entries.map(entry).collect();
            entries.sort();
            entries
        });
        (ours, real)
    }

    /// All that is below a directory is the same, byte for byte.
    fn compare(&mut self, dir: &[u8]) {
        let (ours, real) = self.list(dir);
        assert_eq!(ours, real, "{:?}", as_path(dir));
        for (name, kind) in ours.unwrap() {
            let path = [dir, b"/", &name].concat();
            let shown = as_path(&path);
            match kind {
                libc::S_IFDIR => self.compare(&path),
                libc::S_IFREG => {
                    let ours = self.tree.bytes(shown.to_str().unwrap()).unwrap();
                    assert!(ours == fs::read(shown).unwrap(), "the bytes of {shown:?}");
                }
                _ => {
                    let real = fs::read_link(shown).unwrap();
                    assert_eq!(self.tree.read_link(&path), Ok(real.as_os_str().as_bytes()));
                }
            }
        }
    }
}

/// A name, and the bits of a mode that say the kind.
type Listed = (Vec<u8>, u32);

#[test]
fn every_answer_is_the_one_of_the_real_kernel() {
    for seed in 0..SEEDS {
        let mut rng = Rng::new(seed);
        let mut both = Both::new("tree-model");
        let mut log = Vec::new();
        for step in 0..STEPS {
            let (what, ours, real) = both.step(&mut rng);
            log.push(what.chars().take(240).collect::<String>());
            let before = log[log.len().saturating_sub(12)..].join("\n");
            assert!(ours == real, "seed {seed} step {step}\n{before}\n{ours:.200}\n{real:.200}");
            both.tree.assert_valid();
        }
        let root = both.root.as_os_str().as_bytes().to_vec();
        both.compare(&root);
    }
}
