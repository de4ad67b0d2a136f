//! Who must know, when, and once: urgency, reasons, and the record that people and programs read.

mod record;

pub use record::{AlertRecord, BreachNote, Reason, SignalNote, State, Suspect, Urgency, rfc3339};
