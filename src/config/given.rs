//! What a configuration was read from, so that it can be read again elsewhere: for the journal, for a recording.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::outside::Outside;
use super::settings::Settings;
use super::{Problems, parse_with};

/// The text of a configuration and what it named beside itself. No secret is in it: a secret stands in a file or variable
/// that is not kept, or in clear text, which is masked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The text of the file.
    pub text: String,
    /// The variables of the environment that override it, by name.
    pub variables: BTreeMap<String, String>,
    /// The files beside it that were read (holidays), by the name given.
    pub files: BTreeMap<String, String>,
}

/// Reads again what was read before, for judging: the same text gives the same plan. Secrets are empty.
///
/// # Errors
/// Where another release reads it and does not understand it.
pub fn again(given: &Given) -> Result<Settings, Problems> {
    let outside = Outside {
        base: PathBuf::new(),
        secrets: false,
        only: Some(given.files.clone()),
        seen: std::cell::RefCell::default(),
    };
    parse_with(&given.text, "the journalled configuration", outside, given.variables.clone())
        .map(|loaded| loaded.settings)
}
