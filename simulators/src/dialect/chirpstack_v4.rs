//! LoRaWAN uplinks as ChirpStack v4 publishes them (JSON marshaler of its MQTT integration), one per device, values in `object`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::values::{Values, json};
use super::voice::{Report, Said, assured};
use crate::chance::{between, key_of, scramble};
use crate::city::Trade;
use crate::publish::Message;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Uplink<'a> {
    deduplication_id: String,
    time: String,
    device_info: DeviceInfo<'a>,
    dev_addr: String,
    adr: bool,
    dr: u8,
    f_cnt: u32,
    f_port: u8,
    confirmed: bool,
    data: String,
    object: Values<'a>,
    rx_info: [RxInfo<'a>; 1],
    tx_info: TxInfo,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeviceInfo<'a> {
    tenant_id: String,
    tenant_name: &'a str,
    application_id: &'a str,
    application_name: &'a str,
    device_profile_id: String,
    device_profile_name: &'a str,
    device_name: &'a str,
    dev_eui: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RxInfo<'a> {
    gateway_id: String,
    uplink_id: u32,
    rssi: i32,
    snr: f64,
    metadata: Metadata<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    region_name: &'a str,
    gateway_name: &'a str,
}

#[derive(Serialize)]
struct TxInfo {
    frequency: u32,
}

pub(super) fn uplink(report: &Report<'_>, Said { sensor, samples }: &Said<'_>, number: u32) -> Message {
    let Report { city, gateway, time, .. } = report;
    let application_name = application(gateway.trade);
    let application = uuid(key_of(city.seed, &format!("chirpstack {application_name}")));
    let asset = &city.assets[sensor.asset];
    let dev_eui = sensor.dev_eui();
    let millis = time.as_millis().unsigned_abs();
    let once = scramble(sensor.key ^ millis);
    let body = Uplink {
        deduplication_id: uuid(once),
        time: time.to_rfc3339(),
        device_info: DeviceInfo {
            tenant_id: uuid(key_of(city.seed, "chirpstack tenant")),
            tenant_name: city.tenant.as_str(),
            application_id: &application,
            application_name,
            device_profile_id: uuid(key_of(city.seed, asset.class.as_str())),
            device_profile_name: asset.class.as_str(),
            device_name: asset.name.as_str(),
            dev_eui: &dev_eui,
        },
        dev_addr: format!("{:08x}", sensor.key as u32),
        adr: true,
        dr: 5,
        f_cnt: number,
        f_port: 10,
        confirmed: false,
        data: STANDARD.encode(once.to_be_bytes()),
        object: Values(samples),
        rx_info: [RxInfo {
            gateway_id: format!("{:016x}", key_of(city.seed, &gateway.id)),
            uplink_id: once as u32,
            rssi: between(sensor.key, millis, -112.0, -68.0) as i32,
            snr: (between(sensor.key ^ 1, millis, -4.0, 11.0) * 10.0).round() / 10.0,
            metadata: Metadata { region_name: "eu868", gateway_name: &gateway.id },
        }],
        tx_info: TxInfo { frequency: 867_100_000 + 200_000 * (once % 5) as u32 },
    };
    assured(format!("application/{application}/device/{dev_eui}/event/up"), json(&body), samples.len())
}

/// A network server keeps the devices of each trade in an application.
fn application(trade: Trade) -> &'static str {
    match trade {
        Trade::Streetlight => "illuminazione",
        Trade::Camera => "telecamere",
        Trade::Structural => "strutture",
        Trade::Water => "acquedotto",
        Trade::Environment => "ambiente",
    }
}

/// A UUID (version 4 in form) made from a key.
fn uuid(key: u64) -> String {
    let (high, low) = (scramble(key), scramble(key ^ 0x5555));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        (low >> 48) & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}
