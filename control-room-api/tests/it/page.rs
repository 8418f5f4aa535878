//! A page as the socket sees it: it reads frames and keeps the picture.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value as Json, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::Request;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::city::City;

/// Longer than anything here takes; only a failing test waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A binary frame, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Picture {
    pub(crate) kind: u8,
    pub(crate) version: u64,
    pub(crate) assets: BTreeMap<u32, (u8, f32)>,
}

/// What arrived.
#[derive(Debug)]
pub(crate) enum Heard {
    Text(Json),
    Picture(Picture),
    Closed(u16),
}

pub(crate) struct Page {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) hello: Json,
}

pub(crate) fn request(city: &City, token: &str) -> Request<()> {
    let mut request = format!("ws://{}/api/v1/live", city.address).into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request.headers_mut().insert("sec-websocket-protocol", "specola.v1".parse().unwrap());
    request
}

impl Page {
    pub(crate) async fn open(city: &City, token: &str) -> Self {
        let (socket, response) = connect_async(request(city, token)).await.unwrap();
        assert_eq!(response.headers()["sec-websocket-protocol"], "specola.v1");
        let mut page = Self { socket, hello: Json::Null };
        let Heard::Text(hello) = page.hear().await else { panic!("hello comes first") };
        assert_eq!(hello["type"], "hello");
        page.hello = hello;
        page
    }

    pub(crate) async fn say(&mut self, message: Json) {
        self.socket.send(Message::Text(message.to_string().into())).await.unwrap();
    }

    pub(crate) async fn subscribe(&mut self, resume: Json, viewport: Json, domains: Json) {
        self.say(json!({"type": "subscribe", "resume": resume, "viewport": viewport, "domains": domains})).await;
    }

    /// The next thing that arrives.
    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("nothing came");
            match message {
                Some(Ok(Message::Text(text))) => return Heard::Text(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Binary(bytes))) => return Heard::Picture(take_apart(&bytes)),
                Some(Ok(Message::Close(frame))) => return Heard::Closed(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(error)) => panic!("{error}"),
                None => return Heard::Closed(1006),
            }
        }
    }

    /// The next picture.
    pub(crate) async fn picture(&mut self) -> Picture {
        loop {
            match self.hear().await {
                Heard::Picture(picture) => return picture,
                Heard::Closed(code) => panic!("closed with {code}"),
                Heard::Text(_) => {}
            }
        }
    }

    /// The next text frame of this type.
    pub(crate) async fn text(&mut self, kind: &str) -> Json {
        loop {
            match self.hear().await {
                Heard::Text(text) if text["type"] == kind => return text,
                Heard::Closed(code) => panic!("closed with {code}"),
                _ => {}
            }
        }
    }

    /// The code with which the server closes.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            if let Heard::Closed(code) = self.hear().await {
                return code;
            }
        }
    }
}

fn take_apart(bytes: &[u8]) -> Picture {
    assert_eq!(&bytes[..4], b"SPL1");
    let count = u32::from_le_bytes(bytes[24..28].try_into().unwrap()) as usize;
    let states = 32 + 4 * count;
    let values = states + count.next_multiple_of(4);
    assert_eq!(bytes.len(), values + 4 * count);
    let four = |at: usize| <[u8; 4]>::try_from(&bytes[at..at + 4]).unwrap();
    let asset = |n: usize| {
        (u32::from_le_bytes(four(32 + 4 * n)), (bytes[states + n], f32::from_le_bytes(four(values + 4 * n))))
    };
    Picture {
        kind: bytes[4],
        version: u64::from_le_bytes(bytes[8..16].try_into().unwrap()),
        assets: (0..count).map(asset).collect(),
    }
}
