//! Slots: keys with one word left out, and which of them turned out to hold a variable.
//!
//! A word is a value rather than wording if enough different words were seen in its place (*diversity*), or if several of
//! the words in its place fill another, differently worded place too (*shared*): users in `session opened for user …` and
//! in `session closed for user …`. Both grow only, so the order of lines does not matter. Words that tell of an event
//! (`started`, `stopped`, `failed`) are held apart far longer: joining them would hide what happened.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// How many different words make a place a variable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rules {
    /// Any place.
    pub(super) words: u8,
    /// The first of the line, and places among words of events.
    pub(super) first: u8,
    /// Dotted names, such as those of classes and hosts.
    pub(super) dotted: u8,
    /// The value after `=`.
    pub(super) value: u8,
    /// Alone in brackets or quotation marks.
    pub(super) enclosed: u8,
    /// So many words that fill another place too.
    pub(super) shared: usize,
    /// The same of payloads in brackets.
    pub(super) shared_groups: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Rules { words: 5, first: 12, dotted: 3, value: 4, enclosed: 4, shared: 3, shared_groups: 2 }
    }
}

/// What is known of a word beside its hash.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Word {
    pub(super) hash: u64,
    pub(super) dotted: bool,
    pub(super) event: bool,
    /// The hash of its letters, where it is a name with a number in it.
    pub(super) family: Option<u32>,
}

/// Where a slot lies in its line.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub(super) first: bool,
    pub(super) value: bool,
    pub(super) enclosed: bool,
    /// A payload in brackets.
    pub(super) group: bool,
    /// A value in a record, whatever its other values are; it shares its words with its own kind.
    pub(super) record: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Slot {
    /// Different words seen here, as many as any rule asks for.
    words: SmallVec<[u32; 4]>,
    dotted: u8,
    events: u8,
    first: bool,
    value: bool,
    enclosed: bool,
    group: bool,
    record: bool,
    variable: bool,
    /// Whether the key with the variable in this place has been entered as a key of its own.
    entered: bool,
    /// The letters of the numbered name seen last: another number behind the same letters is a value.
    family: Option<u32>,
    /// The order of creation, by which the oldest go first.
    born: u64,
}

