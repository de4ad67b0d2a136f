//! What can be asked: the commands and their options. The help is written to teach.
#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "these texts are the help on the terminal, where [state] is a table"
)]

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

use super::{Failure, LogOptions};
use crate::config::presets::Model;
use crate::config::{self, Loaded, Purpose, Receiver, Settings};
use crate::signal::Selector;
use crate::time::{Span, Timestamp};

/// Knows that a system will fail before its users do: Kafka in, predictive alerts out.
///
/// forewarn reads metrics and logs from Kafka, keeps a rolling baseline of every signal, predicts when objectives and
/// limits will be passed, and tells people in time and once.
#[derive(Parser, Clone, Debug)]
#[command(name = "forewarn", version, max_term_width = 120, disable_help_subcommand = true, after_help = START)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How and how much is logged.
    #[command(flatten)]
    pub log: LogOptions,
}

const START: &str = "\
Start here:
  forewarn demo                                       a small shop fails; alerts come before
  forewarn run --brokers kafka:9092 --topics metrics  your own topics, in shadow: nothing is sent
  forewarn check                                      before you let it tell people

Exit code: 0 whatever was found, 2 for bad usage or configuration, 1 where the work failed.";

/// The commands.
#[derive(Subcommand, Clone, Debug)]
pub enum Command {
    /// Read Kafka, judge, warn: the live process
    Run(RunArgs),
    /// Judge files as `run` would have judged them, as fast as it goes; sends nothing
    Replay(ReplayCommand),
    /// Measure accuracy, lead time and calibration against labelled data
    Eval(EvalCommand),
    /// See it work in a minute: a simulated shop fails, the real pipeline warns
    Demo(DemoArgs),
    /// Show every problem of a configuration at once, with file, line, column and a hint
    Check(CheckArgs),
    /// Say why an alert was raised, or why one was held back
    Explain(ExplainArgs),
    /// Turn log lines into templates
    Templates(TemplatesArgs),
    /// Show the presets: what each matches and how it judges
    Models(ModelsArgs),
    /// Send no notifications for a selector until a time; resolves still go out
    Silence(SilenceArgs),
    /// Show the changes of late, and whether each helped or hurt
    Changes(ChangesArgs),
    /// Say that someone is on it: no repeats, no escalation of this alert
    Ack(AckArgs),
    /// Send a marked test message through the real path to one receiver
    SendTest(SendTestArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man(ManArgs),
    /// Print the Grafana dashboard of the metrics that `run` serves, as JSON
    Dashboard,
}

/// `forewarn completions`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  forewarn completions bash > /etc/bash_completion.d/forewarn
  forewarn completions zsh  > ~/.zfunc/_forewarn")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: clap_complete::Shell,
}

/// `forewarn man`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  forewarn man | man -l -
  forewarn man --dir /usr/local/share/man/man1")]
pub struct ManArgs {
    /// Write the pages of all commands into this folder instead
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// The configuration file of commands that need one.
#[derive(Args, Clone, Debug, Default)]
pub struct ConfigArg {
    /// The configuration file [default: forewarn.toml]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

impl ConfigArg {
    /// The file meant.
    pub fn path(&self) -> &Path {
        self.config.as_deref().unwrap_or(Path::new(config::DEFAULT_FILE))
    }

    /// Whether a file is named, or is where one is expected.
    pub fn is_there(&self) -> bool {
        self.config.is_some() || self.path().is_file()
    }

    /// The settings of the file.
    pub fn settings(&self) -> Result<Settings, Failure> {
        Ok(usable(config::load_for(self.path(), Purpose::Run)?))
    }

    /// The settings of the file, if one is named or there; else the defaults.
    pub fn settings_if_there(&self) -> Result<Settings, Failure> {
        self.settings_if_there_for(Purpose::Run)
    }

    /// The same for those who only look: secrets are neither needed nor read.
    pub fn settings_without_secrets(&self) -> Result<Settings, Failure> {
        self.settings_if_there_for(Purpose::Replay)
    }

