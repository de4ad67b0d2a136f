//! How a line meets its template: what is noted of a new key, and which of its words and payloads are values.

use smallvec::SmallVec;

use super::groups::{self, Groups};
use super::key::{self, Parts};
use super::lexer::{self, Token};
use super::{ALIASES_A_KEY, Miner, SLOTS_A_KEY, slots, words};

/// A sibling with a variable in a word's place needs so many times the lines of that word.
const SIBLING: u64 = 2;
/// Words that must be left when one is left out.
const CONTEXT: usize = 2;
/// Values found in one key, at most.
const ROUNDS: usize = 8;

impl Miner {
    /// A key seen for the first time: its words are noted, and it gets its template. Whether the template is new too.
    pub(super) fn welcome(&mut self, at: usize, line: &[u8], tokens: &[Token]) -> bool {
        self.note_groups(line, tokens);
        let mut met = self.meet(line, tokens);
        if met.payloads.is_none() {
            self.note_words(&key::parts(tokens), line, tokens);
            met = self.meet(line, tokens);
        }
        self.enter(&met, line, tokens);
        let known = met.id != self.entries.list[at].key && self.slots.is_entered(met.id);
        self.entries.list[at].id = met.id;
        if SLOTS_A_KEY * self.bounds.templates + self.bounds.templates < self.slots.len() {
            self.slots.keep(self.bounds.templates * SLOTS_A_KEY);
        }
        !known
    }

    pub(super) fn meet_again(&mut self, at: usize) {
        let line = std::mem::take(&mut self.entries.list[at].line);
        let mut tokens = std::mem::take(&mut self.tokens);
        lexer::lex(&line, &mut tokens);
        let met = self.meet(&line, &tokens);
        self.enter(&met, &line, &tokens);
        let entry = &mut self.entries.list[at];
        if entry.id != met.id {
            self.aliases.add(entry.id, met.id, self.bounds.templates * ALIASES_A_KEY);
            entry.id = met.id;
        }
        entry.line = line;
        self.tokens = tokens;
    }

    /// Notes the shape of each payload of a line in its slot.
    fn note_groups(&mut self, line: &[u8], tokens: &[Token]) {
        let groups = self.groups(line, tokens);
        let Some(rest) = without_groups(line, tokens, &groups) else { return };
        for (at, group) in groups.iter().enumerate() {
            let place = slots::Place { group: true, enclosed: true, ..slots::Place::default() };
            self.is_stale |= self.slots.note(key::joint(rest, GROUP, at), groups::shape(*group, tokens), place);
        }
    }

    /// Notes each word of a key in its slot.
    fn note_words(&mut self, parts: &Parts, line: &[u8], tokens: &[Token]) {
        let words = parts.iter().filter(|part| part.word != 0).count();
        if words <= 1 {
            return;
        }
        for (at, part) in parts.iter().enumerate().filter(|(_, part)| part.word != 0) {
            let token = tokens[part.token as usize];
            // Where little is left when a word is left out, it takes more to tell that it is a value.
            let place = slots::Place { first: at == 0 || words <= CONTEXT, ..words::place(token, line) };
            let slot = key::of_parts(parts, Some(at));
            self.is_stale |= self.slots.note(slot, words::word(token, line), place);
        }
        for (at, slot) in self.records(parts, line, tokens) {
            let token = tokens[parts[at].token as usize];
            let place = slots::Place { record: true, ..words::place(token, line) };
            self.is_stale |= self.slots.note(slot, words::word(token, line), place);
        }
    }

    /// Where several words are values after `=` or dotted names: each with the slot of its place whatever the others are, since they
    /// differ together.
    fn records(&self, parts: &Parts, line: &[u8], tokens: &[Token]) -> SmallVec<[(usize, u64); 4]> {
        let places = data_in(parts, line, tokens);
        if places.len() < 2 {
            return SmallVec::new();
        }
        let rest = key::of_parts(&without(parts, &places), None);
        places.iter().enumerate().map(|(place, at)| (*at, key::joint(rest, RECORD, place))).collect()
    }

    /// Enters the keys that a line met on its way to its template, so that further values are found in them.
    fn enter(&mut self, met: &Met, line: &[u8], tokens: &[Token]) {
        if let Some(parts) = &met.payloads
            && self.slots.found(key::of_parts(parts, None))
        {
            self.note_words(parts, line, tokens);
        }
        for parts in &met.way {
            if self.slots.enter(key::of_parts(parts, None)) {
                self.note_words(parts, line, tokens);
            }
        }
    }

