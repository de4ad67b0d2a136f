//! The whole configuration, typed: the core's [`Plan`] and what the shell needs around it.
//!
//! Every value is set: what an operator left out carries its default here.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use super::given::Given;
use super::presets::{self, Model};
use crate::alert::Urgency;
use crate::plan::Plan;
use crate::signal::Selector;
use crate::time::{Span, Timestamp};

/// A resolved configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the engine was asked to do.
    pub plan: Arc<Plan>,
    /// Where the plan's presets come from: `[[preset]]` first, then `models/`.
    pub models: Vec<Model>,
    /// Where records come from and alerts go; none for `replay` without it.
    pub kafka: Option<Kafka>,
    /// `[state]`.
    pub state: State,
    /// `[time]`.
    pub time: Lateness,
    /// `[record]`.
    pub record: Recording,
    /// `[http]`; none switches it off.
    pub http: Option<Http>,
    /// `[deliver]`.
    pub deliver: Deliver,
    /// `[[receiver]]`; none means shadow: nothing is sent.
    pub receivers: Vec<Receiver>,
    /// `[[route]]`, first match; none means that every receiver gets everything.
    pub routes: Vec<Route>,
    /// The files of `[templates] folder`, each in the place of a built-in template.
    pub templates: Vec<TemplateFile>,
    /// What all this was read from.
    pub given: Arc<Given>,
}

/// The names that a file in the folder of templates may have.
pub const TEMPLATES: [&str; 6] =
    ["mail-subject.txt", "mail.txt", "mail.html", "slack.json", "teams.json", "summary.txt"];

/// A template in the place of a built-in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFile {
    /// Its name, one of [`TEMPLATES`].
    pub name: String,
    /// Where it was read.
    pub path: PathBuf,
    /// Its text.
    pub source: String,
}

/// `[kafka]`.
#[derive(Clone)]
pub struct Kafka {
    /// `host:port`, comma separated.
    pub brokers: String,
    /// Names, or `^` and a regular expression.
    pub topics: Vec<String>,
    /// The consumer group.
    pub group: String,
    /// Where alert records are written.
    pub alerts_topic: Option<String>,
    /// Where rejects are written; else a file under the state directory.
    pub dead_letters: Option<String>,
    /// Where reading begins without a checkpoint.
    pub from: From,
    /// The formats of topics that need not be recognised: topic and format, one of [`Kafka::FORMATS`].
    pub formats: BTreeMap<String, String>,
    /// Who is asked for the schemas of messages that need one.
    pub schema_registry: Option<SchemaRegistry>,
    /// librdkafka's own settings.
    pub properties: BTreeMap<String, String>,
}

/// A Schema Registry that speaks Confluent's API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaRegistry {
    /// Its address, up to `/schemas` and `/subjects`.
    pub url: String,
    /// User and password, where it asks for them.
    pub login: Option<(String, Secret)>,
    /// A bearer token, where it asks for that.
    pub token: Option<Secret>,
    /// An authority that is trusted beside those everybody trusts (PEM).
    pub ca_file: Option<PathBuf>,
}

impl Kafka {
    /// The consumer group where none is named.
    pub const GROUP: &'static str = "forewarn";

    /// The formats' names, in the order in which a message is tried.
    pub const FORMATS: [&'static str; 13] = [
        "remote-write",
        "otlp",
        "otlp-json",
        "cloudevents",
        "telegraf",
        "metricbeat",
        "json-metrics",
        "json-logs",
        "prometheus",
        "syslog",
        "logfmt",
        "influx",
        "text",
    ];

    /// A consumer of these topics and nothing else.
    pub fn new(brokers: String, topics: Vec<String>) -> Self {
        Kafka {
            brokers,
            topics,
            group: Kafka::GROUP.to_owned(),
            alerts_topic: None,
            dead_letters: None,
            from: From::Earliest,
            formats: BTreeMap::new(),
            schema_registry: None,
            properties: BTreeMap::new(),
        }
    }
}

impl std::fmt::Debug for Kafka {
    /// Names the properties and hides their values: some are passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kafka")
            .field("brokers", &self.brokers)
            .field("topics", &self.topics)
            .field("group", &self.group)
            .field("alerts_topic", &self.alerts_topic)
            .field("dead_letters", &self.dead_letters)
            .field("from", &self.from)
            .field("formats", &self.formats)
            .field("properties", &self.properties.keys().collect::<Vec<_>>())
            .finish()
    }
}

