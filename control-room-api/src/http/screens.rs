//! The screens: embedded in the program, or from a folder during development.

use std::borrow::Cow;
use std::io::SeekFrom;
use std::path::{Component, Path, PathBuf};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::problem::Problem;
use crate::app::App;

/// What is read of a file at a time, and sent at most for one range: a map asks for tiles of some 100 KiB.
const LARGEST_RANGE: u64 = 8 * 1024 * 1024;
/// The largest file of the screens that is read whole.
const LARGEST_FILE: u64 = 64 * 1024 * 1024;
/// What hashed files may be kept for; their name changes with their content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

const NOT_BUILT: &str = "<!doctype html><html lang=\"it\"><meta charset=\"utf-8\"><title>Specola</title>\
<body><h1>Specola</h1><p lang=\"it\">Le schermate non sono state costruite. Eseguire <code>npm ci &amp;&amp; npm run build</code> in \
<code>dashboards/</code> e ripartire.</p><p lang=\"en\">The screens are not built. Run <code>npm ci &amp;&amp; npm run build</code> in \
<code>dashboards/</code> and start again. The API answers at <a href=\"/api/v1/openapi.json\">/api/v1/openapi.json</a>.</p></body></html>";

/// Everything that is no question: a file of the screens, or the page that finds its view from the address.
pub(super) async fn screens(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Problem::MethodNotAllowed);
    }
    let path = wanted(request.uri().path()).ok_or(Problem::NotFound)?;
    let headers = request.headers();
    if let Some(folder) = &app.config.ui_dir {
        if path.starts_with("basemap/") && path.ends_with(".pmtiles") {
            return tiles(folder, &path, headers).await;
        }
        if let Some(file) = from_folder(folder, &path).await {
            return Ok(file);
        }
    }
    if let Some(file) = dashboards::asset(&path) {
        return Ok(embedded(&file, headers));
    }
    if names_a_file(&path) {
        return Err(Problem::NotFound);
    }
    if let Some(folder) = &app.config.ui_dir
        && let Some(page) = from_folder(folder, "index.html").await
    {
        return Ok(page);
    }
    Ok(match dashboards::asset("index.html") {
        Some(page) => embedded(&page, headers),
        None => Html(NOT_BUILT).into_response(),
    })
}

/// The path below the folder; none when it would lead out of it. An escaped path names no file of ours: it is a view.
fn wanted(path: &str) -> Option<String> {
    let path = path.trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    let plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    (plain && !path.contains(['\\', '\0'])).then(|| path.to_owned())
}

/// What ends like a file of ours and is not there is missing; anything else is a view (`/assets/lamp.12` is the view of an asset).
fn names_a_file(path: &str) -> bool {
    const ENDINGS: [&str; 17] = [
        "js",
        "mjs",
        "css",
        "html",
        "json",
        "geojson",
        "map",
        "svg",
        "png",
        "jpg",
        "webp",
        "ico",
        "woff2",
        "wasm",
        "txt",
        "webmanifest",
        "pmtiles",
    ];
    path.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending))
}

fn embedded(file: &dashboards::File, headers: &HeaderMap) -> Response {
    let etag = HeaderValue::from_str(&file.etag).ok();
    let caching = HeaderValue::from_static(if file.immutable { FOR_EVER } else { "no-cache" });
    let same = match (&etag, headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok())) {
        (Some(_), Some(known)) => known.split(',').any(|one| one.trim().trim_start_matches("W/") == file.etag.as_str()),
        _ => false,
    };
    let mut response = if same {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = HeaderValue::from_str(&file.content_type).unwrap_or(OCTETS);
        ([(header::CONTENT_TYPE, kind)], content(file)).into_response()
    };
    response.headers_mut().insert(header::CACHE_CONTROL, caching);
    if let Some(etag) = etag {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}

/// Embedded bytes are sent from where they lie.
fn content(file: &dashboards::File) -> Body {
    match &file.bytes {
        Cow::Borrowed(bytes) => Body::from(*bytes),
        Cow::Owned(bytes) => Body::from(bytes.clone()),
    }
}

