//! A screen without eyes: reads the live socket and tells when the probe's value appears.

use anyhow::Context;
use futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// An open live socket.
pub(super) struct Screen(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Screen {
    /// Opens the socket and asks for everything, as a map of the whole city does.
    pub(super) async fn open(url: &str, token: &str) -> anyhow::Result<Self> {
        let mut request = url.into_client_request()?;
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse()?);
        request.headers_mut().insert("sec-websocket-protocol", "specola.v1".parse()?);
        let (mut socket, _) = tokio_tungstenite::connect_async(request).await.context("cannot open the live socket")?;
        let everything = serde_json::json!({"type": "subscribe", "resume": null, "viewport": null, "domains": null});
        socket.send(Message::text(everything.to_string())).await?;
        Ok(Self(socket))
    }

    /// The next value of the asset in `slot` that is shown; `None` when the server closes.
    pub(super) async fn value(&mut self, slot: u32) -> anyhow::Result<Option<f32>> {
        while let Some(message) = self.0.next().await {
            if let Message::Binary(frame) = message?
                && let Some(value) = find(&frame, slot)
            {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}

/// The value of a slot in a frame of states: a header of 32 bytes with the count at 24, then slots, states padded to four bytes, values.
fn find(frame: &[u8], slot: u32) -> Option<f32> {
    let number = |at: usize| -> Option<[u8; 4]> { frame.get(at..at + 4)?.try_into().ok() };
    let count = u32::from_le_bytes(number(24)?) as usize;
    let values = 32 + count * 4 + count.next_multiple_of(4);
    (0..count)
        .find(|index| number(32 + index * 4).is_some_and(|bytes| u32::from_le_bytes(bytes) == slot))
        .and_then(|index| number(values + index * 4))
        .map(f32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_a_slot_is_found_behind_the_padding() {
        let mut frame = vec![0_u8; 32];
        frame[24] = 3;
        for slot in [7_u32, 9, 11] {
            frame.extend(slot.to_le_bytes());
        }
        frame.extend([0_u8; 4]);
        for value in [1.0_f32, 2.0, 3.0] {
            frame.extend(value.to_le_bytes());
        }
        assert_eq!(find(&frame, 9), Some(2.0));
        assert_eq!(find(&frame, 8), None);
        assert_eq!(find(&frame[..40], 9), None);
    }
}
