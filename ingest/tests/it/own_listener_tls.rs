//! Our own listener over TLS: who is let in by a certificate, which versions are spoken, and what a renewed certificate does to those who are here.

use std::path::Path;
use std::sync::Arc;

use ingest::config::{Listener, ListenerTls, Role, User};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::own_listener_kit::{Client, Hello, Kept, READING, listener, topic_of, user, with_users};

/// An authority, and what it signs.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// Certificate and key.
    fn sign(&self, common: &str, names: &[&str], expired: bool) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let names = names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, common);
        if expired {
            params.not_before = rcgen::date_time_ymd(2020, 1, 1);
            params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        }
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}

async fn secure(
    port: u16,
    authority: &Authority,
    shown: Option<&(String, String)>,
) -> std::io::Result<Client<TlsStream<TcpStream>>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    let config = match shown {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap()).unwrap()
        }
    };
    let socket = TcpStream::connect(("127.0.0.1", port)).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, socket).await.map(Client::over)
}

fn write(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_lets_its_device_in_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, foreign) = (Authority::new("ours"), Authority::new("foreign"));
    let (certificate, key) = ours.sign("server", &["localhost"], false);
    let tls = ListenerTls {
        bind: "127.0.0.1:0".parse().unwrap(),
        certificate: write(folder.path(), "server.pem", &certificate),
        key: write(folder.path(), "server.key", &key),
        client_authorities: Some(write(folder.path(), "ca.pem", &ours.pem())),
    };
    let by_certificate = |name: &str| User { certificate: true, role: Role::Device, password: None, ..user(name) };
    let users = vec![by_certificate("lamp-1"), by_certificate("lamp-2"), user("gw")];
    let kept = Kept::start(Listener { tls: Some(tls), ..with_users(users) }).await;
    let port = kept.handle.secure_listener_addr().unwrap().port();

    let lamp = ours.sign("lamp-1", &[], false);
    let mut client = secure(port, &ours, Some(&lamp)).await.unwrap();
    assert_eq!(client.greet(&Hello::new(5, "any")).await[1], 0);
    assert_eq!(client.assure(&topic_of("lamp-1"), false, READING).await, 0);
    assert_eq!(client.assure(&topic_of("lamp-2"), false, READING).await, 0x87);
    let by_name = ours.sign("something", &["lamp-2"], false);
    let mut client = secure(port, &ours, Some(&by_name)).await.unwrap();
    assert_eq!(client.greet(&Hello { user: Some(("lamp-2", "")), ..Hello::new(4, "b") }).await, [0, 0]);
    // A certificate does not open the door for somebody else, not even with the right password.
    for user in [("lamp-2", ""), ("gw", "gw")] {
        let mut client = secure(port, &ours, Some(&lamp)).await.unwrap();
        assert_eq!(client.greet(&Hello { user: Some(user), ..Hello::new(4, "c") }).await, [0, 4]);
    }
    for bad in [None, Some(foreign.sign("lamp-1", &[], false)), Some(ours.sign("lamp-1", &[], true))] {
        let refused = match secure(port, &ours, bad.as_ref()).await {
            Err(_) => true,
            // In TLS 1.3 a client hears of it with its first read.
            Ok(mut client) => {
                drop(client.socket.write_all(&Hello::new(4, "d").bytes()).await);
                client.packet().await.is_none()
            }
        };
        assert!(refused);
    }
    // Without TLS a certificate is nobody's word.
    let hello = Hello { user: Some(("lamp-1", "")), ..Hello::new(4, "e") };
    assert_eq!(Client::hello(kept.port(), &hello).await.1, [0, 4]);
    kept.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_that_cannot_be_used_are_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = Authority::new("ours").sign("server", &["localhost"], false);
    let certificate = write(folder.path(), "server.pem", &certificate);
    for (key, words) in [
        (folder.path().join("nowhere.key"), "nowhere.key"),
        (write(folder.path(), "empty.key", ""), "empty.key"),
        (write(folder.path(), "other.key", &key.replace('A', "B")), "other.key"),
    ] {
        let tls = ListenerTls {
            bind: "127.0.0.1:0".parse().unwrap(),
            certificate: certificate.clone(),
            key,
            client_authorities: None,
        };
        let (sender, _arrivals) = tokio::sync::mpsc::channel(1);
        let config = crate::own_listener_kit::config(Listener { tls: Some(tls), ..listener() });
        let (directory, clock) = (Arc::new(ingest::EverybodyIsNew), Arc::new(ingest::SystemClock));
        let stop = tokio_util::sync::CancellationToken::new();
        let text = ingest::Ingest::start(config, directory, clock, sender, stop).await.unwrap_err().to_string();
        assert!(text.contains(words) && text.contains("listener.tls.key"), "{text}");
    }
}

