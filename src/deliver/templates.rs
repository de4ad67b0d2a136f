//! The templates of a configuration: those of its folder in the place of the built-in ones, tried on samples.

use std::path::Path;

use super::render::{TemplateError, Templates, letter, samples};
use crate::config::Settings;

/// The templates of a configuration, or what is wrong with them, each with its file and line.
///
/// # Errors
/// Templates that cannot be read or that fail on a sample of any kind and reason.
pub fn templates(settings: &Settings) -> Result<Templates, Vec<String>> {
    let files: Vec<(String, String)> =
        settings.templates.iter().map(|file| (file.name.clone(), file.source.clone())).collect();
    let place = |error: &TemplateError, on: &str| {
        let file = settings.templates.iter().find(|file| file.name == error.name);
        let path = file.map_or(Path::new(&error.name), |file| &file.path);
        format!("{}:{}: {}{on}", path.display(), error.line, error.words)
    };
    let templates = Templates::replaced(&files)
        .map_err(|errors| -> Vec<String> { errors.iter().map(|error| place(error, "")).collect() })?;
    let mut wrong: Vec<String> = Vec::new();
    for (name, _) in &files {
        // The first sample on which it fails is enough to mend it.
        let failed = samples().into_iter().find_map(|(what, sample)| {
            let letter = letter(&sample, &settings.plan.calendar.zone);
            templates.try_word(name, &letter, &sample).err().map(|error| place(&error, &format!("; on {what}")))
        });
        wrong.extend(failed);
    }
    if wrong.is_empty() { Ok(templates) } else { Err(wrong) }
}
