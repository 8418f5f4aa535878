//! MQTT 3.1.1.

use rumqttc::{
    AsyncClient, ConnAck, EventLoop, LastWill, MqttOptions, Packet, Publish, QoS, SubscribeFilter, SubscribeReasonCode,
    Transport,
};

use super::protocol::{Event, Incoming, Protocol, Settings};
use crate::decode::Command;

/// Requests besides acknowledgements that may wait: a subscription, a ping, a goodbye.
const SPARE: usize = 8;

fn quality(assured: bool) -> QoS {
    if assured { QoS::AtLeastOnce } else { QoS::AtMostOnce }
}

/// The client for MQTT 3.1.1.
pub(super) struct V4;

impl Protocol for V4 {
    type Requests = AsyncClient;
    type Events = EventLoop;

    fn open(settings: &Settings, will: Option<&Command>) -> (AsyncClient, EventLoop) {
        let mut options = MqttOptions::new(&settings.client_id, &settings.host, settings.port);
        options
            .set_clean_session(settings.clean_session)
            .set_manual_acks(true)
            .set_keep_alive(settings.keep_alive)
            .set_max_packet_size(settings.max_packet as usize, settings.max_packet as usize);
        if let Some((user, password)) = &settings.login {
            options.set_credentials(user, password);
        }
        if let Some(Command { topic, payload, assured, retain }) = will {
            options.set_last_will(LastWill::new(topic, payload.clone(), quality(*assured), *retain));
        }
        if let Some(tls) = &settings.tls {
            options.set_transport(Transport::tls_with_config(tls.clone()));
        }
        AsyncClient::new(options, usize::from(settings.in_flight) + SPARE)
    }

    async fn next(events: &mut EventLoop) -> Result<Event, String> {
        let event = match events.poll().await.map_err(|why| why.to_string())? {
            rumqttc::Event::Incoming(packet) => packet,
            rumqttc::Event::Outgoing(_) => return Ok(Event::Sent),
        };
        Ok(match event {
            Packet::ConnAck(ConnAck { session_present, .. }) => Event::Connected { session_present },
            Packet::SubAck(answer) => {
                let refused =
                    answer.return_codes.iter().filter(|code| matches!(code, SubscribeReasonCode::Failure)).count();
                Event::Subscribed { refused }
            }
            Packet::Publish(Publish { topic, payload, qos, pkid, retain, .. }) => Event::Message(Incoming {
                topic,
                payload,
                packet: (qos != QoS::AtMostOnce).then_some(pkid),
                retained: retain,
            }),
            _ => Event::Alive,
        })
    }

    fn subscribe(requests: &AsyncClient, topics: &[String]) -> bool {
        let filters = topics.iter().map(|topic| SubscribeFilter::new(topic.clone(), QoS::AtLeastOnce));
        requests.try_subscribe_many(filters).is_ok()
    }

    fn acknowledge(requests: &AsyncClient, packet: u16) -> bool {
        let mut publish = Publish::new(String::new(), QoS::AtLeastOnce, Vec::new());
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