/// Where reading begins where there is no checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// The oldest record kept.
    Earliest,
    /// Only new records.
    Latest,
    /// So far back from the present.
    Back(Span),
    /// A moment.
    At(Timestamp),
}

/// `[state]`.
#[derive(Clone, Debug)]
pub struct State {
    /// The directory, locked by one process.
    pub directory: PathBuf,
    /// How often a checkpoint is written.
    pub interval: Span,
}

/// `[time]`.
#[derive(Clone, Debug)]
pub struct Lateness {
    /// The bound for all topics; also the least delay of a decision.
    pub lateness: Span,
    /// Other bounds by topic.
    pub by_topic: BTreeMap<String, Span>,
    /// A partition that has records but cannot be read for so long is let go.
    pub stall: Span,
}

/// `[record]`: the bounds of what `run --record` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recording {
    /// The bytes of all files together; beyond it the oldest file goes.
    pub size: u64,
    /// The bytes at which the next file begins.
    pub file_size: u64,
    /// A file last written longer ago goes.
    pub age: Span,
}

/// `[http]`.
#[derive(Clone, Debug)]
pub struct Http {
    /// The address to listen at.
    pub listen: SocketAddr,
    /// Whether the operator named it: then a taken port is an error; else it is only a pity.
    pub asked: bool,
    /// The bearer token; required beyond loopback.
    pub token: Option<Secret>,
}

impl Http {
    /// The port where none is named.
    pub const PORT: u16 = 9464;
}

/// `[deliver]`.
#[derive(Clone, Debug)]
pub struct Deliver {
    /// Notifications whose deciding time is older are not sent.
    pub stale: Span,
    /// How long an undelivered notification is tried again.
    pub expiry: Span,
    /// A still open page is told again after so long.
    pub repeat: Span,
    /// The heartbeat: a request to this address, so often, while all is well.
    pub heartbeat: Option<(String, Span)>,
}

/// `[[receiver]]`.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// Its name.
    pub name: String,
    /// How it is reached.
    pub channel: Channel,
    /// How many messages it gets in how long a time; none: as many as there are.
    pub pace: Option<Pace>,
}

/// `at_most = "10/hour"` of a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// So many messages,
    pub most: u32,
    /// in so long a time.
    pub per: Span,
    /// Whether pages wait for their turn too.
    pub pages: bool,
}

/// How a receiver is reached.
#[derive(Clone, Debug)]
pub enum Channel {
    /// E-mail by SMTP.
    Email(Email),
    /// An HTTP request.
    Webhook(Webhook),
    /// A message in Slack.
    Slack(Chat),
    /// A card in Microsoft Teams.
    Teams(Chat),
    /// An incident of PagerDuty.
    PagerDuty(PagerDuty),
    /// An alert of Prometheus Alertmanager.
    Alertmanager(Alertmanager),
}

/// `email = { … }`.
#[derive(Clone, Debug)]
pub struct Email {
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: SmtpTls,
    /// The PEM file of an authority to trust besides the usual ones.
    pub ca_file: Option<PathBuf>,
    /// The login, if one is needed.
    pub login: Option<(String, Secret)>,
    /// The sender's address.
    pub from: String,
    /// The recipients' addresses.
    pub to: Vec<String>,
}

/// How an SMTP connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// Clear at first, upgraded before anything is said; refused where the server cannot.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// Clear text, because the operator said so.
    None,
}

/// `webhook = { … }`.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// The address.
    pub url: String,
    /// The Standard Webhooks secret (`whsec_…` or base64), if requests are to be signed.
    pub secret: Option<Secret>,
    /// How long a request may take.
    pub timeout: Span,
    /// The PEM file of an authority to trust besides the usual ones.
    pub ca_file: Option<PathBuf>,
}

/// How long a request may take where nothing is said.
pub(super) const TIMEOUT: Span = Span::from_secs(10);

/// `slack = { … }` and `teams = { … }`.
#[derive(Clone, Debug)]
pub struct Chat {
    /// The address of the incoming webhook (Slack) or of the workflow (Teams): who has it can write to the channel.
    pub url: Secret,
    /// How long a request may take.
    pub timeout: Span,
    /// The PEM file of an authority to trust besides the usual ones.
    pub ca_file: Option<PathBuf>,
}

