//! What the broker refuses, kept while it stands: the one fault that a person can act upon, among many that follow from it.

use std::time::{Duration, Instant};

use super::live::Live;
use super::member::forbidden;
use crate::ingest::kafka::advise;

/// A fault not heard of for so long is over, unless the broker is silent altogether: then nobody took it back.
const FRESH: Duration = Duration::from_secs(15);

/// A fault of which it is known what it means.
#[derive(Debug)]
pub(super) struct Fault {
    words: String,
    place: usize,
    heard: Instant,
}

impl Live {
    /// Takes a fault that librdkafka told. One with a known meaning stands above those without.
    pub(super) fn fault(&mut self, words: &str) {
        let advice = advise(words);
        let Some(place) = advice.known else {
            if self.fault.is_none() && self.troubles.may_log("a fault of the broker") {
                tracing::warn!("kafka: {words}");
            }
            return;
        };
        let heard = Instant::now();
        match &mut self.fault {
            // The same again, or what follows from it.
            Some(fault) if fault.place <= place => fault.heard = heard,
            _ => {
                tracing::warn!("kafka: {}", advice.words);
                self.fault = Some(Fault { words: advice.words, place, heard });
            }
        }
    }

    /// Looks whether the fault still stands, and says what is wrong with the broker now.
    pub(super) fn look_at_broker(&mut self) {
        let stands = |fault: &Fault| self.report.silent.is_some() || fault.heard.elapsed() < FRESH;
        if !self.fault.as_ref().is_some_and(stands) {
            self.fault = None;
        }
        match (&self.fault, &self.report.silent) {
            (Some(fault), _) => self.troubles.is("broker", fault.words.clone()),
            (None, Some(silent)) => {
                self.troubles.is("broker", format!("it does not answer: {silent}; it is waited for"));
            }
            (None, None) => self.troubles.over("broker"),
        }
        match forbidden(&self.report) {
            Some(words) => self.troubles.is("permission", words),
            None => self.troubles.over("permission"),
        }
    }

    /// Why nothing is judged, with the fault that stands behind it where one is known.
    pub(super) fn with_fault(&self, why_not: Option<String>) -> Option<String> {
        why_not.map(|why| match &self.fault {
            Some(fault) => fault.words.clone(),
            None => why,
        })
    }
}
