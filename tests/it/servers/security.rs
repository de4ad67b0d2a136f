//! Kafka with security: every way to log in works against the real broker, and every refusal names its cause and the next
//! move, and no secret.

use std::path::PathBuf;
use std::time::Duration;

use super::broker::Broker;
use super::live::Home;

const PATIENCE: Duration = Duration::from_secs(40);
const SECRETS: [&str; 4] = ["alice-secret", "eve-secret", "a-wrong-secret", "BEGIN PRIVATE KEY"];

/// The secured listener so many ports behind the plain one, and where the certificates lie.
fn secured(broker: &Broker, behind: u16) -> (String, PathBuf) {
    let port: u16 = broker.address.rsplit(':').next().unwrap().parse().unwrap();
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    (format!("localhost:{}", port + behind), root.join(format!("target/servers/kafka/node-{port}/tls")))
}

/// How a client is set up: which listener, and its properties; `TLS` stands for the folder of certificates.
struct Client {
    name: &'static str,
    behind: u16,
    properties: &'static str,
}

const fn client(name: &'static str, behind: u16, properties: &'static str) -> Client {
    Client { name, behind, properties }
}

impl Client {
    /// Its home: the secrets lie in files beside the configuration.
    fn home(&self, broker: &Broker, topics: &[&str], more: &str) -> Home {
        let (address, tls) = secured(broker, self.behind);
        let properties = self.properties.replace("TLS", tls.to_str().unwrap());
        let home = Home::new(&address, topics, &format!("{more}\n[kafka.properties]\n{properties}"));
        for (file, secret) in [("alice", "alice-secret"), ("eve", "eve-secret"), ("wrong", "a-wrong-secret")] {
            std::fs::write(home.folder.path().join(file), format!("{secret}\n")).unwrap();
        }
        home
    }
}

const WELCOME: [Client; 6] = [
    client("tls", 2, "\"security.protocol\" = \"ssl\"\n\"ssl.ca.location\" = \"TLS/ca.crt\""),
    client(
        "mtls",
        3,
        "\"security.protocol\" = \"ssl\"\n\"ssl.ca.location\" = \"TLS/ca.crt\"\n\"ssl.certificate.location\" = \
         \"TLS/alice.crt\"\n\"ssl.key.location\" = \"TLS/alice.key\"",
    ),
    client(
        "plain",
        4,
        "\"security.protocol\" = \"sasl_ssl\"\n\"ssl.ca.location\" = \"TLS/ca.crt\"\n\"sasl.mechanism\" = \
         \"PLAIN\"\n\"sasl.username\" = \"alice\"\n\"sasl.password\" = { file = \"alice\" }",
    ),
    client(
        "scram-256",
        4,
        "\"security.protocol\" = \"sasl_ssl\"\n\"ssl.ca.location\" = \"TLS/ca.crt\"\n\"sasl.mechanism\" = \
         \"SCRAM-SHA-256\"\n\"sasl.username\" = \"alice\"\n\"sasl.password\" = { file = \"alice\" }",
    ),
    client(
        "scram-512",
        7,
        "\"security.protocol\" = \"sasl_plaintext\"\n\"sasl.mechanism\" = \"SCRAM-SHA-512\"\n\"sasl.username\" = \
         \"alice\"\n\"sasl.password\" = { file = \"alice\" }",
    ),
    client(
        "oauthbearer",
        4,
        "\"security.protocol\" = \"sasl_ssl\"\n\"ssl.ca.location\" = \"TLS/ca.crt\"\n\"sasl.mechanism\" = \
         \"OAUTHBEARER\"\n\"enable.sasl.oauthbearer.unsecure.jwt\" = true\n\"sasl.oauthbearer.config\" = \
         \"principal=alice\"",
    ),
];

#[test]
fn every_way_to_log_in_reads_and_writes() {
    let broker = Broker::connect();
    for client in WELCOME {
        let name = client.name;
        let topic = broker.topic(&format!("safe-{name}"), 1);
        let alerts = broker.topic(&format!("safe-{name}-alerts"), 1);
        let millis = jiff::Timestamp::now().as_millisecond();
        for n in 0..20 {
            let at = millis - 40_000 + n * 1000;
            broker.send_at(&topic, 0, format!("cpu,host=a load=1 {}", at * 1_000_000).as_bytes(), Some(at));
        }
        broker.flush();
        let home = client.home(&broker, &[&topic], &format!("alerts_topic = {alerts:?}"));
        let mut live = home.start();
        live.until(name, PATIENCE, |status| status["records"][&topic] == 20 && status["ready"] == true);
        assert!(live.stop().1, "{name}");
    }
}

