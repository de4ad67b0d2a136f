//! `forewarn models`: the presets, what each takes and how it judges; or which one takes a signal, and why.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Failure, ModelsArgs};
use crate::config::presets::{self, Model, Unit};
use crate::plan::{Preset, Side};
use crate::signal::{Selector, Signal};

pub(super) fn models(args: &ModelsArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let models = args.models()?;
    match &args.signal {
        Some(selector) if args.json => writeln!(out, "{}", json_of(&models, selector)?)?,
        None if args.json => {
            let all: Vec<Value> = models.iter().map(model).collect();
            writeln!(out, "{}", json!({ "models": all }))?;
        }
        _ => {}
    }
    match &args.signal {
        _ if args.json => Ok(()),
        Some(selector) => which(&models, selector, out),
        None => Ok(all(&models, out)?),
    }
}

fn all(models: &[Model], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "The first that takes a signal judges it; names are whole, blind to case.\n")?;
    for model in models {
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

fn model(model: &Model) -> Value {
    let unit = |unit: &Unit| {
        let mut judged = judged(&unit.preset);
        judged["patterns"] = json!(unit.patterns);
        judged
    };
    let units: Vec<Value> = model.units.iter().map(unit).collect();
    json!({ "name": model.name, "about": model.about, "order": model.order, "units": units })
}

/// How a preset judges, as data.
fn judged(preset: &Preset) -> Value {
    json!({
        "unit": preset.unit, "harm": preset.harm, "floor": preset.floor, "floor_share": preset.floor_share,
        "limit": preset.limit, "finite": preset.finite, "absence": preset.absence,
        "rests": preset.rests,
    })
}

fn json_of(models: &[Model], selector: &Selector) -> Result<Value, Failure> {
    let (signal, taken) = taken(models, selector)?;
    let mut found = judged(taken.preset);
    found["signal"] = json!(signal.to_string());
    found["preset"] = json!(taken.model.name);
    found["pattern"] = json!(taken.pattern);
    found["service"] = json!(signal.service());
    Ok(found)
}

fn taken<'a>(models: &'a [Model], selector: &Selector) -> Result<(Signal, presets::Taken<'a>), Failure> {
    let signal = selector.to_signal().ok_or_else(|| {
        Failure::Usage(format!("`{selector}` may be many signals: name one, with = for each label (up{{job=\"api\"}})"))
    })?;
    let taken = presets::taken(models, &signal).ok_or_else(|| Failure::Work(format!("no preset takes {signal}")))?;
    Ok((signal, taken))
}

fn which(models: &[Model], selector: &Selector, out: &mut dyn Write) -> Result<(), Failure> {
    let (signal, taken) = taken(models, selector)?;
    writeln!(out, "{signal}")?;
    writeln!(out, "  preset   {}: {}", taken.model.name, taken.model.about)?;
    writeln!(out, "  because  {} fits {}", taken.kind, taken.pattern)?;
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
    let amount = |value: f64| amount(value, preset.unit.as_deref());
    if 0.0 < preset.floor {
        words.push(format!("less than {} off is nothing", amount(preset.floor)));
    }
    if 0.0 < preset.floor_share {
        words.push(format!("less than {} % off is nothing", preset.floor_share * 100.0));
    }
    match preset.limit {
        Some(limit) if limit.side == Side::Above => {
            words.push(format!("limit above {} unless set", amount(limit.level)))
        }
        Some(limit) => words.push(format!("limit below {} unless set", amount(limit.level))),
        None if preset.finite => words.push("a flat top is its limit".to_owned()),
        None => {}
    }
    if preset.rests {
        words.push("to be elsewhere for longer than ever is news".to_owned());
    }
    if preset.absence {
        words.push("silence is news".to_owned());
    }
    words.join(", ")
}

/// A value with its unit, as people write it.
fn amount(value: f64, unit: Option<&str>) -> String {
    const MIB: f64 = 1_048_576.0;
    match unit {
        None | Some("ratio") => value.to_string(),
        Some("percent") => format!("{value} %"),
        Some("bytes") if MIB <= value => format!("{} MiB", value / MIB),
        Some(unit) => format!("{value} {unit}"),
    }
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
