//! The command line: what is asked, how it is answered, and the exit code.
//!
//! 0 where the work was done, whatever was found; 2 for bad usage or configuration; 1 where the work could not be done.

mod api;
mod args;
mod check;
mod explain;
mod failure;
mod logging;
mod models;
mod operate;
mod shell;
mod templates;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

pub use args::{
    AckArgs, ChangesArgs, CheckArgs, Cli, Command, CompletionsArgs, ConfigArg, DemoArgs, EvalCommand, ExplainArgs,
    ManArgs, ModelsArgs, ReplayCommand, RunArgs, SendTestArgs, SilenceArgs, SilenceCommand, TemplatesArgs, Until,
};
pub use failure::Failure;
pub use logging::{LogFormat, LogOptions};

/// Runs the program with the process's own arguments and streams. Colours go to a terminal that wants them (`NO_COLOR`).
#[expect(clippy::disallowed_methods, reason = "the terminal's wishes are in the environment")]
pub fn main() -> ExitCode {
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|text| text.is_empty());
    let code = run(std::env::args_os(), &mut io::stdout(), &mut io::stderr(), colours);
    ExitCode::from(code)
}

/// Runs one command line; results go to `out`, everything else to `err`. Gives the exit code.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    out: &mut dyn Write,
    err: &mut dyn Write,
    colours: bool,
) -> u8 {
    let parsed = Cli::command().try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let (stream, code): (&mut dyn Write, u8) = if error.use_stderr() { (err, 2) } else { (out, 0) };
            let text = error.render();
            // Where nobody listens there is nothing left to do.
            let _ = if colours { write!(stream, "{}", text.ansi()) } else { write!(stream, "{text}") };
            return code;
        }
    };
    // The demo tells its own story; the log would talk over it.
    let level = if matches!(cli.command, Command::Demo(_)) { "error" } else { "info" };
    if let Err(failure) = cli.log.start(level) {
        return failure.report(err, colours);
    }
    match dispatch(cli.command, out, err, colours) {
        Ok(()) => 0,
        Err(failure) => failure.report(err, colours),
    }
}

fn dispatch(command: Command, out: &mut dyn Write, err: &mut dyn Write, colours: bool) -> Result<(), Failure> {
    match command {
        Command::Check(args) => check::check(&args, out, err, colours),
        Command::Models(args) => models::models(&args, out),
        Command::Run(args) => {
            let settings = args.settings()?;
            live(settings, &args)
        }
        Command::Replay(args) => {
            let settings = args.settings()?;
            crate::replay::replay(&args.work, &settings)?;
            Ok(())
        }
        Command::Eval(args) => {
            let settings = args.settings()?;
            Ok(crate::eval::eval(&args.work, &settings, out)?)
        }
        Command::Demo(args) => demo(&args, out, err, colours),
        Command::Explain(args) => explain::explain(&args, out),
        Command::Templates(args) => templates::templates(&args, out),
        Command::Silence(args) => operate::silence(&args, out),
        Command::Changes(args) => operate::changes(&args, out),
        Command::Ack(args) => operate::ack(&args, out),
        Command::SendTest(args) => operate::test(&args, out),
        Command::Completions(args) => shell::completions(&args, out),
        Command::Man(args) => shell::man(&args, out),
        Command::Dashboard => shell::dashboard(out),
    }
}

/// The demo, where this binary holds the live process.
#[cfg(feature = "kafka")]
fn demo(args: &DemoArgs, out: &mut dyn Write, err: &mut dyn Write, colours: bool) -> Result<(), Failure> {
    let outcome = crate::demo::demo(&args.options(colours && io::stdout().is_terminal()), out)?;
    let silent = outcome.foresights.iter().filter(|foresight| foresight.warning.is_none()).count();
    match (outcome.whole, outcome.foresights.len()) {
        (_, 0) => Err(Failure::Work("it ended before users felt anything; give it more time, such as --for 3m".into())),
        (_, all) if 0 < silent => Err(Failure::Work(format!("nothing was said before {silent} of {all} failures"))),
        (false, _) => Ok(writeln!(err, "the story was cut short; give it more time, such as --for 3m")?),
        (true, _) => Ok(()),
    }
}

#[cfg(not(feature = "kafka"))]
fn demo(_: &DemoArgs, _: &mut dyn Write, _: &mut dyn Write, _: bool) -> Result<(), Failure> {
    Err(Failure::Work(WITHOUT_KAFKA.into()))
}

#[cfg(not(feature = "kafka"))]
const WITHOUT_KAFKA: &str = "this binary was built without the feature `kafka`; build it with the default features";

/// The live process, where this binary holds it.
#[cfg(feature = "kafka")]
fn live(settings: crate::config::Settings, args: &RunArgs) -> Result<(), Failure> {
    let again = args.clone();
    let reload = crate::run::Reload {
        path: args.config.is_there().then(|| args.config.path().to_owned()),
        load: std::sync::Arc::new(move || again.settings().map_err(|failure| failure.to_string())),
    };
    let options = crate::run::Options {
        backfill: args.backfill,
        record: args.record.clone(),
        reload: Some(reload),
        ..Default::default()
    };
    crate::run::run(settings, options).map_err(|error| Failure::Work(error.to_string()))
}

#[cfg(not(feature = "kafka"))]
fn live(_: crate::config::Settings, _: &RunArgs) -> Result<(), Failure> {
    Err(Failure::Work(WITHOUT_KAFKA.into()))
}
