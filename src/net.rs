//! What all who speak over the network have in common: trust in certificates, redirects, and the words of what went wrong.

use std::path::Path;
use std::time::Duration;

use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, StatusCode};

/// How many redirects within the same host are followed.
const REDIRECTS: usize = 3;
/// The longest piece of a server's words that an error repeats, in characters.
const SAID_MOST: usize = 300;

/// A client that trusts one authority more, if named, and follows redirects within the same host only.
#[expect(clippy::disallowed_methods, reason = "the shell reads the authority's file when a client is set up")]
pub(crate) fn client(timeout: Duration, ca_file: Option<&Path>) -> Result<Client, String> {
    install_crypto();
    let mut builder = Client::builder()
        .timeout(timeout)
        .user_agent(concat!("forewarn/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::custom(|attempt| if stays(&attempt) { attempt.follow() } else { attempt.stop() }));
    if let Some(path) = ca_file {
        let unreadable = |error: &dyn std::fmt::Display| format!("ca_file {}: {error}", path.display());
        let pem = std::fs::read(path).map_err(|error| unreadable(&error))?;
        let found = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| unreadable(&error))?;
        builder = builder.tls_certs_merge(found);
    }
    builder.build().map_err(|error| format!("the HTTP client cannot be set up: {}", causes(&error)))
}

/// Whether a redirect keeps the request as it is (307, 308) and goes to the same host, port and scheme.
fn stays(attempt: &Attempt<'_>) -> bool {
    let keeps = matches!(attempt.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
    let from = attempt.previous().last();
    keeps && attempt.previous().len() <= REDIRECTS && from.is_some_and(|from| from.origin() == attempt.url().origin())
}

/// Makes `ring` the process's TLS provider; further calls change nothing.
pub fn install_crypto() {
    // An error means that a provider is installed already, which is all that is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A server's words as an error repeats them: one line, bounded.
pub(crate) fn said(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SAID_MOST).collect();
    line.trim().to_owned()
}

/// A text as one part of a path or of a form (RFC 3986, 2.1).
#[cfg(feature = "kafka")]
pub(crate) fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// An error with all its causes, in one line.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = cause.source();
    }
    said(&text)
}

/// The next move after a failure of TLS, by the words of the TLS library; none where it is not known to be one.
pub(crate) fn tls_hint(words: &str) -> Option<&'static str> {
    let table = [
        (
            "UnknownIssuer",
            "nobody that is trusted signed its certificate: name the PEM file of your authority as `ca_file`, or have the \
             server send its intermediate certificates",
        ),
        ("Expired", "its certificate has expired: renew it, or check the clock of this machine"),
        ("expired", "its certificate has expired: renew it, or check the clock of this machine"),
        ("NotValidYet", "its certificate is not valid yet: check the clock of this machine"),
        ("not valid yet", "its certificate is not valid yet: check the clock of this machine"),
        ("NotValidForName", "its certificate is for another name: write the name that the certificate has"),
        ("not valid for", "its certificate is for another name: write the name that the certificate has"),
        (
            "CaUsedAsEndEntity",
            "it shows the certificate of an authority as its own: give the server a certificate signed by that authority, \
             or use that",
        ),
        ("Revoked", "its certificate was revoked: the server needs another"),
        ("corrupt message", "it does not speak TLS there: check the port, and `tls` or the scheme"),
        ("HandshakeFailure", "no way of encryption is known to both: the server needs TLS 1.2 or later"),
        ("ProtocolVersion", "no way of encryption is known to both: the server needs TLS 1.2 or later"),
        ("peer is incompatible", "no way of encryption is known to both: the server needs TLS 1.2 or later"),
        ("invalid peer certificate", "its certificate is not accepted: check `ca_file` and the server's certificate"),
    ];
    table.iter().find(|(word, _)| words.contains(word)).map(|(_, hint)| *hint)
}

#[cfg(all(test, feature = "kafka"))]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_part_of_a_path() {
        assert_eq!(escaped("shop/labels.proto-v1 ä~"), "shop%2Flabels.proto-v1%20%C3%A4~");
    }
}
