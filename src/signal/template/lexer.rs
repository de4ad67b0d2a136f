//! One pass over the bytes of a line: words, variables, and nothing of the punctuation between them.
//!
//! What a token is, is read off the token alone: there are no masks for single systems. A word that holds a digit is a
//! variable, and so are an address, a path, a host name, a date in words, a run of hexadecimal groups and a number with
//! its unit. The common case (letters between blanks) takes one look at each byte.

use xxhash_rust::xxh3::xxh3_64;

use super::shape;

/// A word (`word` is its hash, never 0) or a variable (`word` is 0) at `start..end` of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) word: u64,
}

impl Token {
    pub(super) fn of(self, line: &[u8]) -> &[u8] {
        line.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    pub(super) fn is_variable(self) -> bool {
        self.word == 0
    }
}

/// Tokens of a line beyond which the rest counts as one variable.
pub(super) const TOKENS: usize = 64;

/// Blank, control or a mark that always parts two tokens.
const BREAK: u8 = 0;
/// A letter, or a byte of one beyond ASCII.
const LETTER: u8 = 1;
const DIGIT: u8 = 2;
/// Joins letters and digits to one word: `_ - . $ ~`.
const JOIN: u8 = 3;
/// Parts words, but is part of addresses, paths and the like: `/ : @ + # \ * % ^`.
const SOFT: u8 = 4;

const CLASS: [u8; 256] = classes();
/// What each byte says of a chunk that holds it.
const SAYS: [u8; 256] = says();

const fn says() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'/' | b'\\' => shape::SLASH | shape::MARK,
            b':' => shape::COLON | shape::MARK,
            b'@' => shape::AT | shape::MARK,
            b'.' => shape::DOT,
            b'*' => shape::STAR | shape::MARK,
            b'+' | b'#' | b'%' | b'^' => shape::MARK,
            b'0'..=b'9' => shape::NUMBER,
            b'-' | b'_' | b'~' | b'$' => 0,
            _ => shape::NAME,
        };
        byte += 1;
    }
    table
}

const fn classes() -> [u8; 256] {
    let mut table = [BREAK; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | 0x80..=0xFF => LETTER,
            b'0'..=b'9' => DIGIT,
            b'_' | b'-' | b'.' | b'$' | b'~' => JOIN,
            b'/' | b':' | b'@' | b'+' | b'#' | b'\\' | b'*' | b'%' | b'^' => SOFT,
            _ => BREAK,
        };
        byte += 1;
    }
    table
}

fn class(byte: u8) -> u8 {
    CLASS[byte as usize]
}

/// Cuts `line` into `tokens` (emptied before).
pub(super) fn lex(line: &[u8], tokens: &mut Vec<Token>) {
    tokens.clear();
    let mut lexer = Lexer { line, tokens, dates: false };
    let mut at = 0;
    while at < line.len() {
        if lexer.tokens.len() == TOKENS {
            lexer.tokens.pop();
            lexer.variable(at.min(line.len() - 1), line.len());
            break;
        }
        at = match class(line[at]) {
            BREAK => at + 1,
            LETTER => lexer.letters(at),
            _ => lexer.chunk(at),
        };
    }
    if lexer.dates {
        lexer.join_dates();
    }
}

/// A mark that joins, but is no part of a word at its edge; an underscore is.
fn is_edge(byte: u8) -> bool {
    class(byte) == JOIN && byte != b'_'
}

struct Lexer<'a> {
    line: &'a [u8],
    tokens: &'a mut Vec<Token>,
    /// Whether a word was the name of a day or month.
    dates: bool,
}

