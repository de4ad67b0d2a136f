//! For the shell and its reader: completions, manual pages, the dashboard.
#![expect(clippy::disallowed_methods, reason = "manual pages are files")]

use std::io::{self, Write};
use std::path::Path;

use clap::CommandFactory;

use super::{Cli, CompletionsArgs, Failure, ManArgs};

/// The dashboard of Grafana for the metrics of `run`.
const DASHBOARD: &str = include_str!("../../fixtures/dashboard.json");

pub(super) fn completions(args: &CompletionsArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "forewarn", &mut script);
    Ok(out.write_all(&script)?)
}

pub(super) fn man(args: &ManArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let mut command = Cli::command();
    command.build();
    match &args.dir {
        None => Ok(clap_mangen::Man::new(command).render(out)?),
        Some(folder) => Ok(pages(&command, "forewarn", folder)?),
    }
}

/// Writes the page of a command and those of its own commands.
fn pages(command: &clap::Command, name: &str, folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).title(name).render(&mut page)?;
    std::fs::write(folder.join(format!("{name}.1")), page)?;
    let inner = command.get_subcommands().filter(|inner| !inner.is_hide_set());
    inner.into_iter().try_for_each(|inner| pages(inner, &format!("{name}-{}", inner.get_name()), folder))
}

pub(super) fn dashboard(out: &mut dyn Write) -> Result<(), Failure> {
    Ok(out.write_all(DASHBOARD.as_bytes())?)
}
