//! The first packet: who comes, may it, and what does it find.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::BytesMut;
use metrics::counter;
use model::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, sleep, timeout_at};

use super::inbound::ALIASES;
use super::serving::Connection;
use crate::metrics::{CLIENTS_REFUSED, REASON};
use crate::mqtt::listener::codec::{Accepted, Connect, Fault, Kind, Reason, Version, Will, connack, measure};
use crate::mqtt::listener::credentials::Shown;
use crate::mqtt::listener::exchange::{Arrived, Exchange, Kick, Message, Wire};
use crate::mqtt::listener::limits::Seat;
use crate::mqtt::listener::reception::Reception;
use crate::mqtt::listener::rights::{Account, Rights};

/// Longest client identifier; what devices use is shorter than 64.
const CLIENT_BYTES: usize = 1_024;
/// How long a refused client is waited for to read why.
const REFUSAL: Duration = Duration::from_secs(1);

/// The other end of a connection.
pub(in crate::mqtt::listener) struct Peer {
    pub(in crate::mqtt::listener) address: SocketAddr,
    /// The names in its certificate, if it had to present one.
    pub(in crate::mqtt::listener) certificate: Option<Vec<String>>,
    pub(in crate::mqtt::listener) seat: Seat,
}

/// Why somebody was not let in, and what it speaks, so that it can be told.
struct Refusal {
    version: Version,
    reason: Reason,
    why: &'static str,
}

/// Serves one connection to its end.
pub(in crate::mqtt::listener) async fn welcome<S>(reception: Arc<Reception>, peer: Peer, mut socket: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let deadline = Instant::now() + Duration::from_secs(reception.config.connect_seconds);
    let mut buffer = BytesMut::new();
    let connect = tokio::select! {
        read = timeout_at(deadline, first_packet(&mut socket, &mut buffer, reception.config.max_packet_bytes)) => read,
        () = reception.stop.cancelled() => return,
    };
    let connect = match connect {
        Ok(Some(Ok(connect))) => connect,
        Ok(Some(Err(fault))) => {
            refuse(&mut socket, &peer, fault.into()).await;
            return;
        }
        Ok(None) => return,
        Err(_) => {
            tracing::debug!(address = %peer.address, "no CONNECT came in time");
            counter!(CLIENTS_REFUSED, REASON => "timeout").increment(1);
            return;
        }
    };
    let version = connect.version;
    match enter(&reception, &peer, connect, buffer).await {
        Ok(connection) => connection.serve(socket).await,
        Err((reason, why)) => {
            if matches!(reason, Reason::BadLogin | Reason::NotAuthorized) {
                // Nobody else waits for this answer.
                sleep(peer.seat.failed(Instant::now())).await;
            }
            refuse(&mut socket, &peer, Refusal { version, reason, why }).await;
        }
    }
}

impl From<Fault> for Refusal {
    fn from(Fault { reason, why }: Fault) -> Self {
        // Whoever speaks a version that we do not know understands the oldest answer best.
        Self { version: Version::V311, reason, why }
    }
}