/// A certificate for `localhost` that clients need not answer with one of their own.
fn plain_tls(folder: &Path, authority: &Authority) -> ListenerTls {
    let (certificate, key) = authority.sign("server", &["localhost"], false);
    ListenerTls {
        bind: "127.0.0.1:0".parse().unwrap(),
        certificate: write(folder, "server.pem", &certificate),
        key: write(folder, "server.key", &key),
        client_authorities: None,
    }
}

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// Something with its length in front, in two bytes.
fn measured(body: &[u8]) -> Vec<u8> {
    joined(&[&(body.len() as u16).to_be_bytes(), body])
}

/// The first message of a client that speaks this version of TLS at most and would take what old servers offered.
fn client_hello(minor: u8) -> Vec<u8> {
    // ECDHE with ECDSA and AES, of TLS 1.2 and of the time before.
    let ciphers = [0xc0, 0x2b, 0xc0, 0x2c, 0xc0, 0x09, 0xc0, 0x0a, 0x00, 0x2f, 0x00, 0x35];
    let extension = |kind: u8, body: &[u8]| joined(&[&[0, kind], &measured(body)]);
    // Curves secp256r1 and secp384r1; points; signatures by ECDSA with SHA-256, SHA-384 and SHA-1.
    let curves = extension(10, &[0, 4, 0, 23, 0, 24]);
    let points = extension(11, &[1, 0]);
    let signatures = extension(13, &[0, 6, 4, 3, 5, 3, 2, 3]);
    let extensions = measured(&joined(&[&curves, &points, &signatures]));
    let body = joined(&[&[3, minor], &[7; 32], &[0], &measured(&ciphers), &[1, 0], &extensions]);
    let handshake = joined(&[&[1, 0], &measured(&body)]);
    joined(&[&[22, 3, minor.min(1)], &measured(&handshake)])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_before_1_2_is_refused_and_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let tls = plain_tls(folder.path(), &Authority::new("ours"));
    let kept = Kept::start(Listener { tls: Some(tls), ..listener() }).await;
    let port = kept.handle.secure_listener_addr().unwrap().port();
    // 3.0 was SSL, 3.1 and 3.2 are TLS 1.0 and 1.1, 3.3 is TLS 1.2: the same words in a version that is spoken are answered.
    for (minor, is_spoken) in [(0, false), (1, false), (2, false), (3, true)] {
        let mut socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        socket.write_all(&client_hello(minor)).await.unwrap();
        let mut head = [0; 5];
        socket.read_exact(&mut head).await.unwrap();
        if is_spoken {
            assert_eq!((head[0], head[2]), (22, 3), "TLS 1.2 was not answered");
        } else {
            let mut alert = [0; 2];
            socket.read_exact(&mut alert).await.unwrap();
            // Fatal, protocol_version.
            assert_eq!((head[0], alert), (21, [2, 70]), "3.{minor} was not refused");
            assert_eq!(socket.read(&mut [0; 1]).await.unwrap_or(0), 0, "3.{minor} was not closed");
        }
    }
    kept.end().await;
}
