//! TLS with a real mosquitto: the right authority, a foreign one, certificates of our own.

use std::path::Path;

use ingest::config::{Broker, Protocol, Tls};
use ingest::{Arrival, Config};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::timeout;

use crate::kit::{LONG, Mosquitto, Running, until};

/// An authority of our own.
fn authority(folder: &Path, name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(folder.join(format!("{name}.pem")), issuer.pem()).unwrap();
    issuer
}

/// A certificate and its key, signed by `issuer`, in two files.
fn certificate(folder: &Path, name: &str, issuer: &CertifiedIssuer<'_, KeyPair>) {
    let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let key = KeyPair::generate().unwrap();
    let signed = params.signed_by(&key, issuer).unwrap();
    std::fs::write(folder.join(format!("{name}.pem")), signed.pem()).unwrap();
    std::fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
}

/// A broker that speaks TLS only and wants certificates of its clients; beside its own files lie those of a stranger.
async fn broker() -> (Mosquitto, std::path::PathBuf) {
    let folder = TempDir::new().unwrap();
    let ours = authority(folder.path(), "city-ca");
    let foreign = authority(folder.path(), "foreign-ca");
    certificate(folder.path(), "broker", &ours);
    certificate(folder.path(), "specola", &ours);
    certificate(folder.path(), "stranger", &foreign);
    let path = folder.path().to_owned();
    let lines =
        "cafile FOLDER/city-ca.pem\ncertfile FOLDER/broker.pem\nkeyfile FOLDER/broker.key\nrequire_certificate true";
    (Mosquitto::start_in(folder, lines).await, path)
}

fn config(port: u16, folder: &Path, authority: &str, own: &str, protocol: Protocol) -> Config {
    let broker = Broker {
        name: "city".to_owned(),
        tenant: "messina".to_owned(),
        url: format!("mqtts://localhost:{port}"),
        protocol,
        tls: Some(Tls {
            ca: Some(folder.join(authority)),
            client_certificate: Some(folder.join(format!("{own}.pem"))),
            client_key: Some(folder.join(format!("{own}.key"))),
        }),
        ..Broker::default()
    };
    Config { brokers: vec![broker], ..Config::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_come_through_tls_with_certificates_on_both_sides() {
    for protocol in [Protocol::V4, Protocol::V5] {
        let (broker, folder) = broker().await;
        let mut running = Running::start(config(broker.port, &folder, "city-ca.pem", "specola", protocol)).await;
        running.connected().await;
        let mut publish = Command::new("mosquitto_pub");
        publish.args(["-h", "localhost", "-p", &broker.port.to_string(), "-q", "1", "--cafile"]);
        publish.arg(folder.join("city-ca.pem")).arg("--cert").arg(folder.join("broker.pem"));
        publish.arg("--key").arg(folder.join("broker.key"));
        publish.args(["-t", "specola/v1/messina/gw/readings", "-m", "{\"values\":{\"n\":7}}"]);
        let status = timeout(LONG, publish.status()).await.unwrap().expect("mosquitto_pub is needed by this test");
        assert!(status.success());
        let arrival = running.arrival().await;
        assert_eq!(arrival.readings[0].value.as_number(), Some(7.0), "{protocol:?}");
        Arrival::confirm(arrival.owed);
        running.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_of_a_foreign_authority_is_refused_and_so_are_we_with_a_foreign_certificate() {
    for (authority, own) in [("foreign-ca.pem", "specola"), ("city-ca.pem", "stranger")] {
        for protocol in [Protocol::V4, Protocol::V5] {
            let (broker, folder) = broker().await;
            let running = Running::start(config(broker.port, &folder, authority, own, protocol)).await;
            until(|| running.handle.sources()[0].last_error.is_some()).await;
            let status = &running.handle.sources()[0];
            assert!(!status.connected, "{status:?}");
            let why = status.last_error.as_ref().unwrap().to_lowercase();
            assert!(why.contains("certificate") || why.contains("unknownca"), "{why}");
            running.end().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_file_that_is_not_there_is_an_error_at_the_start() {
    let folder = TempDir::new().unwrap();
    let config = config(8883, folder.path(), "city-ca.pem", "specola", Protocol::V4);
    let (sender, _arrivals) = tokio::sync::mpsc::channel(1);
    let started = ingest::Ingest::start(
        config,
        std::sync::Arc::new(ingest::EverybodyIsNew),
        std::sync::Arc::new(ingest::SystemClock),
        sender,
        tokio_util::sync::CancellationToken::new(),
    );
    let error = started.await.err().unwrap().to_string();
    assert!(error.contains("specola.pem"), "{error}");
}
