//! Why a broker cannot be spoken to, where librdkafka does not say: a handshake of our own shows what is wrong with a
//! certificate, or that TLS is spoken where none is expected.

use std::net::{TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, ClientConnection, Error, RootCertStore};

use crate::config::Kafka;

/// How long a broker may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often it is looked.
const AGAIN: Duration = Duration::from_secs(10);

/// Looks for the cause behind a general fault.
#[derive(Debug, Default)]
pub(super) struct Doctor {
    brokers: String,
    tls: bool,
    authority: Option<PathBuf>,
    looked: Mutex<Option<Instant>>,
}

impl Doctor {
    pub(super) fn new(kafka: &Kafka) -> Doctor {
        let property = |key: &str| kafka.properties.get(key).map(String::as_str);
        let protocol = property("security.protocol").unwrap_or("plaintext").to_lowercase();
        Doctor {
            brokers: kafka.brokers.clone(),
            tls: protocol.ends_with("ssl"),
            authority: property("ssl.ca.location").map(PathBuf::from),
            looked: Mutex::default(),
        }
    }

    /// Where a fault does not say its cause, looks for it in a thread of its own, and tells what it finds.
    pub(super) fn look(&self, words: &str, tell: impl FnOnce(String) + Send + 'static) {
        let lower = words.to_lowercase();
        let general = if self.tls { lower.contains("certificate verify failed") } else { lower.contains("are down") };
        let mut looked = self.looked.lock().expect("no holder panics");
        if !general || looked.is_some_and(|at| at.elapsed() < AGAIN) {
            return;
        }
        *looked = Some(Instant::now());
        let address = named(words).or_else(|| self.brokers.split(',').next().map(|first| first.trim().to_owned()));
        let (Some(address), tls, authority) = (address, self.tls, self.authority.clone()) else { return };
        // Where no thread can be had the general words must do.
        let _ = std::thread::Builder::new().name("doctor".into()).spawn(move || {
            if let Some(found) = cause(&address, tls, authority) {
                tell(format!("{address}: {found}"));
            }
        });
    }
}

/// The address that librdkafka's words name: `ssl://host:port/…`.
fn named(words: &str) -> Option<String> {
    let rest = words.split("ssl://").nth(1)?;
    rest.split(['/', ' ']).next().map(str::to_owned)
}

/// What a handshake shows, in the words of OpenSSL.
fn cause(address: &str, tls: bool, authority: Option<PathBuf>) -> Option<&'static str> {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host).trim_matches(['[', ']']);
    let mut roots = RootCertStore::empty();
    if let Some(certificates) = authority.and_then(|path| CertificateDer::pem_file_iter(path).ok()) {
        roots.add_parsable_certificates(certificates.flatten());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).ok()?;
    let mut connection = ClientConnection::new(Arc::new(config), name).ok()?;
    let mut stream = connect(address)?;
    while connection.is_handshaking() {
        let Err(error) = connection.complete_io(&mut stream) else { continue };
        let known = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        return match known {
            // Not an answer of TLS at all.
            None | Some(Error::InvalidMessage(_)) => None,
            Some(_) if !tls => Some("it speaks TLS"),
            Some(Error::InvalidCertificate(why)) => certificate(why),
            Some(_) => None,
        };
    }
    (!tls).then_some("it speaks TLS")
}

fn connect(address: &str) -> Option<TcpStream> {
    let found = address.to_socket_addrs().ok()?;
    let mut streams = found.filter_map(|address| TcpStream::connect_timeout(&address, PATIENCE).ok());
    let stream = streams.next()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    Some(stream)
}

fn certificate(why: &CertificateError) -> Option<&'static str> {
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Some("certificate has expired"),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Some("certificate is not yet valid")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Some("certificate is for another host: hostname mismatch")
        }
        _ => None,
    }
}
