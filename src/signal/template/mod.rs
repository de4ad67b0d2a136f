//! Log templates: which lines are of one kind, learned in one pass, within a bound.
//!
//! [`Miner::learn`] gives each line its template at once. A line is cut into words and variables by what its tokens are
//! (`lexer`, `shape`); its words in order are its key (`key`), and equal keys are one kind (`entries`). Some words are
//! values too, and so are payloads in brackets whose shape differs (`groups`): `slots` finds them, and [`Miner::settle`]
//! lets keys that differ in values alone meet in one template (`meet`). The id of a template is a hash of its words, so
//! every instance gives the same line the same id; where two templates meet the old id stays known as an alias. One
//! setting for all systems, no masks.
//!
//! What it takes from others: typed tokens before any grouping (Qin et al. 2024), identity by an exact skeleton (AEL,
//! Jiang 2008; Spell, Du 2016), values found by leaving a word out (IPLoM, Makanju 2009; Logram, Dai 2020).

mod entries;
mod groups;
mod key;
mod kind;
mod lexer;
mod measure;
mod meet;
mod numbers;
mod shape;
mod slots;
mod state;
#[cfg(test)]
mod tests;
mod text;
mod variables;
mod words;

use std::fmt;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use self::entries::{Entries, Seen};
pub use self::groups::cut;
use self::lexer::Token;
pub use self::measure::measure;
use self::meet::Role;
pub use self::numbers::{Number, numbers};
use self::slots::Slots;
pub use self::state::MinerState;
pub use self::variables::Variable;

/// What a miner may hold; at a bound the named victim goes, and is counted in [`MinerCounts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinerBounds {
    /// Keys of lines; beyond it the eighth that was seen least goes.
    pub templates: usize,
    /// Bytes of a line that are looked at; the rest counts as one variable.
    pub line_bytes: usize,
}

impl Default for MinerBounds {
    fn default() -> Self {
        MinerBounds { templates: 4_096, line_bytes: 2_048 }
    }
}

/// The id of a template: 16 hexadecimal digits, the same in every instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TemplateId(pub u64);

impl fmt::Display for TemplateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What the miner says of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mined {
    /// Its template, as known now.
    pub id: TemplateId,
    /// Whether no line of this template is known before it (or they are forgotten).
    pub is_new: bool,
}

/// A template as known now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its id.
    pub id: TemplateId,
    /// Its text, variables written `<kind>`.
    pub text: String,
    /// Lines seen of it.
    pub lines: u64,
}

/// What was dropped and held: the counters of the bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MinerCounts {
    /// Lines learned.
    pub lines: u64,
    /// Keys held.
    pub keys: usize,
    /// Keys forgotten at the bound.
    pub evicted: u64,
    /// Places with a word left out, forgotten at their bound.
    pub slots_forgotten: u64,
    /// Aliases forgotten at their bound, the oldest first.
    pub aliases_forgotten: u64,
    /// Bytes held, about.
    pub bytes: usize,
}

/// Places with a word left out that are held for each key of the bound.
const SLOTS_A_KEY: usize = 12;
/// Aliases held for each key of the bound.
const ALIASES_A_KEY: usize = 4;

/// Learns templates from lines.
#[derive(Clone, Debug, Default)]
pub struct Miner {
    bounds: MinerBounds,
    lines: u64,
    entries: Entries,
    slots: Slots,
    aliases: state::Aliases,
    /// Whether something was learned that may join keys known before.
    is_stale: bool,
    /// The line at which all keys were last looked at.
    settled_at: u64,
    tokens: Vec<Token>,
}

impl Miner {
    /// A miner that knows nothing.
    pub fn new(bounds: MinerBounds) -> Self {
        Miner { bounds: bounds.sane(), ..Miner::default() }
    }

    /// Learns one line and gives it its template. Total: any bytes are a line.
    pub fn learn(&mut self, line: &[u8]) -> Mined {
        self.lines += 1;
        let line = &*groups::cut(line, self.bounds.line_bytes);
        let mut tokens = std::mem::take(&mut self.tokens);
        lexer::lex(line, &mut tokens);
        let (key, variables) = key::of_tokens(&tokens);
        let seen = Seen { key, line, tokens: &tokens, variables, number: self.lines };
        let (at, fresh) = self.entries.take(seen, self.bounds.templates);
        let mut is_new = false;
        if fresh {
            is_new = self.welcome(at, line, &tokens);
        }
        self.tokens = tokens;
        if self.is_due() {
            self.settle();
        }
        let id = if fresh { self.entries.get(key).map_or(key, |entry| entry.id) } else { self.entries.list[at].id };
        Mined { id: TemplateId(id), is_new }
    }

