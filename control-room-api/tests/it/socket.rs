//! The live socket: snapshot, deltas, resume, selections, and how it ends.

use std::time::Duration;

use control_room_api::{Config, SocketLimits};
use model::alarm::Change;
use serde_json::{Value as Json, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error as WsError;

use crate::city::{City, lamp, next, raised, tenant};
use crate::page::{PATIENCE, Page, request};

const ALL: Json = Json::Null;

#[tokio::test]
async fn a_page_gets_a_snapshot_and_then_what_changes() {
    let city = City::open().await;
    let token = city.token("operator", "messina").await;
    city.measure(1, 230.0).await;
    let mut page = Page::open(&city, &token).await;
    assert_eq!(page.hello["epoch"], city.live.epoch());
    assert_eq!(page.hello["beat_s"], 1);
    page.subscribe(Json::Null, ALL, ALL).await;
    let alarms = page.text("alarms").await;
    assert_eq!((&alarms["reset"], &alarms["items"]), (&json!(true), &json!([])));
    let snapshot = page.picture().await;
    assert_eq!((snapshot.kind, snapshot.assets.len()), (1, 11));
    assert_eq!(snapshot.assets[&1], (0, 230.0));
    assert_eq!(snapshot.assets[&2].0, 16);
    city.measure(2, 111.0).await;
    let delta = page.picture().await;
    assert_eq!((delta.kind, delta.assets.len(), delta.assets[&2]), (2, 1, (0, 111.0)));
    let alarm = city.happen(raised(&tenant("messina"), "dark", "circuit-1", &[1, 2], city.now())).await;
    let told = page.text("alarms").await;
    assert_eq!((&told["reset"], &told["items"][0]["id"]), (&json!(false), &json!(alarm.id.to_string())));
    let delta = page.picture().await;
    assert_eq!(delta.assets[&1], (2 | 8 | 64, 230.0));
    assert_eq!(delta.assets[&10].0, 2 | 8 | 64);
}

#[tokio::test]
async fn a_page_that_comes_back_gets_what_it_missed_and_no_more() {
    let city = City::open().await;
    let token = city.token("operator", "messina").await;
    let me = tenant("messina");
    let stays = city.happen(raised(&me, "dark", "lamp-00008", &[], city.now())).await;
    let ends = city.happen(raised(&me, "dark", "lamp-00009", &[], city.now())).await;
    let mut page = Page::open(&city, &token).await;
    page.subscribe(Json::Null, ALL, ALL).await;
    let alarms = page.text("alarms").await;
    assert_eq!(alarms["items"].as_array().unwrap().len(), 2);
    let seen = page.picture().await;
    drop(page);
    city.measure(5, 5.0).await;
    let ended = city.happen(next(&ends, city.now(), Change::Returned { evidence: None })).await;
    city.happen(next(&ended, city.now(), Change::Acknowledged { note: None })).await;
    let mut page = Page::open(&city, &token).await;
    let resume =
        json!({"epoch": page.hello["epoch"], "version": seen.version, "alarm_version": alarms["alarm_version"]});
    page.subscribe(resume.clone(), ALL, ALL).await;
    let missed = page.text("alarms").await;
    assert_eq!(missed["reset"], false);
    let items = missed["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["id"], &items[0]["state"]), (1, &json!(ends.id.to_string()), &json!("normal")));
    let delta = page.picture().await;
    assert_eq!(delta.kind, 2);
    assert_eq!(delta.assets.keys().copied().collect::<Vec<_>>(), [5, 9]);
    let mut stranger = Page::open(&city, &token).await;
    let mut other = resume;
    other["epoch"] = json!("another-run");
    stranger.subscribe(other, ALL, ALL).await;
    let all = stranger.text("alarms").await;
    assert_eq!((&all["reset"], &all["items"][0]["id"]), (&json!(true), &json!(stays.id.to_string())));
    assert_eq!(stranger.picture().await.kind, 1, "slots of another epoch are void");
}

#[tokio::test]
async fn a_page_sees_its_part_of_the_map_and_its_trades() {
    let city = City::open().await;
    let token = city.token("operator", "messina").await;
    let mut page = Page::open(&city, &token).await;
    page.subscribe(Json::Null, json!([15.4995, 38.0, 15.5025, 39.0]), ALL).await;
    let part = page.picture().await;
    assert_eq!(part.assets.keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
    city.measure(7, 1.0).await;
    city.measure(2, 2.0).await;
    let delta = page.picture().await;
    assert_eq!(delta.assets.keys().copied().collect::<Vec<_>>(), [2], "what is outside is not told");
    page.subscribe(Json::Null, ALL, json!(["camera"])).await;
    let cameras = page.picture().await;
    assert_eq!((cameras.kind, cameras.assets.keys().copied().collect::<Vec<_>>()), (1, vec![4, 9]));
    page.subscribe(Json::Null, ALL, json!([])).await;
    assert_eq!(page.picture().await.assets.len(), 0);
}

#[tokio::test]
async fn the_beat_tells_the_pulse_and_a_ping_is_answered() {
    let city = City::open().await;
    let token = city.token("operator", "messina").await;
    city.measure(1, 230.0).await;
    city.happen(raised(&tenant("messina"), "dark", "lamp-00008", &[], city.now())).await;
    let mut page = Page::open(&city, &token).await;
    let beat = page.text("beat").await;
    assert_eq!((&beat["kept_total"], &beat["open_alarms"]), (&json!(1), &json!(1)));
    assert_eq!(beat["server_ms"], city.now().as_millis());
    assert!(beat["lag_ms"].is_number() && beat["readings_per_s"].is_number());
    page.say(json!({"type": "ping", "sent_ms": 12.5})).await;
    assert_eq!(page.text("pong").await["sent_ms"], 12.5);
}

#[tokio::test]
async fn new_assets_are_announced_with_their_state() {
    let city = City::open().await;
    let token = city.token("operator", "messina").await;
    let mut page = Page::open(&city, &token).await;
    page.subscribe(Json::Null, ALL, ALL).await;
    page.picture().await;
    let me = tenant("messina");
    city.live.put_assets(&me, &[lamp(&me, 77)]);
    assert_eq!(page.text("assets_changed").await["epoch"], city.live.epoch());
    assert_eq!(page.picture().await.assets.keys().copied().collect::<Vec<_>>(), [11]);
    let (_, assets) = city.get("/api/v1/assets?q=lamp-00077", &token).await;
    assert_eq!(assets["items"][0]["slot"], 11);
}

#[tokio::test]
async fn a_burst_reaches_the_page_as_few_frames_with_the_last_state() {
    let city = City::open().await;
    let token = city.token("operator", "messina").await;
    let mut page = Page::open(&city, &token).await;
    page.subscribe(Json::Null, ALL, ALL).await;
    page.picture().await;
    for n in 1..=500 {
        city.pass(Duration::from_millis(1));
        city.measure(3, f64::from(n)).await;
    }
    let mut frames = 0;
    loop {
        frames += 1;
        if page.picture().await.assets[&3].1 == 500.0 {
            break;
        }
    }
    assert!(frames <= 100, "{frames} frames for one burst");
}

#[tokio::test]
async fn a_page_that_does_not_read_is_given_up_with_4008() {
    let limits = SocketLimits { unread_seconds: 1, frames_per_second: 100, ..SocketLimits::default() };
    let city = City::with(Config { sockets: limits, ..Config::default() }, 60_000).await;
    let token = city.token("operator", "messina").await;
    let mut page = Page::open(&city, &token).await;
    // Each subscription is answered by 540 kB, and nobody reads.
    let asking = async {
        let mut n = 0_u32;
        while city.live.too_slow() == 0 {
            n += 1;
            let viewport = json!([15.0, 38.0, 17.0 + f64::from(n % 2), 39.0]);
            let say = page.subscribe(Json::Null, viewport, ALL);
            if tokio::time::timeout(Duration::from_millis(50), say).await.is_err() {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.expect("the page was never given up");
    assert_eq!(page.closed().await, 4008);
}

#[tokio::test]
async fn a_session_that_ends_closes_its_sockets_and_no_others() {
    let city = City::open().await;
    let (mine, other) = (city.token("operator", "messina").await, city.token("operator", "messina").await);
    let (mut page, mut neighbour) = (Page::open(&city, &mine).await, Page::open(&city, &other).await);
    let request = reqwest::Client::new().delete(city.url("/api/v1/session")).bearer_auth(&mine);
    assert_eq!(request.send().await.unwrap().status(), 204);
    let within = Duration::from_secs(5);
    assert_eq!(tokio::time::timeout(within, page.closed()).await.expect("within 5 s"), 4001);
    neighbour.say(json!({"type": "ping", "sent_ms": 1})).await;
    neighbour.text("pong").await;
    city.pass(Duration::from_secs(13 * 3600));
    assert_eq!(tokio::time::timeout(within, neighbour.closed()).await.expect("within 5 s"), 4001, "expired");
}

#[tokio::test]
async fn what_is_no_message_closes_with_4009() {
    let city = City::open().await;
    let token = city.token("operator", "messina").await;
    let large = json!({"type": "subscribe", "domains": vec!["x".repeat(40); 1000]}).to_string();
    for bad in ["{", "{\"type\":\"shout\"}", "{\"type\":\"subscribe\",\"viewport\":[9,9,1,1]}", &large] {
        let mut page = Page::open(&city, &token).await;
        use futures::SinkExt;
        page.socket.send(bad.to_owned().into()).await.unwrap();
        assert_eq!(page.closed().await, 4009, "{bad:.40}");
    }
}

#[track_caller]
fn refused(result: Result<impl Sized, WsError>) -> u16 {
    match result {
        Err(WsError::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("the socket was opened"),
    }
}

#[tokio::test]
async fn a_foreign_page_does_not_get_a_socket() {
    let city = City::open().await;
    let token = city.token("operator", "messina").await;
    let with = |origin: Option<String>| {
        let mut request = request(&city, &token);
        let headers = request.headers_mut();
        headers.remove("authorization");
        headers.insert("cookie", format!("specola_session={token}").parse().unwrap());
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().unwrap());
        }
        connect_async(request)
    };
    assert_eq!(refused(with(Some("https://evil.example".into())).await), 403);
    assert_eq!(refused(with(None).await), 403);
    assert!(with(Some(format!("http://{}", city.address))).await.is_ok());
    assert_eq!(refused(connect_async(request(&city, "nonsense")).await), 401);
}

#[tokio::test]
async fn a_tenant_has_so_many_sockets_and_gets_a_place_back() {
    let limits = SocketLimits { per_tenant: 2, ..SocketLimits::default() };
    let city = City::with(Config { sockets: limits, ..Config::default() }, 3).await;
    let token = city.token("operator", "messina").await;
    let first = Page::open(&city, &token).await;
    let _second = Page::open(&city, &token).await;
    assert_eq!(refused(connect_async(request(&city, &token)).await), 503);
    let stranger = city.token("operator", "prato").await;
    let _other = Page::open(&city, &stranger).await;
    drop(first);
    let freed = async {
        while city.live.sockets() > 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, freed).await.unwrap();
    Page::open(&city, &token).await;
}