const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// A file of the development folder, as it is now.
async fn from_folder(folder: &Path, path: &str) -> Option<Response> {
    let file = inside(folder, path).await?;
    let size = tokio::fs::metadata(&file).await.ok().filter(std::fs::Metadata::is_file)?.len();
    if size > LARGEST_FILE {
        tracing::warn!(path, size, "a file of the screens is too large to be sent");
        return None;
    }
    let bytes = tokio::fs::read(&file).await.ok()?;
    let kind = HeaderValue::from_static(content_type(path));
    Some(
        ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))], bytes)
            .into_response(),
    )
}

/// The real path of a file, unless a link leads out of the folder.
async fn inside(folder: &Path, path: &str) -> Option<PathBuf> {
    let folder = tokio::fs::canonicalize(folder).await.ok()?;
    let file = tokio::fs::canonicalize(folder.join(path)).await.ok()?;
    file.starts_with(&folder).then_some(file)
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" | "geojson" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        "pmtiles" => "application/vnd.pmtiles",
        _ => "application/octet-stream",
    }
}

/// A part of a tile archive. It is never sent whole: a map asks for ranges.
async fn tiles(folder: &Path, path: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let file = inside(folder, path).await.ok_or(Problem::NotFound)?;
    let mut file = tokio::fs::File::open(file).await.map_err(|_| Problem::NotFound)?;
    let size = file.metadata().await.map_err(|_| Problem::NotFound)?.len();
    let asked = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let asked = asked.ok_or_else(|| Problem::BadRequest("ask for a range of bytes".into()))?;
    let (from, until) = range(asked, size).ok_or(Problem::RangeNotSatisfiable(size))?;
    file.seek(SeekFrom::Start(from)).await.map_err(|_| Problem::Internal)?;
    let mut bytes = Vec::new();
    file.take(until - from).read_to_end(&mut bytes).await.map_err(|_| Problem::Internal)?;
    let told = format!("bytes {from}-{}/{size}", until - 1);
    let mut response = (StatusCode::PARTIAL_CONTENT, bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::CONTENT_RANGE, HeaderValue::from_str(&told).map_err(|_| Problem::Internal)?);
    Ok(response)
}

/// The bytes that a `Range` asks for: from inclusive, until exclusive. One range, and at most [`LARGEST_RANGE`] of it.
fn range(asked: &str, size: u64) -> Option<(u64, u64)> {
    let (first, last) = asked.trim().strip_prefix("bytes=")?.split_once('-')?;
    let (from, until) = match (first.trim(), last.trim()) {
        ("", suffix) => (size.saturating_sub(suffix.parse().ok()?), size),
        (first, "") => (first.parse().ok()?, size),
        (first, last) => (first.parse().ok()?, last.parse::<u64>().ok()?.saturating_add(1).min(size)),
    };
    (from < until).then(|| (from, until.min(from.saturating_add(LARGEST_RANGE))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_folder() {
        for path in ["/../Cargo.toml", "/a/../../b", "/..", "/a\\b"] {
            assert_eq!(wanted(path), None, "{path}");
        }
        assert_eq!(wanted("/").as_deref(), Some("index.html"));
        assert_eq!(wanted("/assets/index-1.js").as_deref(), Some("assets/index-1.js"));
    }

    #[test]
    fn a_missing_file_is_missing_and_a_view_is_a_view() {
        assert!(names_a_file("assets/index-old.js"));
        assert!(!names_a_file("assets/urn:dev:mac:0024befffe804ff1.2"));
        assert!(!names_a_file("alarms"));
    }

    #[test]
    fn ranges_are_read_as_http_says() {
        assert_eq!(range("bytes=0-9", 100), Some((0, 10)));
        assert_eq!(range("bytes=90-", 100), Some((90, 100)));
        assert_eq!(range("bytes=-5", 100), Some((95, 100)));
        assert_eq!(range("bytes=0-999", 100), Some((0, 100)));
        assert_eq!(range("bytes=100-", 100), None);
        assert_eq!(range("bytes=0-1,5-6", 100), None);
        assert_eq!(range("lines=0-1", 100), None);
        assert_eq!(range("bytes=0-", u64::MAX), Some((0, LARGEST_RANGE)));
    }
}
