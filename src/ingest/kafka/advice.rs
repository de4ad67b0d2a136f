//! What the broker's refusals mean, and what to do about them: librdkafka's words for people.

/// What is found in librdkafka's words, all of it, and what it means.
struct Meaning {
    found: &'static [&'static str],
    means: &'static str,
}

const fn means(found: &'static [&'static str], means: &'static str) -> Meaning {
    Meaning { found, means }
}

/// The first that fits decides. Words are compared in lower case.
const MEANINGS: [Meaning; 23] = [
    means(
        &["certificate has expired"],
        "the broker's certificate has expired: have it renewed, or set this machine's clock right",
    ),
    means(
        &["certificate is not yet valid"],
        "the broker's certificate is not valid yet: is this machine's clock right?",
    ),
    means(
        &["hostname mismatch"],
        "the broker's certificate is for another host: name the broker in [kafka] `brokers` as its certificate does (its \
         advertised.listeners too)",
    ),
    means(
        &["ip address mismatch"],
        "the broker's certificate is for another host: name the broker in [kafka] `brokers` as its certificate does (its \
         advertised.listeners too)",
    ),
    means(
        &["certificate verify failed"],
        "the broker's certificate is not signed by an authority trusted here: set \"ssl.ca.location\" of \
         [kafka.properties] to the PEM file of its authority",
    ),
    means(&["alert unknown ca"], CLIENT_CERTIFICATE),
    means(&["alert bad certificate"], CLIENT_CERTIFICATE),
    means(&["alert certificate required"], CLIENT_CERTIFICATE),
    means(&["alert certificate unknown"], CLIENT_CERTIFICATE),
    means(&["alert certificate expired"], "the certificate of this client has expired: have it renewed"),
    means(
        &["mechanism", "not supported"],
        "the broker does not offer this way to log in: set \"sasl.mechanism\" of [kafka.properties] to one that it names",
    ),
    means(&["token endpoint"], "there is no token for the broker"),
    means(
        &["invalid_token"],
        "the broker refuses the token: check \"sasl.oauthbearer.scope\" of [kafka.properties], and the issuer, audience and keys \
         that the broker expects",
    ),
    means(
        &["authentication failed"],
        "the broker refuses the login: check \"sasl.username\", the secret that \"sasl.password\" of [kafka.properties] \
         names, and \"sasl.mechanism\"",
    ),
    means(
        &["topic authorization failed"],
        "the broker does not allow this user to use the topic: allow it Read and Describe on what is read, Write and \
         Describe on `alerts_topic` and `dead_letters` (kafka-acls --add)",
    ),
    means(
        &["group authorization failed"],
        "the broker does not allow this user to use the group: allow it Read on [kafka] `group` (kafka-acls --add \
         --operation Read --group …), or set another",
    ),
    means(
        &["cluster authorization failed"],
        "the broker does not allow this user what was asked: make the topics by hand, or allow it Create (kafka-acls --add)",
    ),
    means(&["speaks tls"], PROTOCOL),
    means(&["security.protocol"], PROTOCOL),
    means(
        &["wrong version number"],
        "the broker does not speak TLS there: set \"security.protocol\" of [kafka.properties] to plaintext or \
         sasl_plaintext, or name its TLS port",
    ),
    means(
        &["ssl handshake failed", "disconnected"],
        "the broker ends the TLS handshake: is this port its TLS port (else set \"security.protocol\" of \
         [kafka.properties]), and does it want a client's certificate (set \"ssl.certificate.location\" and \
         \"ssl.key.location\" of [kafka.properties])?",
    ),
    means(&["failed to resolve"], "no such host is known: check [kafka] `brokers`, and the name service"),
    means(
        &["connection refused"],
        "nobody listens there: check host and port in [kafka] `brokers`, and whether it runs",
    ),
];

const PROTOCOL: &str = "the broker speaks another protocol there: set \"security.protocol\" of [kafka.properties] to \
     what that port expects (plaintext, ssl, sasl_plaintext, sasl_ssl), or name another port";

const CLIENT_CERTIFICATE: &str = "the broker does not accept the certificate of this client: set \
     \"ssl.certificate.location\" and \"ssl.key.location\" of [kafka.properties] to one signed by an authority that the \
     broker trusts";

/// A fault in words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What it means and what to do next, then librdkafka's own words; these alone where nobody knows.
    pub words: String,
    /// Its place among those whose meaning is known, the special before the general; none for all others.
    pub known: Option<usize>,
}

/// Says what librdkafka's words mean and what to do next.
pub fn advise(words: &str) -> Advice {
    let lower = words.to_lowercase();
    let fits = |meaning: &&Meaning| meaning.found.iter().all(|part| lower.contains(part));
    let known = MEANINGS.iter().position(|meaning| fits(&meaning));
    match known.map(|place| MEANINGS[place].means) {
        Some(means) => Advice { words: format!("{means} ({words})"), known },
        None => Advice { words: words.to_owned(), known },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_specific_is_said_before_what_is_general() {
        let expired = "ssl://localhost:9093/bootstrap: SSL handshake failed: error:0A000086:SSL routines::certificate verify \
                       failed: broker certificate could not be verified (certificate has expired)";
        let expired = advise(expired);
        assert!(
            expired.known == Some(0) && expired.words.starts_with("the broker's certificate has expired"),
            "{expired:?}"
        );
        let login = "sasl_ssl://b:9094/bootstrap: SASL authentication error: Authentication failed: Invalid username";
        let login = advise(login);
        assert!(
            login.words.starts_with("the broker refuses the login") && login.words.ends_with("username)"),
            "{login:?}"
        );
        assert_eq!(advise("something new"), Advice { words: "something new".into(), known: None });
    }
}