/// `pagerduty = { … }`.
#[derive(Clone, Debug)]
pub struct PagerDuty {
    /// The integration key of a service.
    pub routing_key: Secret,
    /// The address of the Events API.
    pub url: String,
    /// How long a request may take.
    pub timeout: Span,
    /// The PEM file of an authority to trust besides the usual ones.
    pub ca_file: Option<PathBuf>,
}

impl PagerDuty {
    /// The address of the Events API, version 2.
    pub const URL: &'static str = "https://events.pagerduty.com/v2/enqueue";
}

/// `alertmanager = { … }`.
#[derive(Clone, Debug)]
pub struct Alertmanager {
    /// Its address, without a path of the API.
    pub url: String,
    /// A login, if a proxy before it wants one.
    pub login: Option<(String, Secret)>,
    /// A bearer token, if a proxy before it wants one.
    pub token: Option<Secret>,
    /// How long a request may take.
    pub timeout: Span,
    /// The PEM file of an authority to trust besides the usual ones.
    pub ca_file: Option<PathBuf>,
}

/// `[[route]]`.
#[derive(Clone, Debug)]
pub struct Route {
    /// The alerts it takes: matched on any of the alert's signals, on `service`, `kind` and `urgency`.
    pub matches: Selector,
    /// The alerts that it does not take although they match.
    pub except: Vec<Selector>,
    /// The receivers' names.
    pub to: Vec<String>,
    /// The least urgency that goes this way.
    pub at_least: Urgency,
    /// The urgency of everything that goes this way, whatever it would be.
    pub urgency: Option<Urgency>,
    /// What these people need to act, where it is not what `[calendar]` says.
    pub reaction: Option<Span>,
    /// Whether the routes after this one are asked too.
    pub goes_on: bool,
    /// Routes within this one: the first that takes an alert decides, else this one.
    pub within: Vec<Route>,
}

impl Route {
    /// A route that takes what the selector means, and nothing else said.
    pub fn new(matches: Selector, to: Vec<String>) -> Route {
        Route {
            matches,
            except: Vec::new(),
            to,
            at_least: Urgency::Digest,
            urgency: None,
            reaction: None,
            goes_on: false,
            within: Vec::new(),
        }
    }

    /// Whether it, or a route within it, has a word on urgency.
    pub fn says_urgency(&self) -> bool {
        self.urgency.is_some() || self.reaction.is_some() || self.within.iter().any(Route::says_urgency)
    }

    /// Whether it, or a route within it, leads to a receiver.
    pub fn leads_to(&self, receiver: &str) -> bool {
        self.to.iter().any(|name| name == receiver) || self.within.iter().any(|route| route.leads_to(receiver))
    }
}

/// A secret, read from its file; never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps the text; surrounding white space (a file's last line end) is dropped.
    pub fn new(text: &str) -> Self {
        Secret(text.trim().to_owned())
    }

    /// The text, for the one place that must send it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

impl Settings {
    /// Whether nothing is sent: there is nobody to tell.
    pub fn is_shadow(&self) -> bool {
        self.receivers.is_empty()
    }
}

impl Default for Settings {
    /// What holds without any configuration: everything judged, nothing read, nothing sent.
    fn default() -> Self {
        let models = presets::models().to_vec();
        let plan = Plan { presets: presets::presets_of(&models), ..Plan::default() };
        Settings {
            plan: Arc::new(plan),
            models,
            kafka: None,
            state: State::default(),
            time: Lateness::default(),
            record: Recording::default(),
            http: Some(Http::default()),
            deliver: Deliver::default(),
            receivers: Vec::new(),
            routes: Vec::new(),
            templates: Vec::new(),
            given: Arc::default(),
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Http { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, Http::PORT)), asked: false, token: None }
    }
}

impl Default for Lateness {
    fn default() -> Self {
        Lateness { lateness: Span::from_secs(30), by_topic: BTreeMap::new(), stall: Span::from_secs(60) }
    }
}

impl Default for Deliver {
    fn default() -> Self {
        Deliver { stale: Span::from_hours(1), expiry: Span::from_days(1), repeat: Span::from_hours(4), heartbeat: None }
    }
}

impl Default for State {
    fn default() -> Self {
        State { directory: PathBuf::from("forewarn-state"), interval: Span::from_secs(30) }
    }
}

impl Default for Recording {
    fn default() -> Self {
        Recording { size: 1 << 30, file_size: 64 << 20, age: Span::from_days(7) }
    }
}
