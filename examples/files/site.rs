//! From a request to its answer: what is on the disk.

use super::listing::{self, Item};
use super::path::Target;
use super::range::{self, Part};
use super::request::{Method, Request};
use super::response::{Body, Response};
use super::status::{self, Status};
use super::{date, mime};
use sexton::fs::{self, File, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What a folder that has one shows instead of a listing.
const INDEX: &str = "index.html";

/// Items that a listing has at most: about 2 MiB of page.
const ITEMS_MAX: usize = 10_000;

/// Items between two pauses for the other clients of this core.
const ITEMS_AT_ONCE: usize = 100;

/// A folder that is served, by one core.
#[derive(Debug)]
pub(crate) struct Site {
    /// Free of symbolic links, so that what is in it can be told by its path.
    root: PathBuf,
    /// The same, open: what is opened beneath it is in it, whoever moves things about meanwhile.
    dir: File,
}

impl Site {
    /// The folder at `dir`.
    pub(crate) async fn open(dir: &Path) -> std::io::Result<Self> {
        let root = fs::canonicalize(dir).await?;
        let dir = File::open(&root).await?;
        if dir.metadata().await?.is_dir() {
            Ok(Self { root, dir })
        } else {
            Err(std::io::ErrorKind::NotADirectory.into())
        }
    }

    /// Where the folder is.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Answers every request: what cannot be had is an answer too.
    pub(crate) async fn answer(&self, request: &Request) -> Response {
        self.find(request).await.unwrap_or_else(Response::refusal)
    }

    async fn find(&self, request: &Request) -> Result<Response, Status> {
        if request.method == Method::Other {
            return Err(status::METHOD_NOT_ALLOWED);
        }
        let target = Target::parse(&request.target).ok_or(status::BAD_REQUEST)?;
        if target.is_folder {
            return self.folder(&target, request).await;
        }
        match self.look(&target.path).await? {
            Some((file, metadata)) => respond(file, &metadata, &target.path, request),
            None => {
                let moved = Response::empty(status::MOVED_PERMANENTLY);
                Ok(moved.header("Location", target.as_folder()))
            }
        }
    }

    /// The index of a folder, or what is in it.
    async fn folder(&self, target: &Target<'_>, request: &Request) -> Result<Response, Status> {
        let index = target.path.join(INDEX);
        match self.look(&index).await {
            Ok(Some((file, metadata))) => respond(file, &metadata, &index, request),
            Ok(None) | Err(status::NOT_FOUND) => {
                let (path, metadata) = self.locate(&target.path).await?;
                // A file has nothing below it; a socket, a pipe or a device is nobody's to read.
                if metadata.is_dir() {
                    self.listing(&path, target).await
                } else if metadata.is_file() {
                    Err(status::NOT_FOUND)
                } else {
                    Err(status::FORBIDDEN)
                }
            }
            Err(status) => Err(status),
        }
    }

    /// The file at a path below the root; none if it is a folder.
    async fn look(&self, path: &Path) -> Result<Option<(File, Metadata)>, Status> {
        let mut options = File::options();
        let file = match options.read(true).open_beneath(&self.dir, path).await {
            Ok(file) => file,
            Err(error) => match error.kind() {
                // A link on the way that is absolute: it may lead back to what is served.
                ErrorKind::CrossesDevices => {
                    let (path, _) = self.locate(path).await?;
                    let path = path.strip_prefix(&self.root).map_err(|_| status::NOT_FOUND)?;
                    options.open_beneath(&self.dir, in_itself(path)).await?
                }
                // What cannot be read may be a folder, and what is in it may be had.
                ErrorKind::PermissionDenied => match self.locate(path).await {
                    Ok((_, metadata)) if metadata.is_dir() => return Ok(None),
                    _ => return Err(error.into()),
                },
                _ => return Err(error.into()),
            },
        };
        let metadata = file.metadata().await?;
        if metadata.is_dir() {
            Ok(None)
        } else if metadata.is_file() {
            Ok(Some((file, metadata)))
        } else {
            Err(status::FORBIDDEN)
        }
    }

    /// Where a path below the root really is, once all symbolic links are followed. One that leads
    /// out is as good as none.
    ///
    /// What is there may be another thing a moment later: it is opened beneath the root, or only
    /// listed. Who may write to a folder is trusted with its listings.
    async fn locate(&self, path: &Path) -> Result<(PathBuf, Metadata), Status> {
        let path = fs::canonicalize(self.root.join(path)).await?;
        if !path.starts_with(&self.root) {
            return Err(status::NOT_FOUND);
        }
        let metadata = fs::metadata(&path).await?;
        Ok((path, metadata))
    }

    /// The page that shows the folder at `path`: all that can be had there.
    async fn listing(&self, path: &Path, target: &Target<'_>) -> Result<Response, Status> {
        let mut dir = fs::read_dir(path).await?;
        let (mut items, mut left_out) = (Vec::new(), false);
        while let Some(entry) = dir.next_entry().await? {
            if items.len() == ITEMS_MAX {
                left_out = true;
                break;
            }
            let name = entry.file_name();
            let Ok((_, metadata)) = self.locate(&target.path.join(&name)).await else { continue };
            if !metadata.is_file() && !metadata.is_dir() {
                continue;
            }
            let (is_folder, len) = (metadata.is_dir(), metadata.len());
            items.push(Item { name, is_folder, len, modified: metadata.modified().ok() });
            if items.len().is_multiple_of(ITEMS_AT_ONCE) {
                sexton::yield_now().await;
            }
        }
        let is_top = target.path == Path::new("");
        Ok(Response::page(listing::page(&target.title(), is_top, items, left_out)))
    }
}

/// A path that is no path is the folder itself.
fn in_itself(path: &Path) -> &Path {
    if path == Path::new("") { Path::new(".") } else { path }
}

/// A file, or what the client still needs of it. Its type goes by the name in the request.
fn respond(
    file: File,
    metadata: &Metadata,
    name: &Path,
    request: &Request,
) -> Result<Response, Status> {
    let (len, modified) = (metadata.len(), metadata.modified()?);
    if let Some(since) = &request.if_modified_since
        && date::not_modified_since(modified, since)
    {
        let unchanged = Response::empty(status::NOT_MODIFIED);
        return Ok(unchanged.header("Last-Modified", date::format(modified)));
    }
    let is_same = request.if_range.as_ref().is_none_or(|of| date::is_of(modified, of));
    let part = match &request.range {
        Some(header) if is_same && request.method == Method::Get => range::of(header, len),
        _ => Part::Whole,
    };
    let response = match part {
        Part::OutOfReach => {
            let refusal = Response::refusal(status::RANGE_NOT_SATISFIABLE);
            return Ok(refusal.header("Content-Range", format_args!("bytes */{len}")));
        }
        Part::Whole => Response::new(status::OK, Body::File(file, 0..len)),
        Part::Bytes(bytes) => {
            let (first, last) = (bytes.start, bytes.end - 1);
            Response::new(status::PARTIAL_CONTENT, Body::File(file, bytes))
                .header("Content-Range", format_args!("bytes {first}-{last}/{len}"))
        }
    };
    Ok(response
        .header("Content-Type", mime::of(name))
        .header("Last-Modified", date::format(modified))
        .header("Accept-Ranges", "bytes"))
}
