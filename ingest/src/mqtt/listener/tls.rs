//! TLS of the listener: our certificate, whose certificates clients must show, and reading both again when they are renewed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use model::Duration;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use crate::config::ListenerTls;
use crate::{Error, Result};

/// How often the files are looked at: certificates are renewed weeks before they expire.
const LOOK: Duration = Duration::from_secs(60);

/// Shakes hands with clients. Clones share the certificate that counts now.
#[derive(Clone)]
pub(super) struct Acceptor {
    config: ListenerTls,
    present: Arc<RwLock<Arc<ServerConfig>>>,
}

/// When certificate, key and authorities were written.
type Dates = [Option<SystemTime>; 3];

fn wrong(key: &str, path: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::Config { key: format!("listener.tls.{key}"), problem: format!("{}: {why}", path.display()) }
}

fn certificates(key: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|why| wrong(key, path, &why))?;
    if found.is_empty() {
        return Err(wrong(key, path, &"there is no certificate in it; it must be PEM"));
    }
    Ok(found)
}

fn load(config: &ListenerTls) -> Result<ServerConfig> {
    let chain = certificates("certificate", &config.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&config.key).map_err(|why| wrong("key", &config.key, &why))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    // TLS 1.2 and 1.3; what is older is not even compiled in.
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|why| wrong("certificate", &config.certificate, &why))?;
    let builder = match &config.client_authorities {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for authority in certificates("client_authorities", path)? {
                roots.add(authority).map_err(|why| wrong("client_authorities", path, &why))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|why| wrong("client_authorities", path, &why))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    builder.with_single_cert(chain, key).map_err(|why| wrong("key", &config.key, &why))
}

impl Acceptor {
    /// Reads the files. What is wrong with them keeps us from starting.
    pub(super) fn new(config: &ListenerTls) -> Result<Self> {
        let present = Arc::new(RwLock::new(Arc::new(load(config)?)));
        Ok(Self { config: config.clone(), present })
    }

    /// Shakes hands; says the names in the client's certificate if it had to present one.
    pub(super) async fn accept(&self, socket: TcpStream) -> io::Result<(TlsStream<TcpStream>, Option<Vec<String>>)> {
        let present = Arc::clone(&self.present.read().unwrap_or_else(PoisonError::into_inner));
        let stream = TlsAcceptor::from(present).accept(socket).await?;
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first).map(names);
        Ok((stream, self.config.client_authorities.as_ref().map(|_| shown.unwrap_or_default())))
    }

    fn dates(&self) -> Dates {
        let date = |path: &PathBuf| std::fs::metadata(path).and_then(|found| found.modified()).ok();
        [Some(&self.config.certificate), Some(&self.config.key), self.config.client_authorities.as_ref()]
            .map(|path| path.and_then(date))
    }

    /// Reads the files again when they have changed, until the end. Files that are wrong change nothing: the certificate before goes on.
    pub(super) async fn renew(self, stop: CancellationToken) {
        let mut known = self.dates();
        let mut beat = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                _ = beat.tick() => {}
                () = stop.cancelled() => return,
            }
            self.look(&mut known);
        }
    }

    fn look(&self, known: &mut Dates) {
        let dates = self.dates();
        if dates == *known {
            return;
        }
        match load(&self.config) {
            Ok(renewed) => {
                *known = dates;
                *self.present.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(renewed);
                tracing::info!("the listener's certificate was renewed");
            }
            Err(why) => tracing::error!(%why, "the listener's renewed certificate is wrong; the one before stays"),
        }
    }
}

/// The common name and the DNS names of a certificate that was found valid.
fn names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok(parsed) = Certificate::from_der(certificate) else { return Vec::new() };
    let subject = parsed.tbs_certificate().subject();
    let common = subject.common_name().ok().flatten().map(|name| name.value().into_owned());
    let mut names = common.into_iter().collect::<Vec<_>>();
    if let Ok(Some((_, alternatives))) = parsed.tbs_certificate().get_extension::<SubjectAltName>() {
        names.extend(alternatives.0.into_iter().filter_map(|name| match name {
            GeneralName::DnsName(dns) => Some(dns.as_str().to_owned()),
            _ => None,
        }));
    }
    names
}

