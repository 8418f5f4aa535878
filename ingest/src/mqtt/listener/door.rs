//! Opening the listener: are the ports free, and then letting clients in until the end.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use metrics::counter;
use model::{Duration, TenantId};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::connection::{Peer, welcome};
use super::credentials::Credentials;
use super::exchange::Exchange;
use super::limits::{Places, Seat};
use super::reception::Reception;
use super::rights::Account;
use super::state::{Journal, Keeper, TenantState};
use super::tls::Acceptor;
use crate::config::Listener;
use crate::decode::{Host, Presence};
use crate::gate::{Gate, WeakGate};
use crate::handle::{Source, SourceKind};
use crate::metrics::{CLIENTS_REFUSED, REASON};
use crate::{Clock, Error, Result};

/// How long clients may take to end after the stop signal.
const FAREWELL: Duration = Duration::from_secs(8);
/// Connections that may wait to be let in, as far as the system allows so many: after a power cut a whole city knocks at once, and whoever finds no
/// room tries again seconds later only.
const KNOCKING: u32 = 16_384;
/// How long nobody is let in when the system has no room for another connection.
const CROWDED: Duration = Duration::from_millis(100);

/// A listener that has its ports and does not serve yet.
pub(crate) struct Bound {
    plain: TcpListener,
    secure: Option<(TcpListener, Acceptor)>,
    addresses: (SocketAddr, Option<SocketAddr>),
    reception: Arc<Reception>,
    keeper: Option<Keeper>,
    source: Arc<Source>,
}

/// The sources of a listener, one for each of its tenants: conversations, commands and counts of one are not those of another. Its own comes first.
pub(crate) fn sources(config: &Listener, tenant: &TenantId) -> Vec<Arc<Source>> {
    let source = |tenant_of: TenantId| {
        let name = if tenant_of == *tenant { "listener".to_owned() } else { format!("listener/{tenant_of}") };
        Source::new(&name, tenant_of, SourceKind::Listener)
    };
    Account::tenants(config, tenant).into_iter().map(source).collect()
}

/// Takes the ports. A port that is taken is an error that names the address.
pub(crate) async fn bind(
    config: &Listener,
    sources: &[Arc<Source>],
    gate: WeakGate,
    clock: Arc<dyn Clock>,
    host: Option<Host>,
    stop: CancellationToken,
) -> Result<Bound> {
    let source = Arc::clone(sources.first().ok_or_else(|| Error::Listener("it serves no tenant".to_owned()))?);
    let plain = take(config.bind)?;
    let secure = match &config.tls {
        Some(tls) => Some((take(tls.bind)?, Acceptor::new(tls)?)),
        None => None,
    };
    let failed = |why: &dyn std::fmt::Display| Error::Listener(why.to_string());
    let address = |listener: &TcpListener| listener.local_addr().map_err(|why| failed(&why));
    let addresses = (address(&plain)?, secure.as_ref().map(|(listener, _)| address(listener)).transpose()?);
    let keeper = match config.state_folder.clone() {
        Some(folder) => {
            let shown = folder.display().to_string();
            let opened =
                tokio::task::spawn_blocking(move || Keeper::open(&folder)).await.map_err(|why| failed(&why))?;
            Some(opened.map_err(|why| Error::Config {
                key: "listener.state_folder".to_owned(),
                problem: format!("{shown}: {why}; give a folder that can be written"),
            })?)
        }
        None => None,
    };
    let journal = keeper.as_ref().map_or_else(Journal::off, Keeper::journal);
    let bounds = Arc::new(config.bounds());
    let exchange = |source: &Arc<Source>| {
        let tenant = &source.tenant;
        let state = keeper.as_ref().map_or_else(TenantState::default, |keeper| keeper.state_of(tenant.as_str()));
        let journal = journal.of_tenant(tenant.as_str());
        (tenant.clone(), Exchange::new(Arc::clone(source), Arc::clone(&bounds), journal, state))
    };
    let reception = Reception {
        credentials: Credentials::new(config, &source.tenant).map_err(|why| failed(&why))?,
        places: Places::new(config.max_connections, config.max_connections_per_address),
        exchanges: sources.iter().map(exchange).collect::<HashMap<_, _>>(),
        config: config.clone(),
        journal,
        gate,
        clock,
        host,
        stop,
        closing: CancellationToken::new(),
    };
    Ok(Bound { plain, secure, addresses, reception: Arc::new(reception), keeper, source })
}

