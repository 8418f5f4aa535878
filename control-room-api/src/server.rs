//! The service: takes connections, answers them, and stops in good order.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use model::Timestamp;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::app::{App, Inner};
use crate::auth::{Attempts, Passwords, Peer, Sessions};
use crate::intake::Intake;
use crate::{Config, Error, Parts, Result, http, metrics as names};

/// Connections that the system may hold before we take them: a control room that reconnects at once after a restart.
const BACKLOG: u32 = 1024;
/// Bytes of a connection that the system buffers for us: bounds what pages cost that do not read.
const SEND_BUFFER: u32 = 256 * 1024;
/// How long a client may take to send the head of a request, and a connection may idle between two.
const HEAD: Duration = Duration::from_secs(30);
/// Largest head of a request. Cookies of other programs on the same host fit.
const HEAD_BYTES: usize = 32 * 1024;
/// How long answers under way may take after the stop signal; sockets are told within this time.
const STOPPING: Duration = Duration::from_secs(2);

/// A service that has its port and does not answer yet.
#[derive(Debug)]
pub struct Server {
    config: Config,
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Takes the port. Needs a running tokio runtime.
    pub async fn bind(config: Config) -> Result<Self> {
        let address = config.bind;
        let refused = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => Error::PortTaken(address),
            _ => Error::Listen { address, source },
        };
        let listener = listen(address).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Self { config, listener, address })
    }

    /// Where it listens; the port is the real one when the configuration left it open with 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop`, then finishes what is under way within two seconds; live sockets are closed with code 1001.
    pub async fn serve(self, parts: Parts, stop: CancellationToken) -> Result<()> {
        let passwords = Passwords::new().map_err(|_| Error::NoChance)?;
        let tasks = TaskTracker::new();
        let connections = Arc::new(Semaphore::new(self.config.connections.max(1)));
        let app = App::new(Inner {
            sessions: Arc::new(Sessions::new(Arc::clone(&parts.store), Arc::clone(&parts.clock))),
            passwords,
            attempts: Attempts::default(),
            imports: Semaphore::new(1),
            queries: Semaphore::new(self.config.sql_queries.max(1)),
            intake: Intake::new(self.config.intake.clone()),
            openapi: http::openapi_json(),
            stop: stop.clone(),
            tasks: tasks.clone(),
            config: self.config,
            parts,
        });
        let router = http::router(app.clone());
        let mut sweep = interval(Duration::from_secs(1));
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = sweep.tick() => {
                    let now: Timestamp = (app.parts.clock)();
                    app.parts.live.sweep(now);
                }
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => match Arc::clone(&connections).try_acquire_owned() {
                        Ok(place) => {
                            tasks.spawn(converse(stream, Peer(peer), router.clone(), stop.clone(), place));
                        }
                        Err(_) => metrics::counter!(names::CONNECTIONS_REFUSED).increment(1),
                    },
                    Err(error) => {
                        // Out of file descriptors, most likely: wait for some to be given back.
                        tracing::warn!(%error, "a connection could not be taken");
                        sleep(Duration::from_millis(100)).await;
                    }
                },
            }
        }
        drop(self.listener);
        tasks.close();
        if timeout(STOPPING, tasks.wait()).await.is_err() {
            tracing::warn!(late = tasks.len(), "stopped with requests under way");
        }
        Ok(())
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// One connection from its first request to its last.
async fn converse(stream: TcpStream, peer: Peer, router: Router, stop: CancellationToken, place: OwnedSemaphorePermit) {
    // A frame is written whole; waiting for more would only delay it.
    let _hurried = stream.set_nodelay(true);
    let place = Arc::new(place);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        // A websocket leaves this connection's task and takes its place along.
        request.extensions_mut().insert(http::Place(Arc::clone(&place)));
        let router = router.clone();
        async move { router.oneshot(request.map(Body::new)).await.map_err(|never: Infallible| never) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ended = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ended = connection.await;
}