#[cfg(test)]
mod tests {
    use rcgen::generate_simple_self_signed;

    use super::*;

    fn write(config: &ListenerTls, name: &str, minute: u64) {
        let made = generate_simple_self_signed([name.to_owned()]).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + 60 * minute);
        for (path, text) in [(&config.certificate, made.cert.pem()), (&config.key, made.signing_key.serialize_pem())] {
            std::fs::write(path, text).unwrap();
            std::fs::File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
        }
    }

    #[test]
    fn a_renewed_certificate_counts_and_a_wrong_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let config = ListenerTls {
            bind: std::net::SocketAddr::from(([127, 0, 0, 1], 0)),
            certificate: folder.path().join("server.pem"),
            key: folder.path().join("server.key"),
            client_authorities: None,
        };
        write(&config, "first", 0);
        let acceptor = Acceptor::new(&config).unwrap();
        let mut known = acceptor.dates();
        let present = || Arc::as_ptr(&acceptor.present.read().unwrap());
        let first = present();
        acceptor.look(&mut known);
        assert_eq!(present(), first, "nothing has changed");
        std::fs::write(&config.certificate, "no certificate").unwrap();
        acceptor.look(&mut known);
        assert_eq!(present(), first, "what is wrong changes nothing");
        write(&config, "second", 1);
        acceptor.look(&mut known);
        assert_ne!(present(), first);
    }

    /// Both ends of a new connection, when the client trusts what lies in the folder now.
    async fn connected(
        acceptor: &Acceptor,
        config: &ListenerTls,
    ) -> (TlsStream<TcpStream>, tokio_rustls::client::TlsStream<TcpStream>) {
        let mut roots = RootCertStore::empty();
        certificates("certificate", &config.certificate).unwrap().into_iter().for_each(|one| roots.add(one).unwrap());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let client = builder.unwrap().with_root_certificates(roots).with_no_client_auth();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let line = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
        let (served, connected) = tokio::join!(acceptor.accept(accepted), connector.connect(name, line));
        (served.unwrap().0, connected.unwrap())
    }

    #[tokio::test]
    async fn an_open_connection_outlives_a_renewal_and_a_new_one_sees_it() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let folder = tempfile::tempdir().unwrap();
        let config = ListenerTls {
            bind: std::net::SocketAddr::from(([127, 0, 0, 1], 0)),
            certificate: folder.path().join("server.pem"),
            key: folder.path().join("server.key"),
            client_authorities: None,
        };
        write(&config, "localhost", 0);
        let acceptor = Acceptor::new(&config).unwrap();
        let mut known = acceptor.dates();
        let (mut server, mut client) = connected(&acceptor, &config).await;
        write(&config, "localhost", 1);
        acceptor.look(&mut known);
        // Who trusts the new certificate alone gets in now; who is in is not asked again.
        let (mut second_server, mut second_client) = connected(&acceptor, &config).await;
        for (server, client) in [(&mut server, &mut client), (&mut second_server, &mut second_client)] {
            client.write_all(b"ping").await.unwrap();
            client.flush().await.unwrap();
            let mut heard = [0; 4];
            server.read_exact(&mut heard).await.unwrap();
            server.write_all(&heard).await.unwrap();
            server.flush().await.unwrap();
            client.read_exact(&mut heard).await.unwrap();
            assert_eq!(&heard, b"ping");
        }
    }

    #[test]
    fn the_names_of_a_certificate_are_its_common_name_and_its_dns_names() {
        let mut params = rcgen::CertificateParams::new(["lamp-1.city".to_owned()]).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, "lamp-1");
        let signed = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        assert_eq!(names(signed.der()), ["lamp-1", "lamp-1.city"]);
        assert_eq!(names(&CertificateDer::from(vec![1, 2, 3])), Vec::<String>::new());
    }
}
