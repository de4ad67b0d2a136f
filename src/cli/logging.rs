//! Logs: to stderr, as text or JSON.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

use super::Failure;

/// How and how much is logged.
#[derive(Args, Clone, Debug)]
pub struct LogOptions {
    /// What is logged to stderr: error, warn, info, debug, trace, or by module (`info,forewarn::deliver=debug`)
    /// [default: info; for demo: error]
    #[arg(id = "log_level", long = "log", value_name = "LEVEL", global = true, help_heading = "Logging")]
    pub level: Option<String>,
    /// How it is written
    #[arg(id = "log_format", long = "log-format", value_name = "FORMAT", value_enum, default_value_t = LogFormat::Text, global = true, help_heading = "Logging")]
    pub format: LogFormat,
}

/// How logs are written.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object per line
    Json,
}

impl LogOptions {
    /// Starts the log, at the level `default` where none was asked for; a second start in one process changes nothing.
    pub(super) fn start(&self, default: &str) -> Result<(), Failure> {
        let level = self.level.as_deref().unwrap_or(default);
        let filter = EnvFilter::try_new(level).map_err(|error| {
            let hint = "write error, warn, info, debug or trace";
            Failure::Usage(format!("--log: `{level}` is no level: {error}; {hint}"))
        })?;
        let writer = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        // An error says that a log was started before, as tests in one process do.
        let _ = match self.format {
            LogFormat::Text => writer.with_ansi(std::io::stderr().is_terminal()).try_init(),
            LogFormat::Json => writer.json().flatten_event(true).try_init(),
        };
        Ok(())
    }
}
