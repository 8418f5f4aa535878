//! Starting and stopping.

use std::time::Duration;

use control_room_api::{Config, Error, Server};

use crate::city::City;
use crate::page::Page;

#[tokio::test]
async fn sockets_are_told_within_two_seconds_that_the_server_stops() {
    let city = City::open().await;
    let token = city.token("operator", "messina").await;
    let mut page = Page::open(&city, &token).await;
    let deadline = Duration::from_secs(2);
    city.stop.cancel();
    assert_eq!(tokio::time::timeout(deadline, page.closed()).await.expect("within 2 s"), 1001);
    drop(page);
    tokio::time::timeout(deadline, city.service).await.expect("within 2 s").unwrap().unwrap();
}

#[tokio::test]
async fn a_port_that_is_taken_is_a_clear_error() {
    let first = Server::bind(Config { bind: "127.0.0.1:0".parse().unwrap(), ..Config::default() }).await.unwrap();
    let second = Server::bind(Config { bind: first.address(), ..Config::default() }).await;
    let error = second.unwrap_err();
    assert!(matches!(error, Error::PortTaken(_)));
    assert!(error.to_string().contains(&first.address().to_string()), "{error}");
}
