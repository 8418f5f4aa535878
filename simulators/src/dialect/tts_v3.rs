//! LoRaWAN uplinks as The Things Stack v3 publishes them, one per device, values in `decoded_payload`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::values::{Values, json};
use super::voice::{Report, Said, assured};
use crate::chance::{between, key_of, scramble};
use crate::publish::Message;

#[derive(Serialize)]
struct Up<'a> {
    end_device_ids: Ids<'a>,
    received_at: String,
    uplink_message: Uplink<'a>,
}

#[derive(Serialize)]
struct Ids<'a> {
    device_id: &'a str,
    application_ids: Application<'a>,
    dev_eui: String,
    join_eui: String,
    dev_addr: String,
}

#[derive(Serialize)]
struct Application<'a> {
    application_id: &'a str,
}

#[derive(Serialize)]
struct Uplink<'a> {
    f_port: u8,
    f_cnt: u32,
    frm_payload: String,
    decoded_payload: Values<'a>,
    rx_metadata: [Reception<'a>; 1],
    received_at: String,
}

#[derive(Serialize)]
struct Reception<'a> {
    gateway_ids: GatewayIds<'a>,
    rssi: i32,
    snr: f64,
    /// Where the gateway stands; the device stands elsewhere.
    location: Location,
}

#[derive(Serialize)]
struct GatewayIds<'a> {
    gateway_id: &'a str,
}

#[derive(Serialize)]
struct Location {
    latitude: f64,
    longitude: f64,
}

pub(super) fn uplink(report: &Report<'_>, Said { sensor, samples }: &Said<'_>, number: u32) -> Message {
    let Report { city, gateway, time, .. } = report;
    let application_id = city.tenant.as_str();
    let dev_eui = sensor.dev_eui();
    let millis = time.as_millis().unsigned_abs();
    let once = scramble(sensor.key ^ millis);
    let centre = city.centre();
    let body = Up {
        end_device_ids: Ids {
            device_id: sensor.device.as_str(),
            application_ids: Application { application_id },
            dev_eui: dev_eui.to_uppercase(),
            join_eui: format!("{:016X}", key_of(city.seed, "join server")),
            dev_addr: format!("{:08X}", sensor.key as u32),
        },
        // The application server has it a little later than the network server.
        received_at: time.plus(model::Duration::from_millis(40)).to_rfc3339(),
        uplink_message: Uplink {
            f_port: 10,
            f_cnt: number,
            frm_payload: STANDARD.encode(once.to_be_bytes()),
            decoded_payload: Values(samples),
            rx_metadata: [Reception {
                gateway_ids: GatewayIds { gateway_id: &gateway.id },
                rssi: between(sensor.key, millis, -112.0, -68.0) as i32,
                snr: (between(sensor.key ^ 1, millis, -4.0, 11.0) * 10.0).round() / 10.0,
                location: Location { latitude: centre.lat(), longitude: centre.lon() },
            }],
            received_at: time.to_rfc3339(),
        },
    };
    let topic = format!("v3/{application_id}@comune/devices/{}/up", sensor.device);
    assured(topic, json(&body), samples.len())
}
