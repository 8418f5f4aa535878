//! MQTT 5: the broker is told how long to keep our session, how much we take at a time and how large a packet may be.

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, LastWill, Packet, Publish, RetainForwardRule, SubscribeReasonCode};
use rumqttc::v5::{AsyncClient, EventLoop, MqttOptions};

use super::protocol::{Event, Incoming, Protocol, Settings};
use crate::decode::Command;

/// Requests besides acknowledgements that may wait: a subscription, a ping, a goodbye.
const SPARE: usize = 8;

fn quality(assured: bool) -> QoS {
    if assured { QoS::AtLeastOnce } else { QoS::AtMostOnce }
}

/// The client for MQTT 5.
pub(super) struct V5;

impl Protocol for V5 {
    type Requests = AsyncClient;
    type Events = EventLoop;

    fn open(settings: &Settings, will: Option<&Command>) -> (AsyncClient, EventLoop) {
        let mut options = MqttOptions::new(&settings.client_id, &settings.host, settings.port);
        options
            .set_clean_start(settings.clean_session)
            .set_session_expiry_interval(Some(if settings.clean_session { 0 } else { settings.session_expiry }))
            .set_receive_maximum(Some(settings.in_flight))
            .set_max_packet_size(Some(settings.max_packet))
            .set_manual_acks(true)
            .set_keep_alive(settings.keep_alive);
        if let Some((user, password)) = &settings.login {
            options.set_credentials(user, password);
        }
        if let Some(Command { topic, payload, assured, retain }) = will {
            options.set_last_will(LastWill::new(topic, payload.clone(), quality(*assured), *retain, None));
        }
        if let Some(tls) = &settings.tls {
            options.set_transport(rumqttc::Transport::tls_with_config(tls.clone()));
        }
        AsyncClient::new(options, usize::from(settings.in_flight) + SPARE)
    }

    async fn next(events: &mut EventLoop) -> Result<Event, String> {
        let event = match events.poll().await.map_err(|why| why.to_string())? {
            rumqttc::v5::Event::Incoming(packet) => packet,
            rumqttc::v5::Event::Outgoing(_) => return Ok(Event::Sent),
        };
        Ok(match event {
            Packet::ConnAck(answer) => Event::Connected { session_present: answer.session_present },
            Packet::SubAck(answer) => {
                let granted = |code: &&SubscribeReasonCode| !matches!(code, SubscribeReasonCode::Success(_));
                Event::Subscribed { refused: answer.return_codes.iter().filter(granted).count() }
            }
            Packet::Publish(Publish { topic, payload, qos, pkid, retain, .. }) => Event::Message(Incoming {
                topic: String::from_utf8_lossy(&topic).into_owned(),
                payload,
                packet: (qos != QoS::AtMostOnce).then_some(pkid),
                retained: retain,
            }),
            _ => Event::Alive,
        })
    }

    fn subscribe(requests: &AsyncClient, topics: &[String]) -> bool {
        let filters = topics.iter().map(|topic| {
            let mut filter = Filter::new(topic.clone(), QoS::AtLeastOnce);
            // What the broker keeps is sent once, not after every reconnection.
            filter.retain_forward_rule = RetainForwardRule::OnNewSubscribe;
            filter
        });
        requests.try_subscribe_many(filters).is_ok()
    }

    fn acknowledge(requests: &AsyncClient, packet: u16) -> bool {
        let mut publish = Publish::new(String::new(), QoS::AtLeastOnce, bytes::Bytes::new(), None);
        publish.pkid = packet;
        requests.try_ack(&publish).is_ok()
    }

    fn publish(requests: &AsyncClient, command: &Command) -> bool {
        let Command { topic, payload, assured, retain } = command;
        requests.try_publish(topic, quality(*assured), *retain, payload.clone()).is_ok()
    }

    fn disconnect(requests: &AsyncClient) -> bool {
        requests.try_disconnect().is_ok()
    }
}
