//! Certificates of one broker, read once at the start so that a wrong path is an error before anything runs.

use std::path::Path;

use crate::config::Broker;
use crate::{Error, Result};

/// TLS for this broker, if its URL asks for it.
pub(super) fn configuration(broker: &Broker) -> Result<Option<rumqttc::TlsConfiguration>> {
    let encrypted = broker.endpoint().is_ok_and(|endpoint| endpoint.encrypted);
    if !encrypted {
        return Ok(None);
    }
    // Whoever built the process may have chosen a provider already: then that one counts.
    drop(rustls::crypto::ring::default_provider().install_default());
    let read = |path: &Path| {
        std::fs::read(path).map_err(|source| Error::Certificate {
            broker: broker.name.clone(),
            path: path.display().to_string(),
            source,
        })
    };
    let tls = broker.tls.clone().unwrap_or_default();
    let client_auth = match (&tls.client_certificate, &tls.client_key) {
        (Some(certificate), Some(key)) => Some((read(certificate)?, read(key)?)),
        _ => None,
    };
    let Some(ca) = &tls.ca else {
        if client_auth.is_some() {
            let key = format!("brokers.{}.tls.ca", broker.name);
            let problem = "name the broker's authority too when you present a certificate of your own".to_owned();
            return Err(Error::Config { key, problem });
        }
        return Ok(Some(system_authorities(broker)?));
    };
    Ok(Some(rumqttc::TlsConfiguration::Simple { ca: read(ca)?, alpn: None, client_auth }))
}

fn system_authorities(broker: &Broker) -> Result<rumqttc::TlsConfiguration> {
    // The bundle of Debian, RHEL and SUSE; other systems name theirs in tls.ca.
    let bundles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem"];
    let ca = bundles.iter().find_map(|path| std::fs::read(path).ok()).ok_or_else(|| Error::Config {
        key: format!("brokers.{}.tls.ca", broker.name),
        problem: "no authorities of the system were found; install ca-certificates or name the broker's authority"
            .to_owned(),
    })?;
    Ok(rumqttc::TlsConfiguration::Simple { ca, alpn: None, client_auth: None })
}
