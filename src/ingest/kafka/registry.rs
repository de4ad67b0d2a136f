//! A Schema Registry that speaks Confluent's API: asked beside the reading, one schema after the other, until it answers.
//!
//! API: <https://docs.confluent.io/platform/current/schema-registry/develop/api.html>. What it answers is told to the one who
//! reads, who journals it; here nothing is kept but when what was asked.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;

use crate::config::SchemaRegistry;
use crate::ingest::decode::{Answer, Language, SCHEMA_BYTES_MAX, SchemaText};
use crate::net::{causes, client, escaped};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// An id that the registry did not know is asked for again so much later, where messages still name it.
const AGAIN: Duration = Duration::from_secs(60);
/// The pauses between tries: doubled from the first up to the last.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(30)];
/// A schema refers to at most so many others, those of the others included.
const REFERENCES_MAX: usize = 100;

/// What the registry said, or why it could not.
#[derive(Debug, PartialEq, Eq)]
pub enum Told {
    /// It answered.
    Answer(u32, Answer),
    /// It cannot be asked: the words say what to do. It is asked again.
    Trouble(String),
}

/// Asks the registry.
pub struct Registry {
    questions: mpsc::Sender<u32>,
    told: mpsc::Receiver<Told>,
    asked: BTreeMap<u32, Instant>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("asked", &self.asked.len()).finish_non_exhaustive()
    }
}

impl Registry {
    /// Sets the client up and begins to wait for questions.
    ///
    /// # Errors
    /// Words where the client or its thread cannot be set up.
    pub fn start(of: &SchemaRegistry) -> Result<Registry, String> {
        let asker = Asker::new(of)?;
        let (questions, to_ask) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        let run = move || asker.run(&to_ask, &tell);
        let started = std::thread::Builder::new().name("schema-registry".to_owned()).spawn(run);
        started.map_err(|error| format!("schema registry: start its thread: {error}"))?;
        Ok(Registry { questions, told, asked: BTreeMap::new() })
    }

    /// Sees to the schema that a message names, `known` being what was answered of it so far. Whether the message must wait.
    pub fn awaits(&mut self, id: u32, known: Option<&Answer>) -> bool {
        let due = match known {
            Some(Ok(_)) => return false,
            Some(Err(_)) => self.asked.get(&id).is_none_or(|asked| AGAIN <= asked.elapsed()),
            None => !self.asked.contains_key(&id),
        };
        if due {
            self.asked.insert(id, Instant::now());
            // Its thread ends with the process alone.
            let _ = self.questions.send(id);
        }
        known.is_none()
    }

    /// What it said since this was last asked.
    pub fn told(&mut self) -> Vec<Told> {
        self.told.try_iter().collect()
    }
}

/// Asks in a thread of its own.
struct Asker {
    client: Client,
    base: Url,
    login: Option<(String, String)>,
    token: Option<String>,
}

/// A schema as the API gives it.
#[derive(Deserialize)]
struct Found {
    schema: String,
    #[serde(default, rename = "schemaType")]
    language: Option<String>,
    #[serde(default)]
    references: Option<Vec<Reference>>,
}

#[derive(Deserialize)]
struct Reference {
    name: String,
    subject: String,
    version: i64,
}

/// Why a question was not answered.
enum Failure {
    /// It answered that there is no such thing, or one that cannot be used.
    None(String),
    /// It may answer another time.
    Trouble(String),
}

impl Asker {
    fn new(of: &SchemaRegistry) -> Result<Asker, String> {
        let client = client(PATIENCE, of.ca_file.as_deref()).map_err(|error| format!("schema registry: {error}"))?;
        let mut base = Url::parse(&of.url).map_err(|error| format!("schema registry: {}: {error}", of.url))?;
        // What is joined to a path without a slash at its end replaces its last part.
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let login = of.login.as_ref().map(|(user, password)| (user.clone(), password.reveal().to_owned()));
        Ok(Asker { client, base, login, token: of.token.as_ref().map(|token| token.reveal().to_owned()) })
    }

