//! The lines of late of a service, a few of each template and minute: what an alert is explained by.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::signal::template::TemplateId;
use crate::signal::{Fields, Text, redact, redact_field};
use crate::time::Timestamp;

/// A sample of the lines of a service, the newest last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Recent {
    lines: VecDeque<Kept>,
}

/// A line as it was kept: without its secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The name of its template.
    pub(super) template: TemplateId,
    pub(super) at: Timestamp,
    /// So many lines it stands for.
    pub(super) weight: u32,
    pub(super) body: Box<str>,
    pub(super) fields: Fields,
}

/// Which lines of a template are kept: every so-manieth, by how many came in the minute before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Sampling {
    step: u32,
}

/// Lines kept of a template in a minute like the one before, and in one that is unlike it.
const WANTED: u32 = 8;
const MOST_A_MINUTE: u32 = 32;
/// Bytes kept of a line.
const BYTES: usize = 160;

impl Default for Sampling {
    fn default() -> Self {
        Sampling { step: 1 }
    }
}

impl Sampling {
    /// How many lines the next one stands for if it is to be kept; `before` lines of its template came in this minute.
    pub(super) fn weight(&self, before: u32) -> Option<u32> {
        (before.is_multiple_of(self.step) && before / self.step < MOST_A_MINUTE).then_some(self.step)
    }

    /// A minute with `count` lines is over.
    pub(super) fn close(&mut self, count: u32) {
        self.step = (count / WANTED).max(1);
    }
}

impl Recent {
    /// Keeps a line; of more than `bound` lines the oldest go.
    pub(super) fn keep(&mut self, template: TemplateId, at: Timestamp, weight: u32, text: &Text, bound: usize) {
        while bound.max(1) <= self.lines.len() {
            self.lines.pop_front();
        }
        let body = redact(&text.body, BYTES).into();
        let mut fields = Fields::default();
        text.fields.iter().for_each(|(key, value)| fields.add(key, &redact_field(key, value)));
        self.lines.push_back(Kept { template, at, weight, body, fields });
    }

    /// All lines kept, the oldest first.
    pub(super) fn lines(&self) -> impl Iterator<Item = &Kept> {
        self.lines.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Level;

    #[test]
    fn what_is_kept_has_no_secrets() {
        let fields = [("authorization", "Bearer abc def"), ("user.email", "anna@example.com"), ("host", "web-3")];
        let fields = fields.into_iter().collect();
        let text = Text { level: Level::Info, body: "login password=hunter2".into(), exception: None, fields };
        let mut recent = Recent::default();
        recent.keep(TemplateId(1), Timestamp::from_secs(0), 1, &text, 1_024);
        let kept = recent.lines().next().unwrap();
        assert_eq!(&*kept.body, "login password=[redacted]");
        let fields: Vec<(&str, &str)> = kept.fields.iter().collect();
        assert_eq!(fields, [("authorization", "[redacted]"), ("user.email", "[redacted]"), ("host", "web-3")]);
    }

    #[test]
    fn about_as_many_lines_are_kept_of_a_quiet_template_as_of_a_loud_one() {
        let mut sampling = Sampling::default();
        let mut kept = |count: u32| {
            let weights: Vec<u32> = (0..count).filter_map(|before| sampling.weight(before)).collect();
            sampling.close(count);
            (weights.len(), weights.iter().sum::<u32>())
        };
        assert_eq!(kept(5), (5, 5));
        assert_eq!(kept(4_000), (32, 32));
        assert_eq!(kept(4_000), (8, 4_000));
        assert_eq!(kept(8_000), (16, 8_000));
        assert_eq!(kept(0), (0, 0));
        assert_eq!(kept(3), (3, 3));
    }
}
