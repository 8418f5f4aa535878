//! Reading a body: bounded in size, packed or not, and neither too slow nor too large for its memory.

use std::io::Read;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use futures::StreamExt;
use tokio::time::{Instant, timeout_at};

use super::room::{Intake, Memory, Room};
use crate::http::Problem;

/// How slowly a body may come: beyond it is a line that does not work, or somebody who holds us up.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// How long any body may take, whatever its size.
    grace: Duration,
    /// How much longer it may take for each so many bytes.
    piece: usize,
    /// By so much.
    longer: Duration,
}

/// 16 KiB a second after ten seconds.
const PACE: Pace = Pace { grace: Duration::from_secs(10), piece: 16 * 1024, longer: Duration::from_secs(1) };

impl Pace {
    fn allows(&self, bytes: usize) -> Duration {
        self.grace + self.longer.saturating_mul(u32::try_from(bytes / self.piece).unwrap_or(u32::MAX))
    }
}

/// A body in memory.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) bytes: Bytes,
    /// Held while the bytes are.
    pub(crate) memory: Memory,
}

/// Receives a body and unpacks it.
pub(crate) async fn receive(
    intake: &Intake,
    room: &Room,
    headers: &HeaderMap,
    body: Body,
) -> Result<Received, Problem> {
    let packed = is_packed(headers)?;
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > intake.largest()) {
        return Err(Problem::TooLarge);
    }
    let received = gather(intake.largest(), room, body, PACE).await?;
    if packed { unpack(intake, room, received).await } else { Ok(received) }
}

/// Whether the body is packed with gzip, the only way that is understood.
fn is_packed(headers: &HeaderMap) -> Result<bool, Problem> {
    let Some(encoding) = headers.get(header::CONTENT_ENCODING) else { return Ok(false) };
    let encoding = encoding.to_str().unwrap_or_default().trim().to_ascii_lowercase();
    match encoding.as_str() {
        "" | "identity" => Ok(false),
        "gzip" | "x-gzip" => Ok(true),
        _ => Err(Problem::UnknownType("a body may be packed with gzip, or not at all".to_owned())),
    }
}

/// Reads a body as it comes. Memory is asked for piece by piece: a sender who announces much and sends little holds little.
async fn gather(largest: usize, room: &Room, body: Body, pace: Pace) -> Result<Received, Problem> {
    let begun = Instant::now();
    let mut memory = Memory::default();
    let mut bytes = Vec::new();
    let mut pieces = body.into_data_stream();
    loop {
        let piece = match timeout_at(begun + pace.allows(bytes.len()), pieces.next()).await {
            Err(_) => return Err(Problem::TooSlow),
            Ok(None) => break,
            Ok(Some(Err(_))) => return Err(Problem::BadRequest("the body breaks off".to_owned())),
            Ok(Some(Ok(piece))) => piece,
        };
        if bytes.len() + piece.len() > largest {
            return Err(Problem::TooLarge);
        }
        room.hold(&mut memory, bytes.len() + piece.len()).await?;
        bytes.extend_from_slice(&piece);
    }
    Ok(Received { bytes: bytes.into(), memory })
}

/// Unpacks a body. It is measured first, which takes no memory however much is packed, and unpacked into as much as was asked for.
async fn unpack(intake: &Intake, room: &Room, packed: Received) -> Result<Received, Problem> {
    let largest = intake.largest();
    let Received { bytes, mut memory } = packed;
    let turn = intake.unpack().await?;
    let size = blocking({
        let bytes = bytes.clone();
        move || {
            let mut measured = MultiGzDecoder::new(bytes.as_ref()).take(largest as u64 + 1);
            std::io::copy(&mut measured, &mut std::io::sink())
        }
    });
    let size = usize::try_from(size.await?).ok().filter(|size| *size <= largest).ok_or(Problem::TooLarge)?;
    room.hold(&mut memory, bytes.len() + size).await?;
    let unpacked = blocking(move || {
        let mut unpacked = Vec::with_capacity(size);
        MultiGzDecoder::new(bytes.as_ref()).read_to_end(&mut unpacked).map(|_| unpacked)
    });
    let unpacked = unpacked.await?;
    drop(turn);
    room.hold(&mut memory, unpacked.len()).await?;
    Ok(Received { bytes: unpacked.into(), memory })
}

