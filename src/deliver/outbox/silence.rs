//! Silences: no notifications for a selector until a time. What resolves still goes out to those who were told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::subject::{is_meant, subjects};
use crate::alert::AlertRecord;
use crate::deliver::Wall;
use crate::signal::{Selector, SelectorError};

/// An operator asked for quiet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Its name: `s` and a number.
    pub id: String,
    /// What is silenced: matched on any signal of an alert, and on its service.
    pub selector: String,
    /// Its end.
    pub until: Wall,
    /// Who asked.
    pub by: String,
    /// Why.
    pub comment: String,
}

/// The silences in force.
#[derive(Clone, Debug, Default)]
pub(super) struct Silences {
    /// Parsed once; a selector that no longer parses (another release) silences nothing.
    compiled: BTreeMap<String, (Silence, Option<Selector>)>,
}

impl Silences {
    pub(super) fn load(saved: &BTreeMap<String, Silence>) -> Silences {
        let compile = |s: &Silence| (s.clone(), Selector::parse(&s.selector).ok());
        Silences { compiled: saved.iter().map(|(id, silence)| (id.clone(), compile(silence))).collect() }
    }

    pub(super) fn add(&mut self, silence: &Silence) -> Result<(), SelectorError> {
        let selector = Selector::parse(&silence.selector)?;
        self.compiled.insert(silence.id.clone(), (silence.clone(), Some(selector)));
        Ok(())
    }

    pub(super) fn end(&mut self, id: &str) {
        self.compiled.remove(id);
    }

    /// The silence that covers a record at a time; of several the one that ends last.
    pub(super) fn covering(&self, record: &AlertRecord, now: Wall) -> Option<&Silence> {
        if self.compiled.is_empty() {
            return None;
        }
        let subjects = subjects(record);
        let covers = |selector: &Option<Selector>| selector.as_ref().is_some_and(|s| is_meant(s, &subjects));
        let in_force = self.compiled.values().filter(|(silence, selector)| now < silence.until && covers(selector));
        in_force.map(|(silence, _)| silence).max_by_key(|silence| silence.until)
    }
}
