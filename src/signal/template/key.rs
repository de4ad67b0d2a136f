//! The key of a line: its words in order, with one mark for any run of variables between them.
//!
//! The key is coarser than the text: punctuation is no part of it and neighbouring variables are one, so that
//! `1103 bytes (1.07 KB) sent` and `0 bytes sent` are one event. Two lines are of one kind if their keys are equal;
//! nothing is ever compared by likeness.

use smallvec::SmallVec;

use super::lexer::Token;

/// One word (its hash) or variable (0) of a key, and the token it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) word: u64,
    pub(super) token: u8,
}

/// The parts of a key.
pub(super) type Parts = SmallVec<[Part; 24]>;

const SEED: u64 = 0x6C6F_6720_6B65_7931;
const VARIABLE: u64 = 0x2F1D_8A6B_93C4_57E5;
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

fn mix(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(23) ^ word).wrapping_mul(FACTOR)
}

/// The last step: every bit of the sum reaches every bit of the key.
fn finish(mut hash: u64) -> u64 {
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    hash ^ (hash >> 29)
}

/// The key of a line, and how many variables it holds.
pub(super) fn of_tokens(tokens: &[Token]) -> (u64, usize) {
    let (mut hash, mut after_variable, mut variables) = (SEED, false, 0);
    for token in tokens {
        let is_variable = token.word == 0;
        variables += usize::from(is_variable);
        if !is_variable {
            hash = mix(hash, token.word);
        } else if !after_variable {
            hash = mix(hash, VARIABLE);
        }
        after_variable = is_variable;
    }
    (finish(hash), variables)
}

/// The same in parts.
pub(super) fn parts(tokens: &[Token]) -> Parts {
    let mut parts = Parts::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.word != 0 || parts.last().is_none_or(|last: &Part| last.word != 0) {
            parts.push(Part { word: token.word, token: at as u8 });
        }
    }
    parts
}

/// The key of parts, with the word at `without` taken for a variable: a *slot*.
pub(super) fn of_parts(parts: &[Part], without: Option<usize>) -> u64 {
    let (mut hash, mut after_variable) = (SEED, false);
    for (at, part) in parts.iter().enumerate() {
        let word = if without == Some(at) { 0 } else { part.word };
        if word != 0 {
            hash = mix(hash, word);
        } else if !after_variable {
            hash = mix(hash, VARIABLE);
        }
        after_variable = word == 0;
    }
    finish(hash)
}

/// One of several places of a key in which the words differ together: what is left of the key without all of them, and which it is.
pub(super) fn joint(rest: u64, kind: u64, place: usize) -> u64 {
    finish(mix(mix(rest, kind), place as u64 + 1))
}

/// Makes the word at `at` a variable and folds it with its neighbours.
pub(super) fn generalise(parts: &mut Parts, at: usize) {
    parts[at].word = 0;
    if parts.get(at + 1).is_some_and(|next| next.word == 0) {
        parts.remove(at + 1);
    }
    if 0 < at && parts[at - 1].word == 0 {
        parts.remove(at);
    }
}
