//! What every request handler can reach.

use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use model::TenantId;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::{Attempts, Passwords, Sessions};
use crate::intake::Intake;
use crate::live::Board;
use crate::{Config, Parts};

/// Shared by all requests.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) parts: Parts,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) passwords: Passwords,
    pub(crate) attempts: Attempts,
    /// Queries that run now.
    pub(crate) queries: Semaphore,
    /// What machines hand in now.
    pub(crate) intake: Intake,
    /// Files of assets that are read now.
    pub(crate) imports: Semaphore,
    pub(crate) openapi: Bytes,
    pub(crate) stop: CancellationToken,
    /// Sockets and connections that are under way.
    pub(crate) tasks: TaskTracker,
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    pub(crate) fn board(&self, tenant: &TenantId) -> Arc<Board> {
        self.parts.live.board(tenant)
    }
}