/// Works on what is packed without holding up anybody else.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|_| Problem::Internal)?;
    done.map_err(|_| Problem::BadRequest("the body is not packed with gzip".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use axum::http::HeaderValue;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use futures::stream;
    use model::TenantId;

    use super::*;
    use crate::config::IntakeLimits;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    async fn received(encoding: &'static str, body: Body) -> Result<Vec<u8>, Problem> {
        let intake = Intake::new(IntakeLimits { body_mib: 1, memory_mib: 2, ..IntakeLimits::default() });
        let room = intake.room(&TenantId::new("messina").unwrap());
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        let received = receive(&intake, &room, &headers, body).await?;
        Ok(received.bytes.to_vec())
    }

    #[tokio::test]
    async fn a_body_comes_packed_or_not() {
        let text = b"device,a\nd,1\n";
        assert_eq!(received("identity", Body::from(&text[..])).await.unwrap(), text);
        assert_eq!(received("gzip", Body::from(packed(text))).await.unwrap(), text);
        // Two packed pieces one after the other are one body, as gzip says.
        let twice = [packed(text), packed(text)].concat();
        assert_eq!(received("x-gzip", Body::from(twice)).await.unwrap(), [&text[..], text].concat());
    }

    #[tokio::test]
    async fn what_unpacks_to_too_much_is_stopped() {
        let bomb = packed(&vec![b' '; 64 << 20]);
        assert!(bomb.len() < 70_000);
        assert_eq!(received("gzip", Body::from(bomb)).await, Err(Problem::TooLarge));
        assert_eq!(received("identity", Body::from(vec![0; (1 << 20) + 1])).await, Err(Problem::TooLarge));
        assert_eq!(received("identity", Body::from(vec![0; 1 << 20])).await.unwrap().len(), 1 << 20);
    }

    #[tokio::test]
    async fn a_body_that_is_not_what_it_says_is_refused() {
        let mut cut = packed(b"something to be cut");
        cut.truncate(15);
        for bytes in [&b"plain"[..], b"", &cut] {
            let outcome = received("gzip", Body::from(bytes.to_vec())).await;
            assert!(matches!(outcome, Err(Problem::BadRequest(_))), "{outcome:?}");
        }
        let outcome = received("br", Body::from("x")).await;
        assert!(matches!(outcome, Err(Problem::UnknownType(_))), "{outcome:?}");
        let broken = stream::iter([Ok("x"), Err(std::io::Error::other("gone"))]);
        let outcome = received("identity", Body::from_stream(broken)).await;
        assert!(matches!(outcome, Err(Problem::BadRequest(_))), "{outcome:?}");
    }

    #[tokio::test]
    async fn a_body_that_drips_is_given_up_and_a_slow_line_is_not() {
        let pace = Pace { grace: Duration::from_millis(300), piece: 1_000, longer: Duration::from_millis(200) };
        let intake = Intake::new(IntakeLimits::default());
        let room = intake.room(&TenantId::new("messina").unwrap());
        let every = |size: usize| {
            Body::from_stream(stream::unfold(0, move |at| async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                (at < 20).then(|| (Ok::<_, std::io::Error>(vec![b'x'; size]), at + 1))
            }))
        };
        let never = Body::from_stream(stream::pending::<Result<&[u8], std::io::Error>>());
        for drip in [never, every(10)] {
            let begun = Instant::now();
            let outcome = gather(intake.largest(), &room, drip, pace).await.map(|received| received.bytes.len());
            assert_eq!(outcome, Err(Problem::TooSlow));
            assert!(begun.elapsed() >= pace.grace);
        }
        let slow = gather(intake.largest(), &room, every(1_000), pace).await.unwrap();
        assert_eq!(slow.bytes.len(), 20_000);
        assert_eq!(PACE.allows(160 * 1024), Duration::from_secs(20));
    }
}