impl Lexer<'_> {
    fn variable(&mut self, start: usize, end: usize) {
        if self.tokens.len() < TOKENS {
            self.tokens.push(Token { start: start as u32, end: end as u32, word: 0 });
        }
    }

    fn word(&mut self, start: usize, end: usize) {
        if TOKENS <= self.tokens.len() {
            return;
        }
        let text = &self.line[start..end];
        if self.is_unit(start, text) || shape::is_bare_hex(text) {
            return self.variable(start, end);
        }
        self.dates |= shape::is_date_word(text);
        self.tokens.push(Token { start: start as u32, end: end as u32, word: xxh3_64(text).max(1) });
    }

    /// Whether a word is the unit of the number before it.
    fn is_unit(&self, start: usize, text: &[u8]) -> bool {
        let Some(before) = self.tokens.last().filter(|token| token.is_variable()) else { return false };
        start <= before.end as usize + 1
            && before.of(self.line).last().is_some_and(u8::is_ascii_digit)
            && self.line[before.end as usize..start].iter().all(|byte| *byte == b' ')
            && shape::is_unit(text)
    }

    /// The fast path: letters up to a blank or a hard mark. Anything else is looked at as a whole.
    fn letters(&mut self, start: usize) -> usize {
        let mut end = start + 1;
        while end < self.line.len() && class(self.line[end]) == LETTER {
            end += 1;
        }
        if end == self.line.len() || class(self.line[end]) == BREAK || self.ends_sentence(end) {
            self.word(start, end);
            return end;
        }
        self.chunk(start)
    }

    /// Whether a mark such as `.` or `:` ends the word before it: a blank or the end follows.
    fn ends_sentence(&self, at: usize) -> bool {
        matches!(self.line[at], b'.' | b':') && self.line.get(at + 1).is_none_or(|next| *next == b' ')
    }

    /// A run without blanks and hard marks, looked at as a whole; gives back where it ends.
    fn chunk(&mut self, start: usize) -> usize {
        let (mut end, mut marks) = (start, 0);
        while end < self.line.len() && class(self.line[end]) != BREAK {
            marks |= SAYS[self.line[end] as usize];
            end += 1;
        }
        if (marks & shape::SLASH != 0 || self.line[start] == b'~')
            && let Some(length) = shape::address(&self.line[start..], end - start)
        {
            self.variable(start, start + length);
            return start + length;
        }
        if marks & shape::SLASH != 0 && shape::is_folder(&self.line[start..end]) {
            self.variable(start, end);
            return end;
        }
        if marks == shape::STAR | shape::MARK && start + 2 <= end {
            self.word(start, end);
            return end;
        }
        if marks & (shape::SLASH | shape::COLON | shape::AT) != 0 || marks & shape::DOT != 0 && marks & shape::NAME != 0
        {
            let trimmed = shape::trim(&self.line[start..end]);
            let (from, to) = (start + trimmed.start, start + trimmed.end);
            if from < to && shape::is_whole(&self.line[from..to], marks) {
                let is_object = marks & shape::AT != 0 && to == end && shape::is_object(&self.line[from..to]);
                let more = if is_object { shape::attached(&self.line[end..]) } else { 0 };
                self.variable(from, to + more);
                return end + more;
            }
        }
        self.pieces(start, end)
    }

    /// The words of a chunk: what lies between its soft marks. Gives back where it ends.
    fn pieces(&mut self, start: usize, end: usize) -> usize {
        let mut at = start;
        while at < end {
            if class(self.line[at]) == SOFT {
                // A path behind a name, such as `path:/var/run`.
                let is_behind = start < at && self.line[at] == b'/' && self.line[at - 1] == b':';
                let address = || shape::address(&self.line[at..], end - at).or((at + 1 == end).then_some(1));
                match is_behind.then(address).flatten() {
                    Some(length) => {
                        self.variable(at, at + length);
                        return at + length;
                    }
                    None => at += 1,
                }
                continue;
            }
            let from = at;
            while at < end && class(self.line[at]) != SOFT && !self.is_dotted_line(at) {
                at += 1;
            }
            self.piece(from, at);
            while at < end && is_edge(self.line[at]) {
                at += 1;
            }
        }
        end
    }

    /// Two dots or dashes in a row are a ruler, not part of a name.
    fn is_dotted_line(&self, at: usize) -> bool {
        matches!(self.line[at], b'.' | b'-') && self.line.get(at + 1) == Some(&self.line[at])
    }

    /// A minus before a number that follows no word.
    fn is_sign(&self, at: usize) -> bool {
        self.line[at] == b'-'
            && self.line.get(at + 1).is_some_and(u8::is_ascii_digit)
            && at.checked_sub(1).is_none_or(|before| {
                class(self.line[before]) != LETTER && !matches!(self.line[before], b'-' | b'0'..=b'9')
            })
    }

    fn piece(&mut self, mut start: usize, mut end: usize) {
        while start < end && is_edge(self.line[start]) && !self.is_sign(start) {
            start += 1;
        }
        while start < end && is_edge(self.line[end - 1]) {
            end -= 1;
        }
        if start == end {
            return;
        }
        let text = &self.line[start..end];
        let is_plain = !text.iter().any(u8::is_ascii_digit) || shape::is_numbered_name(text);
        if is_plain { self.word(start, end) } else { self.variable(start, end) }
    }

    /// Names of months beside a number, and of days beside those, are parts of a date; so is a zone after a time.
    fn join_dates(&mut self) {
        let line = self.line;
        for round in 0..2 {
            for at in 0..self.tokens.len() {
                let token = self.tokens[at];
                if token.is_variable() || !shape::is_date_word(token.of(line)) {
                    continue;
                }
                let beside = |other: Option<&Token>| {
                    other.is_some_and(|other| {
                        other.is_variable() && (round == 1 || other.of(line).first().is_some_and(u8::is_ascii_digit))
                    })
                };
                let after = beside(self.tokens.get(at + 1));
                let before = beside(at.checked_sub(1).and_then(|at| self.tokens.get(at)));
                if after || (before && shape::is_month(token.of(line))) {
                    self.tokens[at].word = 0;
                }
            }
        }
        for at in 1..self.tokens.len() {
            if self.tokens[at - 1].is_variable() && shape::is_zone(self.tokens[at].of(line)) {
                self.tokens[at].word = 0;
            }
        }
    }
}
