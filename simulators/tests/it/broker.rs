//! A broker of thirty lines: accepts any client, acknowledges what it receives, and can hang up.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

/// What a client did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    Connected { client: String },
    Published { topic: String, payload: Vec<u8> },
    Left,
}

/// Room for what a city says between the end of what a test reads and the end of the test.
pub(crate) const ROOM: usize = 16_384;

/// Listens on a free port. Every change of `hang_up` ends all connections at that moment.
pub(crate) async fn listen(seen: mpsc::Sender<Seen>, hang_up: watch::Receiver<u32>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (seen, mut hang_up) = (seen.clone(), hang_up.clone());
            hang_up.mark_unchanged();
            tokio::spawn(async move {
                tokio::select! {
                    _ = serve(stream, &seen) => {}
                    _ = hang_up.changed() => {}
                }
            });
        }
    });
    address
}

/// MQTT 3.1.1, as far as a publisher needs it.
async fn serve(mut stream: TcpStream, seen: &mpsc::Sender<Seen>) -> std::io::Result<()> {
    loop {
        let head = stream.read_u8().await?;
        let (mut length, mut shift) = (0_usize, 0);
        loop {
            let byte = stream.read_u8().await?;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let text = |from: usize| {
            let size = usize::from(u16::from_be_bytes([body[from], body[from + 1]]));
            (String::from_utf8(body[from + 2..from + 2 + size].to_vec()).unwrap(), from + 2 + size)
        };
        match head >> 4 {
            1 => {
                let _ = seen.send(Seen::Connected { client: text(10).0 }).await;
                stream.write_all(&[0x20, 2, 0, 0]).await?;
            }
            3 => {
                let (topic, end) = text(0);
                if head & 0b0110 == 0 {
                    let _ = seen.send(Seen::Published { topic, payload: body[end..].to_vec() }).await;
                    continue;
                }
                assert_eq!(head & 0b0110, 0b0010, "QoS 1");
                let _ = seen.send(Seen::Published { topic, payload: body[end + 2..].to_vec() }).await;
                stream.write_all(&[0x40, 2, body[end], body[end + 1]]).await?;
            }
            8 => stream.write_all(&[0x90, 3, body[0], body[1], 0]).await?,
            12 => stream.write_all(&[0xd0, 0]).await?,
            14 => {
                let _ = seen.send(Seen::Left).await;
                return Ok(());
            }
            other => panic!("packet type {other} is not for a publisher"),
        }
    }
}