    fn settings_if_there_for(&self, purpose: Purpose) -> Result<Settings, Failure> {
        match self.is_there() {
            true => Ok(usable(config::load_for(self.path(), purpose)?)),
            false => Ok(usable(config::without_file(purpose)?)),
        }
    }
}

/// Warnings go to the log: the command works in spite of them.
fn usable(loaded: Loaded) -> Settings {
    for problem in &loaded.warnings.list {
        tracing::warn!(file = loaded.warnings.origin, hint = problem.hint, "{}", problem.message);
    }
    loaded.settings
}

/// `forewarn run`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  forewarn run --brokers kafka:9092 --topics metrics,logs  in shadow: nothing is sent
  forewarn run --config forewarn.toml
  forewarn run --backfill                                  learns from what Kafka still holds first

SIGTERM saves the state and ends within ten seconds; the next start goes on from there.")]
pub struct RunArgs {
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigArg,
    /// Kafka's address, host:port, several with commas; over the configuration's
    #[arg(long, value_name = "HOST:PORT")]
    pub brokers: Option<String>,
    /// The topics, with commas: names, or ^ and a regular expression; over the configuration's
    #[arg(long, value_name = "TOPIC", value_delimiter = ',')]
    pub topics: Vec<String>,
    /// Learn from the oldest records that Kafka holds before the first word is said
    #[arg(long)]
    pub backfill: bool,
    /// Record what is read into this folder, for `replay`
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
}

impl RunArgs {
    /// The settings: of the file, if one is named or there; else of the command line alone, in shadow.
    pub fn settings(&self) -> Result<Settings, Failure> {
        let is_there = self.config.is_there();
        let base = self.config.settings_if_there()?;
        let settings = config::with_kafka(base, self.brokers.as_deref(), &self.topics)?;
        if settings.kafka.is_none() {
            let missing = if is_there { "the configuration has no [kafka]" } else { "there is no forewarn.toml here" };
            let message = format!("{missing}: name brokers and topics (--brokers kafka:9092 --topics metrics,logs)");
            return Err(Failure::Usage(message));
        }
        Ok(settings)
    }
}

/// `forewarn replay`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  forewarn replay metrics.lp                                alerts as text
  forewarn replay --config forewarn.toml recordings/ --alerts alerts.jsonl --report told.json
  forewarn replay data.csv --scores scores/                 the scores of every row

By extension: .lp .influx .otlp.jsonl .jsonl .csv .log .arrow .parquet, each also as .gz or .zst.
It is the engine of `run`, in event time: the same records give the same alerts.")]
pub struct ReplayCommand {
    /// The configuration file; without one the defaults hold
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to read, and where the results go.
    #[command(flatten)]
    pub work: crate::replay::ReplayArgs,
}

impl ReplayCommand {
    /// The settings: of the file if one is named, else the defaults. Secrets are not read.
    pub fn settings(&self) -> Result<Settings, Failure> {
        match &self.config {
            Some(path) => Ok(usable(config::load_for(path, Purpose::Replay)?)),
            None => Ok(Settings::default()),
        }
    }
}

/// `forewarn eval`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  forewarn eval NAB/                      NAB's layout: its three official profiles
  forewarn eval services/ --json out.json CSV files with timestamp,value,label
  forewarn eval drives/                   failures.csv beside a wide CSV by unit (serial, date, ...)
  forewarn eval loghub/                   *_structured*.csv: the scores of log templates

One configuration for everything in one run; a folder of such folders is measured folder by folder.")]
pub struct EvalCommand {
    /// The configuration file; without one the defaults hold
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to measure.
    #[command(flatten)]
    pub work: crate::eval::EvalArgs,
}

impl EvalCommand {
    /// The settings: of the file if one is named, else the defaults. Secrets are not read.
    pub fn settings(&self) -> Result<Settings, Failure> {
        match &self.config {
            Some(path) => Ok(usable(config::load_for(path, Purpose::Replay)?)),
            None => Ok(Settings::default()),
        }
    }
}

/// `forewarn demo`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Ends with one JSON line for each failure on stdout; exit code 1 where no alert came before an impact.
Another --seed is another story: nothing is staged.")]
pub struct DemoArgs {
    /// No story, only the lines at the end, as fast as it goes
    #[arg(long)]
    pub headless: bool,
    /// How long it may take
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = span)]
    pub length: Span,
    /// Which story
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

#[cfg(feature = "kafka")]
impl DemoArgs {
    /// What is meant, with or without colours.
    pub fn options(&self, colours: bool) -> crate::demo::Options {
        let length = std::time::Duration::from_nanos(self.length.nanos().max(0).unsigned_abs());
        crate::demo::Options { seed: self.seed, length, headless: self.headless, colours }
    }
}

/// `forewarn check`.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigArg,
    /// As JSON, problems and all
    #[arg(long)]
    pub json: bool,
}

/// `forewarn explain`.
#[derive(Args, Clone, Debug)]
#[command(
    group = clap::ArgGroup::new("what").required(true).args(["alert", "held"]),
    after_help = "\
Examples:
  forewarn explain 4f1c09ab22d07e15
  forewarn explain --held 'disk_used_ratio{host=\"db-1\"}'
  forewarn explain 4f1c09ab22d07e15 --from alerts.jsonl"
)]
pub struct ExplainArgs {
    /// The alert's id, as messages show it
    #[arg(value_name = "ALERT_ID")]
    pub alert: Option<String>,
    /// Say instead why nothing was said of these signals
    #[arg(long, value_name = "SELECTOR", value_parser = selector)]
    pub held: Option<Selector>,
    /// Read alerts or a recording from here instead of [state]
    #[arg(long, value_name = "ALERTS|RECORDING")]
    pub from: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigArg,
}

