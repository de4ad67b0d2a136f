//! `forewarn explain`: where the evidence is, and which question is asked of it.

use std::io::Write;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{ExplainArgs, Failure};
use crate::alert::AlertRecord;
use crate::config::Settings;
use crate::explain::{Delivery, Evidence, ExplainError, held, life};
use crate::serve::shape;
use crate::signal::Selector;

impl From<ExplainError> for Failure {
    fn from(error: ExplainError) -> Self {
        Failure::Work(error.to_string())
    }
}

pub(super) fn explain(args: &ExplainArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let settings = args.config.settings_without_secrets()?;
    let mut evidence = match &args.from {
        Some(path) => match Evidence::of_recording(path, &settings)? {
            Some(evidence) => evidence,
            None => Evidence::of_alerts(path)?,
        },
        None => Evidence::of_state(&settings.state.directory)?,
    };
    match (&args.alert, &args.held) {
        (Some(id), _) => {
            let (records, delivery) = evidence.alert(id)?;
            if args.json {
                return Ok(writeln!(out, "{}", told(&records, &delivery))?);
            }
            write!(out, "{}", life(&records, &delivery, &settings.plan.calendar.zone))?;
        }
        (None, Some(selector)) => {
            let words = held_back(selector, &mut evidence, &settings)?;
            match args.json {
                true => writeln!(out, "{}", json!({ "selector": selector.as_str(), "words": words }))?,
                false => write!(out, "{words}")?,
            }
        }
        (None, None) => {}
    }
    Ok(())
}

/// The same as the API of the running process gives.
fn told(records: &[AlertRecord], delivery: &Delivery) -> Value {
    let (decisions, ack) = match delivery {
        Delivery::Saved { decisions, ack } => (Some(decisions), ack.as_ref()),
        Delivery::Unknown | Delivery::Unsaved => (None, None),
    };
    let decisions: Option<Vec<Value>> = decisions.map(|all| all.iter().map(shape::decision).collect());
    let id = records.first().map(|record| record.id.as_str());
    json!({ "id": id, "records": records, "delivery": decisions, "acknowledged": ack.map(shape::ack) })
}

fn held_back(selector: &Selector, evidence: &mut Evidence, settings: &Settings) -> Result<String, Failure> {
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
