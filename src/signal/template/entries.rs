//! The keys seen, within their bound: one look-up a line.

use serde::{Deserialize, Serialize};

use super::lexer::Token;
use super::shape;
use super::slots::ByHash;

/// A key and what was seen of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) key: u64,
    /// The template it belongs to, as known now.
    pub(super) id: u64,
    pub(super) count: u64,
    /// The number of the line that was its last.
    pub(super) last: u64,
    /// The line that shows it: of those seen, one with the most variables.
    pub(super) line: Box<[u8]>,
    /// Where its variables stand in that line.
    variables: Box<[(u16, u16)]>,
    /// Which of them were seen to differ.
    changed: u64,
    /// Which of them were seen to differ in the letters before their number.
    prefix_changed: u64,
}

/// A line on its way in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) key: u64,
    pub(super) line: &'a [u8],
    pub(super) tokens: &'a [Token],
    /// How many of the tokens are variables.
    pub(super) variables: usize,
    pub(super) number: u64,
}

impl Entry {
    fn new(seen: Seen<'_>) -> Self {
        Entry {
            key: seen.key,
            id: seen.key,
            count: 0,
            last: seen.number,
            line: seen.line.into(),
            variables: spans(seen.tokens).collect(),
            changed: 0,
            prefix_changed: 0,
        }
    }

    /// Takes one more line of this key.
    fn take(&mut self, seen: Seen<'_>) {
        let Seen { line, tokens, variables, .. } = seen;
        self.count += 1;
        self.last = seen.number;
        let settled = self.prefix_changed.count_ones() as usize == self.variables.len();
        if self.variables.len() < variables {
            self.line = line.into();
            self.variables = spans(tokens).collect();
            // In a longer list of values nothing is known to stay the same.
            self.changed = u64::MAX >> (64 - variables.min(64));
            self.prefix_changed = self.changed;
        } else if !settled && variables == self.variables.len() {
            self.compare(line, tokens);
        }
    }

    fn compare(&mut self, line: &[u8], tokens: &[Token]) {
        let fresh = tokens.iter().filter(|token| token.is_variable());
        for (at, (token, &(start, end))) in fresh.zip(&self.variables).enumerate().take(64) {
            if self.prefix_changed >> at & 1 == 1 {
                continue;
            }
            let (is, was) = (token.of(line), &self.line[start as usize..end as usize]);
            if is != was {
                self.changed |= 1 << at;
                let prefix = shape::prefix(was);
                if prefix == 0 || shape::prefix(is) != prefix || is[..prefix] != was[..prefix] {
                    self.prefix_changed |= 1 << at;
                }
            }
        }
    }

    /// How many bytes of the variable of this number are wording after all: all of a unit or a name with a number in it that
    /// never was anything else, the letters before the number where these never changed.
    pub(super) fn constant(&self, number: usize) -> usize {
        let Some(&(start, end)) = self.variables.get(number) else { return 0 };
        let text = &self.line[start as usize..end as usize];
        let stays = |mask: u64| mask >> number.min(63) & 1 == 0;
        if stays(self.changed) && (shape::is_name_like(text) || shape::is_unit(text)) {
            return text.len();
        }
        if stays(self.prefix_changed) { shape::prefix(text) } else { 0 }
    }

    /// How many variables it shows.
    pub(super) fn variables(&self) -> usize {
        self.variables.len()
    }

    /// Bytes held, about.
    fn bytes(&self) -> usize {
        size_of::<Entry>() + self.line.len() + self.variables.len() * size_of::<(u16, u16)>()
    }

    /// What it is worth to keep: when it was last seen, and a credit for each time it was.
    fn worth(&self) -> u64 {
        self.last.saturating_add(CREDIT.saturating_mul(self.count.min(1 << 20)))
    }
}

/// Each line of a key counts as if it had been seen so many lines later: what comes rarely but ever again outlives a flood.
const CREDIT: u64 = 256;

fn spans(tokens: &[Token]) -> impl Iterator<Item = (u16, u16)> + '_ {
    tokens.iter().filter(|token| token.is_variable()).map(|token| (token.start as u16, token.end as u16))
}

/// The entries; at most so many.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries {
    pub(super) list: Vec<Entry>,
    by_key: ByHash<u64, u32>,
    /// Keys forgotten at the bound.
    pub(super) evicted: u64,
}

impl Entries {
    /// The entry of a key; founded where it is new, and then `true`. At the bound the eighth least worth goes first.
    pub(super) fn take(&mut self, seen: Seen<'_>, most: usize) -> (usize, bool) {
        let (at, fresh) = match self.by_key.get(&seen.key) {
            Some(&at) => (at as usize, false),
            None => {
                if most.max(8) <= self.list.len() {
                    self.evict();
                }
                self.by_key.insert(seen.key, self.list.len() as u32);
                self.list.push(Entry::new(seen));
                (self.list.len() - 1, true)
            }
        };
        self.list[at].take(seen);
        (at, fresh)
    }

    /// Forgets the eighth that is least worth.
    fn evict(&mut self) {
        let mut worths: Vec<(u64, u64)> = self.list.iter().map(|entry| (entry.worth(), entry.key)).collect();
        let eighth = self.list.len() / 8;
        let (_, &mut least, _) = worths.select_nth_unstable(eighth);
        let before = self.list.len();
        self.list.retain(|entry| least <= (entry.worth(), entry.key));
        self.evicted += (before - self.list.len()) as u64;
        self.index();
    }

    fn index(&mut self) {
        self.by_key.clear();
        self.by_key.extend(self.list.iter().enumerate().map(|(at, entry)| (entry.key, at as u32)));
    }

    /// The entries as they were saved.
    pub(super) fn restore(list: Vec<Entry>, evicted: u64) -> Self {
        let mut entries = Entries { list, by_key: ByHash::default(), evicted };
        entries.index();
        entries
    }

    pub(super) fn get(&self, key: u64) -> Option<&Entry> {
        self.by_key.get(&key).map(|&at| &self.list[at as usize])
    }

    /// Bytes held, about.
    pub(super) fn bytes(&self) -> usize {
        self.list.iter().map(Entry::bytes).sum::<usize>() + self.by_key.capacity() * 13
    }
}
