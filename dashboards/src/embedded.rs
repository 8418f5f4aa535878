//! The files of `dist`, as they lie in the binary: bytes, type, tag, and whether a browser may keep them for ever.

use std::borrow::Cow;

use rust_embed::{EmbeddedFile, RustEmbed};

/// The built pages. Committed, so that no Node is needed; a missing folder gives an empty set and not a broken build.
#[derive(RustEmbed)]
#[folder = "dist/"]
#[allow_missing = true]
struct Dist;

/// The page every view starts from.
const INDEX: &str = "index.html";
/// Files here carry the hash of their content in their name.
const HASHED: &str = "assets/";

/// One file of the dashboard.
#[derive(Debug, Clone)]
pub struct File {
    /// The content.
    pub bytes: Cow<'static, [u8]>,
    /// The media type, with the character set for text.
    pub content_type: String,
    /// Strong entity tag with its quotes, from the content alone.
    pub etag: String,
    /// Whether the name changes with the content, so that it may be kept for ever.
    pub immutable: bool,
}

/// The file at this path of the address, with or without the leading slash; the empty path is the index page.
///
/// `None` when there is no such file: the server then answers with the index page if the path is a view, and with
/// "not found" if it names a file.
pub fn asset(path: &str) -> Option<File> {
    let path = path.trim_start_matches('/');
    let path = if path.is_empty() { INDEX } else { path };
    Dist::get(path).map(|file| describe(path, file))
}

/// Whether the pages were built when this binary was.
pub fn is_built() -> bool {
    Dist::get(INDEX).is_some()
}

fn describe(path: &str, file: EmbeddedFile) -> File {
    let kind = file.metadata.mimetype();
    let content_type = if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind.to_owned() };
    let tag: String = file.metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    File { content_type, etag: format!("\"{tag}\""), immutable: path.starts_with(HASHED), bytes: file.data }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_index_page_is_found_with_and_without_its_name() {
        let index = asset("/").unwrap();
        assert_eq!(index.etag, asset("index.html").unwrap().etag);
        assert_eq!(index.content_type, "text/html; charset=utf-8");
        assert!(!index.immutable);
        assert!(is_built());
    }

    #[test]
    fn what_the_index_page_names_is_embedded_and_kept_for_ever() {
        let index = asset("/").unwrap();
        let page = String::from_utf8(index.bytes.into_owned()).unwrap();
        let named: Vec<&str> = page.split('"').filter(|part| part.starts_with("/assets/")).collect();
        assert!(!named.is_empty());
        for path in named {
            let file = asset(path).unwrap();
            assert!(file.immutable, "{path}");
            assert!(!file.bytes.is_empty(), "{path}");
        }
    }

    #[test]
    fn a_path_out_of_the_folder_leads_nowhere() {
        for path in ["../Cargo.toml", "/../src/lib.rs", "assets/../../Cargo.toml", "assets", "no-such-file.js"] {
            assert!(asset(path).is_none(), "{path}");
        }
    }

    #[test]
    fn no_source_map_and_no_foreign_address_in_the_index() {
        let page = String::from_utf8(asset("/").unwrap().bytes.into_owned()).unwrap();
        assert!(!page.contains("http://") && !page.contains("https://"));
        assert!(Dist::iter().all(|path| !path.ends_with(".map")));
    }
}
