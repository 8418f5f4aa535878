//! A subscriber that does nothing but count: what a broker hands on, beside what it takes.

use std::io::{ErrorKind, Result};
use std::sync::Arc;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::client::open;
use super::mqtt;
use super::order::Order;
use super::tally::Tally;

/// Bytes that are read in one go.
const CHUNK: usize = 256 * 1024;

/// A subscriber that is connected and subscribed.
pub(super) struct Subscriber {
    stream: TcpStream,
    input: BytesMut,
    tally: Arc<Tally>,
}

impl Subscriber {
    /// Subscribes to all messages of a load.
    ///
    /// # Errors
    /// When the broker does not take the subscription.
    pub(super) async fn open(order: &Order, filter: &str, tally: Arc<Tally>) -> Result<Self> {
        let name = format!("load-{:08x}-subscriber", order.run);
        let hello = mqtt::connect(&name, order.broker.credentials.as_ref());
        let mut stream = open(&order.broker.host, order.broker.port, &hello).await?;
        stream.write_all(&mqtt::subscribe(filter, order.promise)).await?;
        let mut subscriber = Self { stream, input: BytesMut::with_capacity(CHUNK), tally };
        let mut answered = None;
        while answered.is_none() {
            subscriber
                .take(|first, body| {
                    if first >> 4 == mqtt::SUBACK {
                        answered = body.last().copied();
                    }
                })
                .await?;
        }
        if answered == Some(0x80) {
            return Err(std::io::Error::new(ErrorKind::PermissionDenied, "the broker refuses the subscription"));
        }
        Ok(subscriber)
    }

    /// Counts and acknowledges until `stop`.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(super) async fn run(mut self, stop: CancellationToken) -> Result<()> {
        let mut acknowledgements = Vec::new();
        let tally = Arc::clone(&self.tally);
        loop {
            let mut messages = 0;
            let taken = self.take(|first, body| {
                if first >> 4 == mqtt::PUBLISH {
                    messages += 1;
                    acknowledgements.extend(mqtt::id_of_publish(first, body).map(mqtt::puback).into_iter().flatten());
                }
            });
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                taken = taken => taken?,
            }
            Tally::add(&tally.received, messages);
            self.stream.write_all(&acknowledgements).await?;
            acknowledgements.clear();
        }
    }

    /// Reads once.
    async fn take(&mut self, found: impl FnMut(u8, &[u8])) -> Result<()> {
        self.input.reserve(CHUNK);
        if self.stream.read_buf(&mut self.input).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let used = mqtt::packets(&self.input, found)?;
        self.input.advance(used);
        Ok(())
    }
}
