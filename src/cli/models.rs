//! `forewarn models`: the presets, what each takes and how it judges; or which one takes a signal, and why.

use std::io::{self, Write};

use super::{Failure, ModelsArgs};
use crate::config::presets::{self, Unit};
use crate::plan::{Preset, Side};
use crate::signal::Selector;

pub(super) fn models(args: &ModelsArgs, out: &mut dyn Write) -> Result<(), Failure> {
    match &args.signal {
        Some(selector) => which(selector, out),
        None => Ok(all(out)?),
    }
}

fn all(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "The first that takes a signal judges it; names are whole, blind to case.\n")?;
    for model in presets::models() {
        writeln!(out, "{:<12}{}", model.name, model.about)?;
        for unit in &model.units {
            writeln!(out, "  {:<10}{}", unit.preset.unit.as_deref().unwrap_or("any unit"), judgement(&unit.preset))?;
            for line in wrapped(unit, 106) {
                writeln!(out, "            {line}")?;
            }
        }
    }
    Ok(())
}

fn which(selector: &Selector, out: &mut dyn Write) -> Result<(), Failure> {
    let signal = selector.to_signal().ok_or_else(|| {
        Failure::Usage(format!("`{selector}` may be many signals: name one, with = for each label (up{{job=\"api\"}})"))
    })?;
    let taken = presets::taken(&signal).ok_or_else(|| Failure::Work(format!("no preset takes {signal}")))?;
    writeln!(out, "{signal}")?;
    writeln!(out, "  preset   {}: {}", taken.model.name, taken.model.about)?;
    writeln!(out, "  because  {} fits {}", Preset::kind_text(&signal), taken.pattern)?;
    writeln!(out, "  unit     {}", taken.preset.unit.as_deref().unwrap_or("not known by the name"))?;
    writeln!(out, "  judged   {}", judgement(taken.preset))?;
    let service = signal.service().unwrap_or("none: no label names one");
    writeln!(out, "  service  {service}")?;
    Ok(())
}

/// How a preset judges, in words.
fn judgement(preset: &Preset) -> String {
    let mut words = vec![
        match preset.harm {
            Some(Side::Above) => "more is worse",
            Some(Side::Below) => "less is worse",
            None => "either way",
        }
        .to_owned(),
    ];
    let unit = preset.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
    if 0.0 < preset.floor {
        words.push(format!("less than {}{unit} off is nothing", preset.floor));
    }
    if 0.0 < preset.floor_share {
        words.push(format!("less than {} % off is nothing", preset.floor_share * 100.0));
    }
    match preset.limit {
        Some(limit) if limit.side == Side::Above => words.push(format!("limit above {}{unit} unless set", limit.level)),
        Some(limit) => words.push(format!("limit below {}{unit} unless set", limit.level)),
        None => {}
    }
    if preset.absence {
        words.push("silence is news".to_owned());
    }
    words.join(", ")
}

/// The patterns of a unit in lines of at most `width`.
fn wrapped(unit: &Unit, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for pattern in &unit.patterns {
        let last = lines.last_mut().expect("there is one line at least");
        if !last.is_empty() && width < last.len() + pattern.len() + 2 {
            lines.push(pattern.clone());
        } else {
            last.push_str(if last.is_empty() { "" } else { "  " });
            last.push_str(pattern);
        }
    }
    lines
}
