//! Kafka with security: every way to log in works against the real broker, and every refusal names its cause and the next
//! move, and no secret.

use std::path::PathBuf;
use std::time::Duration;

use super::broker::Broker;
use super::live::Home;
use super::setting;

const PATIENCE: Duration = Duration::from_secs(40);
const SECRETS: [&str; 5] = ["alice-secret", "eve-secret", "a-wrong-secret", "s3cret /+", "BEGIN PRIVATE KEY"];

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
        let properties = properties.replace("TOKEN", &setting("FOREWARN_TEST_TOKEN"));
        let home = Home::new(&address, topics, &format!("{more}\n[kafka.properties]\n{properties}"));
        let secrets = [("alice", SECRETS[0]), ("eve", SECRETS[1]), ("wrong", SECRETS[2]), ("client", SECRETS[3])];
        for (file, secret) in secrets {
            std::fs::write(home.folder.path().join(file), format!("{secret}\n")).unwrap();
        }
        home
    }
}

const WELCOME: [Client; 7] = [
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
    client(
        "oidc",
        8,
        "\"security.protocol\" = \"sasl_plaintext\"\n\"sasl.mechanism\" = \"OAUTHBEARER\"\n\
         \"sasl.oauthbearer.method\" = \"oidc\"\n\"sasl.oauthbearer.client.id\" = \"forewarn\"\n\
         \"sasl.oauthbearer.client.secret\" = { file = \"client\" }\n\"sasl.oauthbearer.scope\" = \"kafka all\"\n\
         \"sasl.oauthbearer.token.endpoint.url\" = \"TOKEN\"",
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

/// How many tokens were given out so far.
fn tokens() -> u64 {
    let asked = std::process::Command::new("curl").args(["-s", &setting("FOREWARN_TEST_TOKEN")]).output().unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&asked.stdout).expect("the token endpoint answers");
    answer["given"].as_u64().unwrap()
}

#[test]
fn tokens_are_renewed_before_they_end() {
    let broker = Broker::connect();
    let topic = broker.topic("safe-renewed", 1);
    let home = WELCOME[6].home(&broker, &[&topic], "");
    let mut live = home.start();
    live.until("it reads", PATIENCE, |status| status["ready"] == true);
    // They live for six seconds.
    let (before, end) = (tokens(), std::time::Instant::now() + PATIENCE);
    while tokens() < before + 3 {
        assert!(std::time::Instant::now() < end, "tokens are not renewed");
        std::thread::sleep(Duration::from_millis(500));
    }
    broker.send(&topic, 0, b"cpu,host=a load=1");
    broker.flush();
    live.until("it reads on", PATIENCE, |status| status["records"][&topic] == 1 && status["ready"] == true);
    assert!(live.stop().1);
}

/// Lets `eve` read a topic, but not with any group.
const ALLOW: &str = "
import sys
from kafka.admin import ACL, ACLOperation, ACLPermissionType, KafkaAdminClient, ResourcePattern, ResourceType
client = KafkaAdminClient(bootstrap_servers=sys.argv[1])
pattern = ResourcePattern(ResourceType.TOPIC, sys.argv[2])
rules = [ACL('User:eve', '*', operation, ACLPermissionType.ALLOW, pattern) for operation in (ACLOperation.READ, ACLOperation.DESCRIBE)]
failed = client.create_acls(rules)['failed']
assert not failed, failed
";

#[test]
fn a_group_that_is_not_allowed_is_named() {
    let broker = Broker::connect();
    let topic = broker.topic("group-refused", 1);
    let mut python = std::process::Command::new(setting("FOREWARN_TEST_PYTHON"));
    let allowed = python.args(["-c", ALLOW, &broker.address, &topic]).output().unwrap();
    assert!(allowed.status.success(), "{}", String::from_utf8_lossy(&allowed.stderr));
    let eve = &REFUSALS[7].0;
    assert_eq!(eve.name, "no permission");
    let home = eve.home(&broker, &[&topic], "");
    let mut live = home.start();
    let said = "the broker does not allow this user to use the group: allow it Read on [kafka] `group`";
    live.until("it is said", PATIENCE, |status| format!("{} {}", status["why"], status["troubles"]).contains(said));
    assert!(live.stop().1);
}

/// Who is refused, and what must be said of it.
const REFUSALS: [(Client, &str); 14] = [
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
    (
        client(
            "a wrong secret of the client",
            8,
            "\"security.protocol\" = \"sasl_plaintext\"\n\"sasl.mechanism\" = \"OAUTHBEARER\"\n\
         \"sasl.oauthbearer.method\" = \"oidc\"\n\"sasl.oauthbearer.client.id\" = \"forewarn\"\n\
         \"sasl.oauthbearer.client.secret\" = { file = \"wrong\" }\n\"sasl.oauthbearer.scope\" = \"kafka\"\n\
         \"sasl.oauthbearer.token.endpoint.url\" = \"TOKEN\"",
        ),
        "401 Unauthorized invalid_client: no such client, or another secret; check \"sasl.oauthbearer.client.id\"",
    ),
    (
        client(
            "no provider of tokens",
            8,
            "\"security.protocol\" = \"sasl_plaintext\"\n\"sasl.mechanism\" = \"OAUTHBEARER\"\n\
         \"sasl.oauthbearer.method\" = \"oidc\"\n\"sasl.oauthbearer.client.id\" = \"forewarn\"\n\
         \"sasl.oauthbearer.client.secret\" = { file = \"client\" }\n\"sasl.oauthbearer.scope\" = \"kafka\"\n\
         \"sasl.oauthbearer.token.endpoint.url\" = \"http://127.0.0.1:1/token\"",
        ),
        "look at \"sasl.oauthbearer.token.endpoint.url\" of [kafka.properties]",
    ),
    (
        client(
            "a token signed by somebody else",
            8,
            "\"security.protocol\" = \"sasl_plaintext\"\n\"sasl.mechanism\" = \"OAUTHBEARER\"\n\
         \"sasl.oauthbearer.method\" = \"oidc\"\n\"sasl.oauthbearer.client.id\" = \"forewarn\"\n\
         \"sasl.oauthbearer.client.secret\" = { file = \"client\" }\n\"sasl.oauthbearer.scope\" = \"elsewhere\"\n\
         \"sasl.oauthbearer.token.endpoint.url\" = \"TOKEN\"",
        ),
        "the broker refuses the token: check \"sasl.oauthbearer.scope\"",
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
