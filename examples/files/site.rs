//! From a request to its answer: what is on the disk.

use super::listing::{self, Item};
use super::path::Target;
use super::range::{self, Part};
use super::request::{Method, Request};
use super::response::{Body, Response};
use super::status::{self, Status};
use super::{date, mime};
use sexton::fs::{self, File, Metadata};
use std::path::{Path, PathBuf};

/// What a folder that has one shows instead of a listing.
const INDEX: &str = "index.html";

/// Items that a listing has at most: about 2 MiB of page.
const ITEMS_MAX: usize = 10_000;

/// Items between two pauses for the other clients of this core.
const ITEMS_AT_ONCE: usize = 100;

/// A folder that is served.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// Free of symbolic links, so that what is in it can be told by its path.
    root: PathBuf,
}

impl Site {
    /// The folder at `dir`.
    pub(crate) async fn open(dir: &Path) -> std::io::Result<Self> {
        let root = fs::canonicalize(dir).await?;
        if fs::metadata(&root).await?.is_dir() {
            Ok(Self { root })
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
        let (path, metadata) = self.locate(&target.path).await?;
        if metadata.is_file() && !target.is_folder {
            return file(&path, &target.path, request).await;
        }
        if !metadata.is_dir() {
            // A file has nothing below it; a socket, a pipe or a device is nobody's to read.
            let status = if metadata.is_file() { status::NOT_FOUND } else { status::FORBIDDEN };
            return Err(status);
        }
        if !target.is_folder {
            let moved = Response::empty(status::MOVED_PERMANENTLY);
            return Ok(moved.header("Location", target.as_folder()));
        }
        let index = target.path.join(INDEX);
        match self.locate(&index).await {
            Ok((path, metadata)) if metadata.is_file() => file(&path, &index, request).await,
            Ok(_) | Err(status::NOT_FOUND) => self.listing(&path, &target).await,
            Err(status) => Err(status),
        }
    }

    /// Where a path below the root really is, once all symbolic links are followed. One that leads
    /// out is as good as none.
    ///
    /// Between this look and the opening, somebody who may write to the folder can still put a link
    /// in the place of a file: who may write to it is trusted with what it shows.
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

/// The file at `path`, or what the client still needs of it. Its type goes by the name in the
/// request.
async fn file(path: &Path, name: &Path, request: &Request) -> Result<Response, Status> {
    let file = File::open(path).await?;
    let metadata = file.metadata().await?;
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
