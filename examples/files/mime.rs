//! The content type of a file, by the end of its name.

use std::path::Path;

/// What a `Content-Type` header says about the file. Text is taken to be UTF-8.
pub(crate) fn of(path: &Path) -> String {
    let mime = mime_guess::from_path(path).first_or_octet_stream();
    let is_text = mime.type_() == "text" || mime.subtype() == "javascript";
    if is_text { format!("{mime}; charset=utf-8") } else { mime.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_show_has_its_type() {
        for (name, expected) in [
            ("a/index.html", "text/html; charset=utf-8"),
            ("style.CSS", "text/css; charset=utf-8"),
            ("app.js", "text/javascript; charset=utf-8"),
            ("app.wasm", "application/wasm"),
            ("data.json", "application/json"),
            ("photo.jpg", "image/jpeg"),
            ("film.mp4", "video/mp4"),
            ("archive.tar.gz", "application/gzip"),
        ] {
            assert_eq!(of(Path::new(name)), expected, "{name}");
        }
    }

    #[test]
    fn what_is_unknown_is_bytes() {
        for name in ["Makefile", "a.unknown-ending", ".hidden", "."] {
            assert_eq!(of(Path::new(name)), "application/octet-stream", "{name}");
        }
    }
}