    /// The template of a line: its key, with every word that is a value taken for one.
    pub(super) fn meet(&self, line: &[u8], tokens: &[Token]) -> Met {
        let mut parts = key::parts(tokens);
        let own = key::of_parts(&parts, None);
        let count = self.entries.get(own).map_or(1, |entry| entry.count.max(1));
        let mut met = Met {
            id: own,
            values: SmallVec::new(),
            way: SmallVec::new(),
            payloads: None,
            groups: Groups::new(),
            found: 0,
        };
        self.meet_groups(&mut parts, &mut met, line, tokens);
        for _ in 0..ROUNDS {
            let words = parts.iter().filter(|part| part.word != 0).count();
            let found = (1 < words).then(|| self.value_in(&parts, own, count, line, tokens)).flatten();
            let Some((at, id)) = found else { break };
            met.values.resize(tokens.len(), Role::Own);
            met.values[parts[at].token as usize] = Role::Value;
            key::generalise(&mut parts, at);
            met.found += usize::from(self.slots.is_variable(id));
            met.id = id;
            met.way.push(parts.clone());
        }
        met
    }

    fn groups(&self, line: &[u8], tokens: &[Token]) -> Groups {
        groups::groups(line, tokens, line.len() == self.bounds.line_bytes)
    }

    /// Payloads that are values.
    fn meet_groups(&self, parts: &mut Parts, met: &mut Met, line: &[u8], tokens: &[Token]) {
        let groups = self.groups(line, tokens);
        let Some(rest) = without_groups(line, tokens, &groups) else { return };
        let is_value = |at: &usize| self.slots.is_variable(key::joint(rest, GROUP, *at));
        let values: Groups = (0..groups.len()).filter(is_value).map(|at| groups[at]).collect();
        if values.is_empty() {
            return;
        }
        met.values.resize(tokens.len(), Role::Own);
        for group in &values {
            let inside = usize::from(group.first)..usize::from(group.end);
            met.values[inside.clone()].fill(Role::Inside);
            if let Some(first) = met.values[inside].first_mut() {
                *first = Role::Payload;
            }
        }
        met.found += values.len();
        groups::generalise(parts, values.iter().copied());
        met.groups = values;
        met.id = key::of_parts(parts, None);
        met.payloads = Some(parts.clone());
    }

    /// The first word that is a value, and the key without it.
    fn value_in(&self, parts: &Parts, own: u64, count: u64, line: &[u8], tokens: &[Token]) -> Option<(usize, u64)> {
        let records = self.records(parts, line, tokens);
        let is_in_record =
            |at: usize| records.iter().any(|(place, slot)| *place == at && self.slots.is_variable(*slot));
        parts.iter().enumerate().filter(|(_, part)| part.word != 0).find_map(|(at, part)| {
            let token = tokens[part.token as usize];
            if words::is_name_of_value(token, line) {
                return None;
            }
            let slot = key::of_parts(parts, Some(at));
            let sibling = || {
                let other = self.entries.get(slot).filter(|other| other.key != own);
                other.is_some_and(|other| SIBLING * count <= other.count) && words::may_be_value(token, line)
            };
            (self.slots.is_variable(slot) || is_in_record(at) || sibling()).then_some((at, slot))
        })
    }
}

/// A line's way to its template.
#[derive(Debug)]
pub(super) struct Met {
    pub(super) id: u64,
    /// What the tokens are taken for.
    pub(super) values: SmallVec<[Role; 16]>,
    /// How many of these by what was seen in their place, not for a sibling's sake.
    pub(super) found: usize,
    /// The keys met on the way, the template's last.
    pub(super) way: SmallVec<[Parts; 2]>,
    /// The key with payloads taken for values, where there are such.
    pub(super) payloads: Option<Parts>,
    pub(super) groups: Groups,
}

/// What a token is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// What it is by itself.
    Own,
    /// A word that is a value.
    Value,
    /// The first of a payload that is a value, and the others of it.
    Payload,
    Inside,
}

/// Marks the slots of payloads.
const GROUP: u64 = 0x7061_796C_6F61_6431;
/// Marks the slots of values in records.
const RECORD: u64 = 0x7265_636F_7264_7631;

/// The words of a key that tend to differ together.
fn data_in(parts: &Parts, line: &[u8], tokens: &[Token]) -> SmallVec<[usize; 8]> {
    let is_of_data = |at: &usize| parts[*at].word != 0 && words::is_of_data(tokens[parts[*at].token as usize], line);
    (0..parts.len()).filter(is_of_data).collect()
}

/// A key with these words taken for variables.
fn without(parts: &Parts, words: &[usize]) -> Parts {
    let mut rest = parts.clone();
    words.iter().rev().for_each(|at| key::generalise(&mut rest, *at));
    rest
}

/// The key of a line without its payloads and what differs together with them; none where it has no payload, or where too few words
/// are left.
fn without_groups(line: &[u8], tokens: &[Token], groups: &Groups) -> Option<u64> {
    if groups.is_empty() {
        return None;
    }
    let mut parts = key::parts(tokens);
    groups::generalise(&mut parts, groups.iter().copied());
    let parts = without(&parts, &data_in(&parts, line, tokens));
    let words = parts.iter().filter(|part| part.word != 0).count();
    (CONTEXT <= words).then(|| key::of_parts(&parts, None))
}