    fn run(&self, questions: &mpsc::Receiver<u32>, tell: &mpsc::Sender<Told>) {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return drop(tell.send(Told::Trouble(format!("its runtime cannot be set up: {error}")))),
        };
        while let Ok(id) = questions.recv() {
            let mut pause = PAUSES[0];
            let answer = loop {
                match runtime.block_on(self.schema(id)) {
                    Ok(schema) => break Ok(schema),
                    Err(Failure::None(words)) => break Err(words),
                    Err(Failure::Trouble(words)) => {
                        let words = format!("{words}; records that need schema {id} wait, and it is asked again");
                        if tell.send(Told::Trouble(words)).is_err() {
                            return;
                        }
                        std::thread::sleep(pause);
                        pause = (pause * 2).min(PAUSES[1]);
                    }
                }
            };
            if tell.send(Told::Answer(id, answer)).is_err() {
                return;
            }
        }
    }

    async fn schema(&self, id: u32) -> Result<SchemaText, Failure> {
        let mut found = self.get(&format!("schemas/ids/{id}")).await?;
        let language = match found.language.as_deref().unwrap_or("AVRO") {
            "AVRO" => Language::Avro,
            "PROTOBUF" => Language::Protobuf,
            "JSON" => Language::Json,
            other => return Err(Failure::None(format!("its language `{other}` is not read"))),
        };
        let mut references = Vec::new();
        let mut bytes = found.schema.len();
        // Breadth first, and turned round: what others need then comes before them.
        let mut next: Vec<Reference> = found.references.take().unwrap_or_default();
        while let Some(Reference { name, subject, version }) = next.pop() {
            if references.iter().any(|(have, _)| *have == name) {
                continue;
            }
            let path = format!("subjects/{}/versions/{version}", escaped(&subject));
            let mut other = self.get(&path).await?;
            next.extend(other.references.take().unwrap_or_default());
            bytes += other.schema.len();
            references.push((name, other.schema));
            if REFERENCES_MAX < references.len() || SCHEMA_BYTES_MAX < bytes {
                let most = format!("{REFERENCES_MAX} others or {SCHEMA_BYTES_MAX} bytes");
                return Err(Failure::None(format!("it refers to more than {most}")));
            }
        }
        references.reverse();
        Ok(SchemaText { language, text: found.schema, references })
    }

    async fn get(&self, path: &str) -> Result<Found, Failure> {
        let host = self.base.host_str().unwrap_or_default();
        let trouble = |what: &str, next: &str| Failure::Trouble(format!("{host}: {what}; {next}"));
        let look = "look whether it runs, and at `url` of [kafka.schema_registry]";
        let url = self.base.join(path).map_err(|error| trouble(&error.to_string(), look))?;
        let mut request = self.client.get(url);
        if let Some((user, password)) = &self.login {
            request = request.basic_auth(user, Some(password));
        } else if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answered = async {
            let response = request.send().await?;
            let status = response.status();
            Ok::<_, reqwest::Error>((status, response.bytes().await?))
        };
        let (status, body) = answered.await.map_err(|error| trouble(&causes(&error.without_url()), look))?;
        match status {
            status if status.is_success() => serde_json::from_slice(&body)
                .map_err(|error| trouble(&format!("an answer that is no registry's: {error}"), look)),
            // A registry says so in JSON; a wrong path is answered by who knows whom.
            StatusCode::NOT_FOUND if body.starts_with(b"{") => {
                Err(Failure::None(format!("the registry has none: {}", said(&body))))
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(trouble(&status.to_string(), "look at user and password, or the token, of [kafka.schema_registry]"))
            }
            status => Err(trouble(&format!("{status}: {}", said(&body)), look)),
        }
    }
}

/// The registry's own words, or the beginning of what it answered.
fn said(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Words {
        message: String,
    }
    let words = serde_json::from_slice(body).map(|Words { message }| message);
    words.unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned()).chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_schema_is_asked_for_once_and_one_there_is_not_again_later() {
        let (questions, asked) = mpsc::channel();
        let mut registry = Registry { questions, told: mpsc::channel().1, asked: BTreeMap::new() };
        let none: Answer = Err("none".into());
        let known: Answer = Ok(SchemaText { language: Language::Json, text: "{}".into(), references: vec![] });
        assert!(registry.awaits(1, None) && registry.awaits(1, None));
        assert!(!registry.awaits(1, Some(&none)));
        assert!(!registry.awaits(2, Some(&known)));
        assert_eq!(asked.try_iter().collect::<Vec<_>>(), [1]);
        let Some(long_ago) = Instant::now().checked_sub(AGAIN) else { return };
        registry.asked.insert(1, long_ago);
        assert!(!registry.awaits(1, Some(&none)) && !registry.awaits(1, Some(&none)));
        assert_eq!(asked.try_iter().collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn its_own_words_are_repeated() {
        assert_eq!(said(br#"{"error_code":40403,"message":"Schema not found"}"#), "Schema not found");
        assert_eq!(said(b"<html>"), "<html>");
    }
}