/// Who is refused, and what must be said of it.
const REFUSALS: [(Client, &str); 11] = [
    (
        client("another authority", 2, "\"security.protocol\" = \"ssl\"\n\"ssl.ca.location\" = \"TLS/stranger.crt\""),
        "not signed by an authority trusted here: set \"ssl.ca.location\"",
    ),
    (
        client("expired", 5, "\"security.protocol\" = \"ssl\"\n\"ssl.ca.location\" = \"TLS/ca.crt\""),
        "the broker's certificate has expired: have it renewed",
    ),
    (
        client("another host", 6, "\"security.protocol\" = \"ssl\"\n\"ssl.ca.location\" = \"TLS/ca.crt\""),
        "the broker's certificate is for another host",
    ),
    (
        client("no certificate", 3, "\"security.protocol\" = \"ssl\"\n\"ssl.ca.location\" = \"TLS/ca.crt\""),
        "\"ssl.certificate.location\" and \"ssl.key.location\"",
    ),
    (
        client(
            "a stranger's certificate",
            3,
            "\"security.protocol\" = \"ssl\"\n\"ssl.ca.location\" = \"TLS/ca.crt\"\n\"ssl.certificate.location\" = \
             \"TLS/mallory.crt\"\n\"ssl.key.location\" = \"TLS/mallory.key\"",
        ),
        "\"ssl.certificate.location\" and \"ssl.key.location\"",
    ),
    (
        client(
            "wrong password, plain",
            4,
            "\"security.protocol\" = \"sasl_ssl\"\n\"ssl.ca.location\" = \"TLS/ca.crt\"\n\"sasl.mechanism\" = \
             \"PLAIN\"\n\"sasl.username\" = \"alice\"\n\"sasl.password\" = { file = \"wrong\" }",
        ),
        "the broker refuses the login: check \"sasl.username\"",
    ),
    (
        client(
            "wrong password, scram",
            7,
            "\"security.protocol\" = \"sasl_plaintext\"\n\"sasl.mechanism\" = \"SCRAM-SHA-256\"\n\"sasl.username\" = \
             \"alice\"\n\"sasl.password\" = { file = \"wrong\" }",
        ),
        "the broker refuses the login: check \"sasl.username\"",
    ),
    (
        client(
            "no permission",
            7,
            "\"security.protocol\" = \"sasl_plaintext\"\n\"sasl.mechanism\" = \"PLAIN\"\n\"sasl.username\" = \
             \"eve\"\n\"sasl.password\" = { file = \"eve\" }",
        ),
        "the broker does not allow this user to use the topic: allow it Read and Describe",
    ),
    (client("plain text to TLS", 2, "\"security.protocol\" = \"plaintext\""), "set \"security.protocol\""),
    (
        client("TLS to plain text", 0, "\"security.protocol\" = \"ssl\"\n\"ssl.ca.location\" = \"TLS/ca.crt\""),
        "\"security.protocol\"",
    ),
    (client("nobody there", 9, ""), "nobody listens there: check host and port"),
];

#[test]
fn every_refusal_names_its_cause_and_the_next_move() {
    let broker = Broker::connect();
    let topic = broker.topic("refused", 1);
    let mut wrong = Vec::new();
    let mut live: Vec<_> = REFUSALS
        .iter()
        .map(|(client, said)| {
            let home = client.home(&broker, &[&topic], "");
            let process = home.start();
            (client.name, *said, home, process)
        })
        .collect();
    for (name, said, _home, process) in &mut live {
        let end = std::time::Instant::now() + PATIENCE;
        let told = |process: &super::live::Live| {
            let status = process.get("/api/v1/status");
            (format!("{} {}", status["why"], status["troubles"]).replace("\\\"", "\""), process.log())
        };
        while !(told(process).0.contains(*said) && told(process).1.contains(*said)) && std::time::Instant::now() < end {
            std::thread::sleep(Duration::from_millis(200));
        }
        let (status, log) = told(process);
        if !status.contains(*said) || !log.contains(*said) {
            wrong.push(format!("{name}: expected {said}\nstatus {status}\nlog {log}\n"));
        }
        assert!(!status.contains("\"ready\":true"), "{name}");
        assert!(
            SECRETS.iter().all(|secret| !status.contains(secret) && !log.contains(secret)),
            "{name}: {status}{log}"
        );
    }
    for (name, _, _home, process) in live {
        assert!(process.stop().1, "{name}: it ends well all the same");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