fn take(address: SocketAddr) -> Result<TcpListener> {
    let open = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A port that was ours a moment ago is ours again: a restart must not wait for its old connections.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(KNOCKING)
    };
    open().map_err(|source| Error::Bind { address, source })
}

impl Bound {
    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.addresses.0
    }

    /// Where it listens for TLS.
    pub(crate) fn secure_address(&self) -> Option<SocketAddr> {
        self.addresses.1
    }

    /// Serves until the stop signal. `gate` is held open until then, and until every publish in hand has been answered.
    pub(crate) async fn run(self, gate: Gate) {
        let Self { plain, secure, addresses: (address, secure_address), reception, keeper, source } = self;
        let stop = reception.stop.clone();
        let mut chores = JoinSet::new();
        let kept = CancellationToken::new();
        if let Some(keeper) = keeper {
            chores.spawn(keeper.run(Arc::clone(&source), kept.clone()));
        }
        chores.spawn(Arc::clone(&reception).tidy());
        for exchange in reception.exchanges.values() {
            exchange.source.set_connected(true);
            chores.spawn(Arc::clone(&reception).pass_commands(Arc::clone(exchange)));
        }
        if let Some((_, acceptor)) = &secure {
            chores.spawn(acceptor.clone().renew(stop.clone()));
        }
        tracing::info!(%address, ?secure_address, "listening for MQTT");
        reception.announce(Presence::Online);
        let secure = secure.map(|(listener, acceptor)| accept(listener, Some(acceptor), Arc::clone(&reception)));
        let secure = async {
            match secure {
                Some(accepting) => accepting.await,
                None => JoinSet::new(),
            }
        };
        let (mut clients, mut secure) = tokio::join!(accept(plain, None, Arc::clone(&reception)), secure);
        reception.announce(Presence::Offline);
        reception.closing.cancel();
        let farewell = async {
            while clients.join_next().await.is_some() {}
            while secure.join_next().await.is_some() {}
        };
        if timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!(%address, "clients were still connected after the farewell; they will send again");
        }
        kept.cancel();
        while chores.join_next().await.is_some() {}
        for exchange in reception.exchanges.values() {
            exchange.source.set_connected(false);
        }
        drop(gate);
    }
}

/// Lets clients in until the stop signal; returns those that are still there.
async fn accept(listener: TcpListener, acceptor: Option<Acceptor>, reception: Arc<Reception>) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = reception.stop.cancelled() => return clients,
            Some(ended) = clients.join_next(), if !clients.is_empty() => {
                if let Err(why) = ended {
                    tracing::error!(%why, "a connection ended by a fault of ours");
                }
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, address)) => match reception.places.seat(address.ip()) {
                Ok(seat) => {
                    drop(clients.spawn(attend(Arc::clone(&reception), acceptor.clone(), socket, address, seat)))
                }
                Err(limit) => {
                    tracing::warn!(%address, limit, "no place for another connection");
                    counter!(CLIENTS_REFUSED, REASON => "crowded").increment(1);
                }
            },
            Err(why) => {
                tracing::warn!(%why, "a connection could not be accepted");
                tokio::time::sleep(CROWDED).await;
            }
        }
    }
}

async fn attend(
    reception: Arc<Reception>,
    acceptor: Option<Acceptor>,
    socket: TcpStream,
    address: SocketAddr,
    seat: Seat,
) {
    // Answers are small and must not wait for company; a socket that cannot be told so works all the same.
    drop(socket.set_nodelay(true));
    let Some(acceptor) = acceptor else {
        return welcome(reception, Peer { address, certificate: None, seat }, socket).await;
    };
    // In a box of its own: connections without TLS must not keep room for it.
    Box::pin(attend_securely(reception, acceptor, socket, address, seat)).await;
}

async fn attend_securely(
    reception: Arc<Reception>,
    acceptor: Acceptor,
    socket: TcpStream,
    address: SocketAddr,
    seat: Seat,
) {
    let patience = Duration::from_secs(reception.config.connect_seconds);
    let shaken = tokio::select! {
        shaken = timeout(patience, acceptor.accept(socket)) => shaken,
        () = reception.stop.cancelled() => return,
    };
    match shaken.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut))) {
        Ok((socket, certificate)) => welcome(reception, Peer { address, certificate, seat }, socket).await,
        Err(why) => {
            tracing::warn!(%address, %why, "a client was not let in: no TLS with it");
            counter!(CLIENTS_REFUSED, REASON => "tls").increment(1);
        }
    }
}
