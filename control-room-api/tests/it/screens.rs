//! The screens: files, views, tags, ranges.

use control_room_api::Config;

use crate::city::{City, answer};

#[tokio::test]
async fn a_view_gets_the_page_and_a_missing_file_is_missing() {
    let city = City::open().await;
    for view in ["/", "/alarms", "/assets/urn:dev:1.2", "/assets/a%20b", "/signin?code=x"] {
        let response = reqwest::get(city.url(view)).await.unwrap();
        assert_eq!(response.status(), 200, "{view}");
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"), "{view}");
        assert!(response.text().await.unwrap().contains("Specola"), "{view}");
    }
    for path in ["/assets/index-old.js", "/favicon.ico", "/basemap/nowhere.geojson"] {
        assert_eq!(answer(reqwest::Client::new().get(city.url(path))).await.0, 404, "{path}");
    }
    assert_eq!(answer(reqwest::Client::new().post(city.url("/alarms"))).await.0, 405);
}

#[tokio::test]
async fn a_folder_is_served_as_it_is_with_ranges_of_tiles() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("basemap")).unwrap();
    std::fs::write(folder.path().join("index.html"), "<p>fresh</p>").unwrap();
    std::fs::write(folder.path().join("basemap/city.pmtiles"), (0..=255).collect::<Vec<u8>>()).unwrap();
    std::fs::write(outside.path().join("secret.txt"), "secret").unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret.txt"), folder.path().join("link.txt")).unwrap();
    let city = City::with(Config { ui_dir: Some(folder.path().into()), ..Config::default() }, 1).await;
    let page = reqwest::get(city.url("/alarms")).await.unwrap();
    assert_eq!(page.headers()["cache-control"], "no-cache");
    assert_eq!(page.text().await.unwrap(), "<p>fresh</p>");
    let client = reqwest::Client::new();
    let tiles = |range: &str| client.get(city.url("/basemap/city.pmtiles")).header("range", range);
    let part = tiles("bytes=16-19").header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!((part.status().as_u16(), part.headers()["content-range"].to_str().unwrap()), (206, "bytes 16-19/256"));
    assert_eq!(part.bytes().await.unwrap().as_ref(), [16, 17, 18, 19]);
    assert_eq!(answer(tiles("bytes=900-")).await.0, 416);
    assert_eq!(answer(client.get(city.url("/link.txt"))).await.0, 404, "a link must not lead out of the folder");
}

#[tokio::test]
async fn the_embedded_page_has_a_tag_that_saves_sending_it_again() {
    let city = City::open().await;
    if dashboards::asset("index.html").is_none() {
        return;
    }
    let page = reqwest::get(city.url("/")).await.unwrap();
    assert_eq!(page.headers()["cache-control"], "no-cache");
    let tag = page.headers()["etag"].clone();
    let again = reqwest::Client::new().get(city.url("/")).header("if-none-match", tag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    assert_eq!(again.bytes().await.unwrap().len(), 0);
}