async fn first_packet<S: AsyncRead + Unpin>(
    socket: &mut S,
    buffer: &mut BytesMut,
    largest: usize,
) -> Option<Result<Connect, Fault>> {
    loop {
        match measure(buffer, largest) {
            Ok(Some(frame)) => {
                let packet = buffer.split_to(frame.len());
                if frame.kind != Kind::Connect {
                    return Some(Err(Fault::protocol("the first packet is not CONNECT")));
                }
                return Some(Connect::read(&packet[frame.head..]));
            }
            Ok(None) => {}
            Err(fault) => return Some(Err(fault)),
        }
        buffer.reserve(512);
        if socket.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

async fn refuse<S: AsyncWrite + Unpin>(socket: &mut S, peer: &Peer, refusal: Refusal) {
    let Refusal { version, reason, why } = refusal;
    let (address, failures) = (peer.address, peer.seat.failures());
    counter!(CLIENTS_REFUSED, REASON => label(reason)).increment(1);
    if matches!(reason, Reason::Malformed | Reason::Protocol | Reason::TooLarge | Reason::TopicInvalid) {
        // Scanners come all day.
        return tracing::debug!(%address, %why, "what came is no CONNECT");
    }
    tracing::warn!(%address, %why, failures, "a client was not let in");
    let mut out = BytesMut::new();
    connack(&mut out, version, Err(reason));
    let tell = async {
        socket.write_all(&out).await?;
        socket.shutdown().await
    };
    // Whether it still listens is its affair.
    drop(timeout_at(Instant::now() + REFUSAL, tell).await);
}

fn label(reason: Reason) -> &'static str {
    match reason {
        Reason::BadLogin | Reason::NotAuthorized | Reason::BadAuthMethod => "login",
        Reason::ClientId => "client_id",
        Reason::UnsupportedVersion => "version",
        Reason::Busy | Reason::Quota => "busy",
        _ => "malformed",
    }
}

async fn enter(
    reception: &Arc<Reception>,
    peer: &Peer,
    mut connect: Connect,
    buffer: BytesMut,
) -> Result<Box<Connection>, (Reason, &'static str)> {
    if connect.auth_method {
        return Err((Reason::BadAuthMethod, "it wants to authenticate by a method that we do not have"));
    }
    let password = connect.password.as_deref();
    let shown = Shown { user: connect.user.as_deref(), password, certificate: peer.certificate.as_deref() };
    let Some(account) = reception.credentials.admit(shown).await else {
        let reason = if connect.user.is_some() { Reason::BadLogin } else { Reason::NotAuthorized };
        return Err((reason, "user, password, token or certificate are not right"));
    };
    let assigned = identify(&mut connect)?;
    let rights = account
        .rights(&connect.client)
        .ok_or((Reason::ClientId, "its client identifier would mean more than a name in the topics it may use"))?;
    let exchange =
        reception.exchanges.get(&account.tenant).ok_or((Reason::NotAuthorized, "its tenant is not served"))?;
    let will = will(reception, &rights, &connect)?;
    let config = &reception.config;
    let expiry = connect.session_expiry.min(config.session_seconds);
    let kick = Kick::new(&reception.closing);
    let client: Arc<str> = connect.client.as_str().into();
    let Arrived { session, present } = exchange
        .arrive(&client, &account.name, connect.clean, expiry, &kick)
        .await
        .map_err(|refused| (refused.0, "its client identifier cannot be had now"))?;
    let most = config.max_keep_alive_seconds;
    let shortened = (most > 0 && connect.keep_alive > most && connect.version == Version::V5).then_some(most);
    let accepted = Accepted {
        session_present: present,
        session_expiry: (expiry != connect.session_expiry).then_some(expiry),
        receive_maximum: config.in_flight,
        maximum_packet: u32::try_from(config.max_packet_bytes).unwrap_or(u32::MAX),
        assigned: assigned.then_some(&connect.client),
        alias_maximum: ALIASES,
        keep_alive: shortened,
    };
    let mut out = BytesMut::new();
    connack(&mut out, connect.version, Ok(&accepted));
    let wire = Wire::new(connect.version, connect.receive_maximum, connect.maximum_packet, connect.alias_maximum);
    let keep_alive = shortened.unwrap_or(connect.keep_alive);
    let will = will.map(|(message, delay)| exchange.entrust(&client, message, delay));
    announce(&account, &client, peer, &connect, exchange);
    // In a box: a task that hands a large thing on from one step to the next keeps room for it at each of them, for as long as it lives.
    Ok(Box::new(Connection::new(
        reception,
        exchange,
        session,
        kick,
        rights,
        connect.version,
        wire,
        will,
        keep_alive,
        buffer,
        out,
    )))
}

fn announce(account: &Account, client: &str, peer: &Peer, connect: &Connect, exchange: &Exchange) {
    let (address, user, version) = (peer.address, &*account.name, connect.version);
    tracing::debug!(%address, client, user, ?version, tenant = %exchange.source.tenant, "a client connected");
}

/// Gives a client without an identifier one, where that is allowed; says whether it did.
fn identify(connect: &mut Connect) -> Result<bool, (Reason, &'static str)> {
    if connect.client.len() > CLIENT_BYTES {
        return Err((Reason::ClientId, "its client identifier is longer than 1,024 bytes"));
    }
    if !connect.client.is_empty() {
        return Ok(false);
    }
    if connect.version == Version::V31 || (connect.version == Version::V311 && !connect.clean) {
        return Err((Reason::ClientId, "it has no client identifier and wants its session kept"));
    }
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|_| (Reason::Busy, "there is no chance to be had from the system"))?;
    connect.client = format!("auto-{:016x}", u64::from_be_bytes(random));
    Ok(true)
}

/// The will as a message, with its delay.
fn will(
    reception: &Reception,
    rights: &Rights,
    connect: &Connect,
) -> Result<Option<(Message, u32)>, (Reason, &'static str)> {
    let Some(Will { topic, payload, qos, retain, delay, passed }) = &connect.will else { return Ok(None) };
    if !rights.may_publish(topic) {
        return Err((Reason::NotAuthorized, "its will is for a topic that it may not publish on"));
    }
    let message = Message {
        topic: topic.as_str().into(),
        payload: payload.clone().into(),
        qos: *qos,
        retain: *retain,
        passed: passed.bytes.as_slice().into(),
        expires: Message::expiry(passed, reception.clock.now()),
        publisher: connect.client.as_str().into(),
    };
    Ok(Some((message, *delay)))
}
