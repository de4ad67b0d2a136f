//! Who must know, when, and once: urgency, reasons, and the record that people and programs read.

pub mod chart;
mod record;
mod summary;
mod urgency;
pub mod words;

pub use chart::Chart;
pub use record::{AlertRecord, BreachNote, Reason, SignalNote, State, Suspect, Urgency, rfc3339};
pub use summary::{Story, summary};
pub use urgency::{Concern, page_from, too_late_from, urgency};