/// A hasher for keys that are hashes already.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
    fn write_u32(&mut self, value: u32) {
        self.0 = u64::from(value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

pub(super) type ByHash<K, V> = HashMap<K, V, BuildHasherDefault<Same>>;

/// The slots that hold a word.
pub(super) type Places = SmallVec<[u64; 2]>;
/// Slots and places in the order of hashes, and the number of the youngest slot.
pub(super) type Saved = (Vec<(u64, Slot)>, Vec<(u32, Places)>, u64);

/// Words kept of a slot; places of one word that are looked at for shared sets.
const WORDS: usize = 12;
const PLACES: usize = 50;

/// All slots.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    rules: Rules,
    slots: ByHash<u64, Slot>,
    /// Slots of more than one word that hold a word.
    places: ByHash<u32, Places>,
    born: u64,
    /// Slots forgotten at the bound.
    pub(super) forgotten: u64,
}

impl Slots {
    pub(super) fn is_variable(&self, slot: u64) -> bool {
        self.slots.get(&slot).is_some_and(|slot| slot.variable)
    }

    /// Whether the key that a slot stands for is to be entered now; the first call says so.
    pub(super) fn enter(&mut self, slot: u64) -> bool {
        self.slots.get_mut(&slot).is_some_and(|slot| !std::mem::replace(&mut slot.entered, true))
    }

    /// Whether a key is entered now for the first time; it need not be a slot.
    pub(super) fn found(&mut self, key: u64) -> bool {
        self.born += 1;
        let born = self.born;
        let slot = self.slots.entry(key).or_insert_with(|| Slot { variable: true, born, ..Slot::default() });
        !std::mem::replace(&mut slot.entered, true)
    }

    /// Notes a word in a slot; whether that made some slot a variable.
    pub(super) fn note(&mut self, at: u64, word: Word, place: Place) -> bool {
        self.born += 1;
        let born = self.born;
        let slot = self.slots.entry(at).or_insert_with(|| Slot {
            first: place.first,
            value: place.value,
            enclosed: place.enclosed,
            group: place.group,
            record: place.record,
            born,
            ..Slot::default()
        });
        let short = word.hash as u32;
        if slot.variable || WORDS <= slot.words.len() || slot.words.contains(&short) {
            return false;
        }
        slot.words.push(short);
        slot.dotted += u8::from(word.dotted);
        slot.events += u8::from(word.event);
        let is_kin = word.family.is_some() && slot.family == word.family;
        slot.family = word.family.or(slot.family);
        if is_kin || slot.is_diverse(&self.rules) {
            slot.variable = true;
            return true;
        }
        if slot.first || slot.record || slot.is_of_events() || slot.words.len() < 2 {
            return false;
        }
        // A slot is listed under its words from its second word on: one alone is shared with nothing.
        let fresh: SmallVec<[u32; 4]> =
            if slot.words.len() == 2 { slot.words.clone() } else { SmallVec::from_slice(&[short]) };
        for word in fresh {
            let places = self.places.entry(word).or_default();
            if places.len() < PLACES {
                places.push(at);
            }
        }
        self.is_shared(at, short)
    }

    /// Whether enough words of a slot fill another one too; then both are variables.
    fn is_shared(&mut self, at: u64, word: u32) -> bool {
        let (Some(slot), Some(places)) = (self.slots.get(&at), self.places.get(&word)) else { return false };
        let wanted = if slot.group { self.rules.shared_groups } else { self.rules.shared };
        if slot.words.len() < wanted {
            return false;
        }
        let twins: SmallVec<[u64; 4]> = places
            .iter()
            .filter(|other| **other != at)
            .filter(|other| {
                self.slots.get(other).is_some_and(|other| {
                    let common = other.words.iter().filter(|word| slot.words.contains(word)).count();
                    wanted <= common && !other.is_of_events()
                })
            })
            .copied()
            .collect();
        for twin in twins.iter().chain((!twins.is_empty()).then_some(&at)) {
            if let Some(slot) = self.slots.get_mut(twin) {
                slot.variable = true;
            }
        }
        !twins.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn is_entered(&self, slot: u64) -> bool {
        self.slots.get(&slot).is_some_and(|slot| slot.entered)
    }

    /// Bytes held, about.
    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * (size_of::<(u64, Slot)>() + 1)
            + self.places.capacity() * (size_of::<(u32, Places)>() + 1)
            + self.places.values().filter(|list| list.spilled()).map(|list| list.capacity() * 8).sum::<usize>()
            + self
                .slots
                .values()
                .filter(|slot| slot.words.spilled())
                .map(|slot| slot.words.capacity() * 4)
                .sum::<usize>()
    }

    /// All in the order of hashes, to be saved.
    pub(super) fn save(&self) -> Saved {
        let mut slots: Vec<(u64, Slot)> = self.slots.iter().map(|(at, slot)| (*at, slot.clone())).collect();
        slots.sort_unstable_by_key(|(at, _)| *at);
        let mut places: Vec<_> = self.places.iter().map(|(word, places)| (*word, places.clone())).collect();
        places.sort_unstable_by_key(|(word, _)| *word);
        (slots, places, self.born)
    }

    /// As saved.
    pub(super) fn restore(slots: Vec<(u64, Slot)>, places: Vec<(u32, Places)>, born: u64, forgotten: u64) -> Self {
        Slots {
            rules: Rules::default(),
            slots: slots.into_iter().collect(),
            places: places.into_iter().collect(),
            born,
            forgotten,
        }
    }

    /// Forgets the older half of the slots that are no variables, where there are more than `most`.
    pub(super) fn keep(&mut self, most: usize) {
        if self.slots.len() <= most {
            return;
        }
        let before = self.slots.len();
        let mut ages: Vec<u64> = self.slots.values().filter(|slot| !slot.variable).map(|slot| slot.born).collect();
        ages.sort_unstable();
        let until = ages.get(ages.len() / 2).copied().unwrap_or(0);
        self.slots.retain(|_, slot| slot.variable || until < slot.born);
        if most < self.slots.len() {
            // All are variables: the older half of these.
            let mut ages: Vec<u64> = self.slots.values().map(|slot| slot.born).collect();
            ages.sort_unstable();
            let until = ages[ages.len() / 2];
            self.slots.retain(|_, slot| until < slot.born);
        }
        self.forgotten += (before - self.slots.len()) as u64;
        self.list_places();
    }

    /// Lists anew which slots hold which word.
    fn list_places(&mut self) {
        self.places.clear();
        let mut known: Vec<(u64, u64)> = self
            .slots
            .iter()
            .filter(|(_, slot)| 2 <= slot.words.len() && !slot.first && !slot.record && !slot.is_of_events())
            .map(|(at, slot)| (slot.born, *at))
            .collect();
        known.sort_unstable();
        for (_, at) in known {
            for word in &self.slots[&at].words {
                let places = self.places.entry(*word).or_default();
                if places.len() < PLACES {
                    places.push(at);
                }
            }
        }
    }
}

impl Slot {
    fn is_of_events(&self) -> bool {
        self.words.len() < 2 * usize::from(self.events)
    }

    fn is_diverse(&self, rules: &Rules) -> bool {
        let count = self.words.len() as u8;
        if self.first || self.is_of_events() {
            return rules.first <= count || rules.words <= self.dotted;
        }
        rules.words <= count
            || (rules.dotted <= self.dotted)
            || (self.value && rules.value <= count)
            || (self.enclosed && rules.enclosed <= count)
    }
}
