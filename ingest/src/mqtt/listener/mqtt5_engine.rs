//! The listener's engine: the broker of the crate mqtt5, whose publish hook is awaited before PUBACK and PUBREC.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use futures::future::BoxFuture;
use model::Duration;
use mqtt5::QoS;
use mqtt5::broker::auth::AuthProvider;
use mqtt5::broker::router::MessageRouter;
use mqtt5::broker::{
    AuthResult, BrokerConfig, BrokerEventHandler, ClientConnectEvent, ClientDisconnectEvent, ClientPublishEvent,
    MqttBroker, PublishAction, StorageConfig,
};
use mqtt5::packet::connect::ConnectPacket;
use mqtt5::packet::publish::PublishPacket;
use mqtt5::types::ReasonCode;
use tokio_util::sync::CancellationToken;

use super::engine::Engine;
use super::reception::{Fate, Published, Reception};
use crate::config::Listener;

/// Topic aliases per client: enough for a gateway, little enough for 10,000 clients.
const TOPIC_ALIASES: u16 = 64;
/// Messages that wait for one subscriber. Readings do not pass through here, only what clients say to each other.
const SUBSCRIBER_QUEUE: usize = 1_000;
/// Messages kept for later subscribers, over all topics.
const RETAINED: usize = 100_000;
/// How long the session of a subscriber that went away is kept.
const SESSION: Duration = Duration::from_secs(86_400);

/// The broker, bound to its port.
pub(super) struct Mqtt5 {
    broker: MqttBroker,
    address: SocketAddr,
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Stands between the broker and the reception.
struct Hook {
    reception: Arc<Reception>,
    /// Set once the broker exists; closes connections.
    router: OnceLock<Arc<MessageRouter>>,
}

impl Mqtt5 {
    pub(super) async fn bind(config: &Listener, reception: Arc<Reception>) -> Result<Self, String> {
        let hook = Arc::new(Hook { reception: Arc::clone(&reception), router: OnceLock::new() });
        let broker = BrokerConfig {
            bind_addresses: vec![config.bind],
            max_clients: config.max_connections,
            max_packet_size: config.max_packet_bytes,
            session_expiry_interval: SESSION,
            topic_alias_maximum: TOPIC_ALIASES,
            max_retained_messages: RETAINED,
            max_retained_message_size: config.max_packet_bytes,
            client_channel_capacity: SUBSCRIBER_QUEUE,
            sys_topics_enabled: false,
            storage_config: StorageConfig::default()
                .with_persistence(false)
                .with_max_queued_messages_per_client(SUBSCRIBER_QUEUE),
            event_handler: Some(Arc::clone(&hook) as Arc<dyn BrokerEventHandler>),
            ..BrokerConfig::default()
        };
        let broker = MqttBroker::with_config(broker)
            .await
            .map_err(|why| why.to_string())?
            .with_auth_provider(Arc::new(Guard(reception)));
        hook.router.get_or_init(|| broker.router());
        let address = broker.local_addr().ok_or("the broker has no address")?;
        Ok(Self { broker, address })
    }
}

impl Engine for Mqtt5 {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn serve(mut self: Box<Self>, stop: CancellationToken) -> BoxFuture<'static, Result<(), String>> {
        Box::pin(async move {
            let shutdown = self.broker.shutdown_handle();
            let mut ready = self.broker.ready_receiver();
            // A shutdown before the broker is ready would be overheard.
            let watch = async {
                stop.cancelled().await;
                if ready.wait_for(|ready| *ready).await.is_ok() {
                    shutdown.shutdown();
                }
                std::future::pending::<()>().await;
            };
            tokio::select! {
                outcome = self.broker.run() => outcome.map_err(|why| why.to_string()),
                () = watch => Ok(()),
            }
        })
    }
}

impl BrokerEventHandler for Hook {
    fn on_client_connect<'a>(&'a self, _: ClientConnectEvent) -> Answer<'a, ()> {
        self.reception.source.count_client(true);
        Box::pin(std::future::ready(()))
    }

    fn on_client_disconnect<'a>(&'a self, _: ClientDisconnectEvent) -> Answer<'a, ()> {
        self.reception.source.count_client(false);
        Box::pin(std::future::ready(()))
    }

    fn on_client_publish<'a>(&'a self, event: ClientPublishEvent) -> Answer<'a, PublishAction> {
        Box::pin(async move {
            let client = Arc::clone(&event.client_id);
            let published = Published {
                topic: event.topic.to_string(),
                payload: event.payload,
                answered: event.qos != QoS::AtMostOnce,
                retain: event.retain,
            };
            match self.reception.take(published).await {
                Fate::Safe => PublishAction::Continue,
                Fate::Unsafe => {
                    if let Some(router) = self.router.get() {
                        router.disconnect_client(&client).await;
                    }
                    // The broker answers whatever the hook says, except at QoS 0: so it is told to route a message of QoS 0 that nobody can
                    // subscribe to by a wildcard, and then finds its connection closed.
                    PublishAction::Transform(PublishPacket::new(
                        "$specola/unsafe",
                        bytes::Bytes::new(),
                        QoS::AtMostOnce,
                    ))
                }
            }
        })
    }
}

/// Lets clients in.
struct Guard(Arc<Reception>);

impl AuthProvider for Guard {
    fn authenticate<'a>(
        &'a self,
        connect: &'a ConnectPacket,
        address: SocketAddr,
    ) -> Answer<'a, mqtt5::error::Result<AuthResult>> {
        Box::pin(async move {
            let name = connect.username.as_deref();
            if self.0.credentials.admit(name, connect.password.as_deref()).await {
                return Ok(name.map_or_else(AuthResult::success, AuthResult::success_with_user));
            }
            tracing::warn!(%address, user = name.unwrap_or("-"), "a client was not let in");
            Ok(AuthResult::fail(if name.is_some() {
                ReasonCode::BadUsernameOrPassword
            } else {
                ReasonCode::NotAuthorized
            }))
        })
    }

    fn authorize_publish<'a>(&'a self, _: &str, _: Option<&'a str>, _: &'a str) -> Answer<'a, bool> {
        Box::pin(std::future::ready(true))
    }

    fn authorize_subscribe<'a>(&'a self, _: &str, _: Option<&'a str>, _: &'a str) -> Answer<'a, bool> {
        Box::pin(std::future::ready(true))
    }
}
