//! What the Schema Registry said becomes an act like any other input that no partition holds.

use super::RunError;
use super::live::Live;
use crate::ingest::kafka::{Registry, Told};
use crate::state::Act;

impl Live {
    /// Takes what the registry said: from here on what waited for it is read.
    pub(super) fn hear_registry(&mut self) -> Result<(), RunError> {
        if !self.script.is_over() {
            return Ok(());
        }
        for told in self.registry.as_mut().map(Registry::told).unwrap_or_default() {
            match told {
                Told::Trouble(words) => self.troubles.is("schema registry", words),
                Told::Answer(id, answer) => {
                    self.troubles.over("schema registry");
                    if let Err(words) = &answer {
                        tracing::warn!("schema {id}: {words}; records that name it are dead letters until it is there");
                    }
                    self.act(Act::Schema { id, answer })?.ok();
                }
            }
        }
        Ok(())
    }
}