    /// The template of a line as known now; nothing is learned.
    pub fn classify(&self, line: &[u8]) -> TemplateId {
        let line = &*groups::cut(line, self.bounds.line_bytes);
        let mut tokens = Vec::new();
        lexer::lex(line, &mut tokens);
        TemplateId(self.meet(line, &tokens).id)
    }

    /// The template of a line as known now, with its text.
    pub fn describe(&self, line: &[u8]) -> (TemplateId, String) {
        let line = &*groups::cut(line, self.bounds.line_bytes);
        let mut tokens = Vec::new();
        lexer::lex(line, &mut tokens);
        let met = self.meet(line, &tokens);
        let entry = self.entries.get(key::of_tokens(&tokens).0);
        (TemplateId(met.id), text::render(line, &tokens, &met, &[], entry))
    }

    /// Lets every key known meet its template by all that was learned. It happens by itself now and then; call it before
    /// asking how things stand in the end.
    pub fn settle(&mut self) {
        for _ in 0..PASSES {
            self.is_stale = false;
            for at in 0..self.entries.list.len() {
                self.meet_again(at);
            }
            if !self.is_stale {
                break;
            }
        }
        self.is_stale = false;
        self.settled_at = self.lines;
        self.slots.keep(self.bounds.templates * SLOTS_A_KEY);
    }

    /// The template that an id stands for now, by its aliases.
    pub fn resolve(&self, id: TemplateId) -> TemplateId {
        self.aliases.resolve(id)
    }

    /// Every template held, by id, with its text: that of its line with the most variables.
    pub fn templates(&self) -> Vec<Template> {
        let mut order = Vec::with_capacity(self.entries.list.len());
        let mut tokens = Vec::new();
        for (at, entry) in self.entries.list.iter().enumerate() {
            lexer::lex(&entry.line, &mut tokens);
            let found = self.meet(&entry.line, &tokens).found;
            order.push((entry.id, std::cmp::Reverse((entry.variables() + found, entry.count)), entry.key, at));
        }
        order.sort_unstable();
        order.chunk_by(|a, b| a.0 == b.0).map(|group| self.template_of(group.iter().map(|known| known.3))).collect()
    }

    /// The text of one template as known now; none where it is not held.
    pub fn text_of(&self, id: TemplateId) -> Option<String> {
        let id = self.resolve(id);
        let group = || (0..self.entries.list.len()).filter(|at| self.entries.list[*at].id == id.0);
        let first = group().max_by_key(|at| {
            let entry = &self.entries.list[*at];
            (entry.variables(), entry.count, entry.key)
        })?;
        Some(self.template_of([first].into_iter().chain(group().filter(move |at| *at != first))).text)
    }

    /// The template of keys that met; the first of them shows it.
    fn template_of(&self, group: impl Iterator<Item = usize> + Clone) -> Template {
        let entries = group.map(|at| &self.entries.list[at]);
        let Some(first) = entries.clone().next() else {
            return Template { id: TemplateId(0), text: String::new(), lines: 0 };
        };
        let mut tokens = Vec::new();
        lexer::lex(&first.line, &mut tokens);
        let met = self.meet(&first.line, &tokens);
        let mut common: SmallVec<[usize; 16]> = SmallVec::from_elem(0, tokens.len());
        for (at, _) in met.values.iter().enumerate().filter(|(_, role)| **role == Role::Value) {
            common[at] =
                words::common_prefix(tokens[at].of(&first.line), entries.clone().map(|entry| &*entry.line), at);
        }
        let text = text::render(&first.line, &tokens, &met, &common, Some(first));
        Template { id: TemplateId(first.id), text, lines: entries.map(|entry| entry.count).sum() }
    }

    /// The counters of the bounds.
    pub fn counts(&self) -> MinerCounts {
        MinerCounts {
            lines: self.lines,
            keys: self.entries.list.len(),
            evicted: self.entries.evicted,
            slots_forgotten: self.slots.forgotten,
            aliases_forgotten: self.aliases.forgotten,
            bytes: self.entries.bytes() + self.slots.bytes() + self.aliases.bytes(),
        }
    }

    /// All keys are looked at again when something was learned that may join them, the more of them the rarer, so that a flood
    /// of new keys costs little; and when the lines have doubled, since it counts how many lines a sibling has.
    fn is_due(&self) -> bool {
        let since = self.lines - self.settled_at;
        let keys = self.entries.list.len() as u64;
        (self.is_stale && keys * keys / FLOOD <= since) || self.settled_at.max(64) <= since
    }
}

/// With so many keys each of them is looked at again once a new line at most.
const FLOOD: u64 = 4_096;
/// Passes over all keys until nothing more is learned, at most.
const PASSES: usize = 6;

impl MinerBounds {
    /// Bounds with which the miner works: some keys, and lines whose places fit 16 bits.
    fn sane(self) -> Self {
        MinerBounds { templates: self.templates.max(64), line_bytes: self.line_bytes.clamp(64, 32 << 10) }
    }
}
