//! `forewarn explain`: where the evidence is, and which question is asked of it.

use std::io::Write;
use std::sync::Arc;

use super::{ExplainArgs, Failure};
use crate::config::Settings;
use crate::explain::{Evidence, ExplainError, held, life};
use crate::signal::Selector;

impl From<ExplainError> for Failure {
    fn from(error: ExplainError) -> Self {
        Failure::Work(error.to_string())
    }
}

pub(super) fn explain(args: &ExplainArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let settings = args.config.settings_without_secrets()?;
    let evidence = match &args.from {
        Some(path) => Evidence::of_alerts(path)?,
        None => Evidence::of_state(&settings.state.directory)?,
    };
    match (&args.alert, &args.held) {
        (Some(id), _) => {
            let (records, delivery) = evidence.alert(id)?;
            write!(out, "{}", life(&records, &delivery, &settings.plan.calendar.zone))?;
        }
        (None, Some(selector)) => write!(out, "{}", held_back(selector, &evidence, &settings)?)?,
        (None, None) => {}
    }
    Ok(())
}

fn held_back(selector: &Selector, evidence: &Evidence, settings: &Settings) -> Result<String, Failure> {
    let engine = evidence.engine(Arc::clone(&settings.plan))?;
    let told = held(selector, &engine, &evidence.latest(), &settings.plan.calendar.zone);
    told.ok_or_else(|| {
        let watched = engine.watches().count();
        Failure::Work(format!(
            "no signal that is watched is meant by `{selector}` ({watched} are): check the name and labels, or whether its \
             topic is read (`forewarn check`)"
        ))
    })
}