/// `forewarn templates`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Writes line,template_id,template as CSV; variables are written <name>.")]
pub struct TemplatesArgs {
    /// The log file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The ids as they were given at once, instead of as they stand after the last line
    #[arg(long)]
    pub arrival: bool,
    /// Write here instead of to stdout
    #[arg(long, value_name = "OUT.csv")]
    pub out: Option<PathBuf>,
}

/// `forewarn models`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  forewarn models
  forewarn models --signal 'http_request_duration_seconds{stat=\"p99\"}'")]
pub struct ModelsArgs {
    /// Which preset takes this signal, and why
    #[arg(long, value_name = "SIGNAL", value_parser = selector)]
    pub signal: Option<Selector>,
    /// Take the [[preset]]s of this configuration into account
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

impl ModelsArgs {
    /// The models in the order in which they are asked.
    pub fn models(&self) -> Result<Vec<Model>, Failure> {
        match &self.config {
            Some(path) => Ok(config::load_for(path, Purpose::Replay)?.settings.models),
            None => Ok(Settings::default().models),
        }
    }
}

/// `forewarn silence`.
#[derive(Args, Clone, Debug)]
pub struct SilenceArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: SilenceCommand,
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigArg,
}

/// What `silence` does.
#[derive(Subcommand, Clone, Debug)]
pub enum SilenceCommand {
    /// Begin a silence
    #[command(after_help = "\
Examples:
  forewarn silence add 'service=\"checkout\"' --for 2h --reason 'planned migration'
  forewarn silence add 'disk_used_ratio{host=~\"db-.*\"}' --until 2026-11-24T06:00:00Z")]
    Add {
        /// Whose notifications are held back
        #[arg(value_parser = selector)]
        selector: Selector,
        /// When it ends.
        #[command(flatten)]
        until: Until,
        /// Why, for those who wonder
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Show the silences that hold
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// End a silence now
    End {
        /// Its id, as `list` shows it
        id: String,
    },
}

/// When a silence ends: after a time or at a moment.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub struct Until {
    /// How long it holds
    #[arg(long = "for", value_name = "TIME", value_parser = span)]
    pub length: Option<Span>,
    /// When it ends, RFC 3339
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub until: Option<Timestamp>,
}

impl Until {
    /// The moment it ends, for one that begins `now`.
    pub fn end(&self, now: Timestamp) -> Timestamp {
        self.until.unwrap_or_else(|| now + self.length.unwrap_or_default())
    }
}

/// `forewarn ack`.
#[derive(Args, Clone, Debug)]
pub struct AckArgs {
    /// The alert's id, as messages show it
    #[arg(value_name = "ALERT_ID")]
    pub alert: String,
    /// Nobody needed to hear of it: said of an alert that is open or over, it tells forewarn how much is too much
    #[arg(long)]
    pub unneeded: bool,
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigArg,
}

/// `forewarn changes`.
#[derive(Args, Clone, Debug)]
pub struct ChangesArgs {
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigArg,
}

/// `forewarn send-test`.
#[derive(Args, Clone, Debug)]
pub struct SendTestArgs {
    /// The receiver's name in the configuration
    #[arg(value_name = "RECEIVER")]
    pub receiver: String,
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigArg,
}

impl SendTestArgs {
    /// The receiver meant.
    pub fn receiver_of<'a>(&self, settings: &'a Settings) -> Result<&'a Receiver, Failure> {
        let names: Vec<&str> = settings.receivers.iter().map(|receiver| receiver.name.as_str()).collect();
        let found = settings.receivers.iter().find(|receiver| receiver.name == self.receiver);
        let known =
            if names.is_empty() { "there is none".to_owned() } else { format!("there are {}", names.join(", ")) };
        found.ok_or_else(|| Failure::Usage(format!("no receiver is named `{}`; {known}", self.receiver)))
    }
}

fn span(text: &str) -> Result<Span, String> {
    let span = Span::parse(text).filter(|span| Span::ZERO < *span);
    span.ok_or_else(|| "write a number and a unit, such as 30s, 5m, 1h30m or 2d".to_owned())
}

fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_rfc3339(text).ok_or_else(|| "write RFC 3339, such as 2026-11-24T06:00:00Z".to_owned())
}

fn selector(text: &str) -> Result<Selector, String> {
    Selector::parse(text).map_err(|error| {
        let caret = format!("  {text}\n  {}^", " ".repeat(text.get(..error.at).map_or(0, |head| head.chars().count())));
        let hint = error.hint.map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
        format!("{}\n{caret}{hint}", error.message)
    })
}
