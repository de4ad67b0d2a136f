//! Why a command failed, and the exit code for it.

use std::io::{self, Write};

use crate::config::Problems;
use crate::eval::EvalError;
use crate::replay::ReplayError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line asks for what cannot be: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// The configuration is wrong: exit code 2.
    #[error("{0}")]
    Configuration(Box<Problems>),
    /// The configuration is wrong, and it was said in another way: exit code 2.
    #[error("the configuration is wrong")]
    Told,
    /// The work could not be done: exit code 1.
    #[error("{0}")]
    Work(String),
    /// The results could not be written: exit code 1.
    #[error("cannot write the results: {0}")]
    Output(#[from] io::Error),
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Failure::Configuration(Box::new(problems))
    }
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Usage(_) | ReplayError::Recording(_) => Failure::Usage(error.to_string()),
            // Whoever listened to the results has heard enough.
            ReplayError::Write { source, .. } if source.kind() == io::ErrorKind::BrokenPipe => Failure::Output(source),
            ReplayError::NoInput(_) | ReplayError::Write { .. } => Failure::Work(error.to_string()),
        }
    }
}

impl From<EvalError> for Failure {
    fn from(error: EvalError) -> Self {
        match error {
            EvalError::Layout(_) => Failure::Usage(error.to_string()),
            EvalError::Replay(error) => error.into(),
            EvalError::Output(error) => Failure::Output(error),
            EvalError::Read { .. } | EvalError::Write { .. } => Failure::Work(error.to_string()),
        }
    }
}

#[cfg(feature = "kafka")]
impl From<crate::demo::DemoError> for Failure {
    fn from(error: crate::demo::DemoError) -> Self {
        match error {
            crate::demo::DemoError::Output(error) => Failure::Output(error),
            error => Failure::Work(error.to_string()),
        }
    }
}

impl Failure {
    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Usage(_) | Failure::Configuration(_) | Failure::Told => 2,
            // Whoever read the results has read enough.
            Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Failure::Work(_) | Failure::Output(_) => 1,
        }
    }

    /// Says why, and gives the exit code.
    pub(super) fn report(&self, err: &mut dyn Write, colours: bool) -> u8 {
        let said = match self {
            Failure::Configuration(problems) => tell(problems, err, colours),
            Failure::Told => Ok(()),
            _ if self.code() == 0 => Ok(()),
            other => writeln!(err, "error: {other}"),
        };
        // Where nobody listens the exit code must do.
        said.map_or(self.code(), |()| self.code())
    }
}

/// Writes problems and their number.
pub(super) fn tell(problems: &Problems, err: &mut dyn Write, colours: bool) -> io::Result<()> {
    let count = |number: usize, what: &str| match number {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{number} {what}s")),
    };
    let counts = [count(problems.errors(), "error"), count(problems.warnings(), "warning")];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    if counts.is_empty() {
        return Ok(());
    }
    writeln!(err, "{}\n\n{}: {}", problems.render(colours), problems.origin, counts.join(", "))
}
