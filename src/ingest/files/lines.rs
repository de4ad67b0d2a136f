//! Lines of bounded length: a line ends at `\n` only, a trailing `\r` is dropped, an endless line costs no memory.

use std::io::{self, Read};

/// One line of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// The bytes without the line end.
    Whole(&'a [u8]),
    /// Longer than the bound: so many bytes were skipped.
    TooLong(u64),
}

impl Line<'_> {
    /// Whether there is nothing but white space in it.
    pub(super) fn is_blank(self) -> bool {
        matches!(self, Line::Whole(bytes) if bytes.trim_ascii().is_empty())
    }
}

/// Cuts a stream of bytes into lines.
#[derive(Debug)]
pub(super) struct Lines<R> {
    from: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    longest: usize,
    /// Bytes handed out or skipped: where the next line begins.
    offset: u64,
    done: bool,
}

const FIRST_BUFFER: usize = 64 << 10;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

impl<R: Read> Lines<R> {
    /// Lines of at most `longest` bytes; `offset` is where `from` stands in its file.
    pub(super) fn new(from: R, longest: usize, offset: u64) -> Self {
        Lines { from, buffer: vec![0; FIRST_BUFFER], start: 0, end: 0, longest, offset, done: false }
    }

    /// Where the next line begins, in bytes of the text.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next line; none at the end. The last line needs no line end.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let mut searched = 0;
        loop {
            let held = &self.buffer[self.start..self.end];
            if let Some(found) = memchr::memchr(b'\n', &held[searched..]) {
                return Ok(Some(self.hand_out(searched + found, 1)));
            }
            searched = held.len();
            if self.done {
                return Ok((0 < searched).then(|| self.hand_out(searched, 0)));
            }
            // The bound plus room for a carriage return.
            if self.longest + 1 < searched {
                return self.skip().map(Some);
            }
            self.fill()?;
        }
    }

    fn hand_out(&mut self, length: usize, line_end: usize) -> Line<'_> {
        let from = self.start;
        self.start += length + line_end;
        let first = self.offset == 0;
        self.offset += (length + line_end) as u64;
        let mut line = &self.buffer[from..from + length];
        if first {
            line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        }
        line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() <= self.longest { Line::Whole(line) } else { Line::TooLong(line.len() as u64) }
    }

    /// Makes room and reads once more.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let read = read_once(&mut self.from, &mut self.buffer[self.end..])?;
        self.end += read;
        self.done = read == 0;
        Ok(())
    }

    /// Drops bytes until the line ends.
    fn skip(&mut self) -> io::Result<Line<'_>> {
        let mut skipped = 0u64;
        loop {
            let held = &self.buffer[self.start..self.end];
            let found = memchr::memchr(b'\n', held);
            let length = found.unwrap_or(held.len());
            skipped += length as u64;
            let used = length + usize::from(found.is_some());
            self.start += used;
            self.offset += used as u64;
            if found.is_some() || self.done {
                return Ok(Line::TooLong(skipped));
            }
            self.fill()?;
        }
    }
}

fn read_once(from: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match from.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(text: &[u8], longest: usize) -> Vec<Result<Vec<u8>, u64>> {
        let mut lines = Lines::new(text, longest, 0);
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push(match line {
                Line::Whole(bytes) => Ok(bytes.to_vec()),
                Line::TooLong(length) => Err(length),
            });
        }
        assert_eq!(lines.offset(), text.len() as u64);
        all
    }

    #[test]
    fn lines_end_at_a_line_feed_only() {
        let ok = |lines: &[&str]| lines.iter().map(|line| Ok(line.as_bytes().to_vec())).collect::<Vec<_>>();
        for (text, lines) in [
            ("", ok(&[])),
            ("\n", ok(&[""])),
            ("a\r\nb\rc\n\u{2028}d", ok(&["a", "b\rc", "\u{2028}d"])),
            ("\u{FEFF}a\n\u{FEFF}b\n", ok(&["a", "\u{FEFF}b"])),
        ] {
            assert_eq!(cut(text.as_bytes(), 100), lines, "{text:?}");
        }
    }

    #[test]
    fn a_line_beyond_the_bound_is_skipped_and_the_next_is_read() {
        let long = "x".repeat(10 << 20);
        let text = format!("a\n{long}\nb\n1234567\r\n12345678\n{long}");
        let ok = |line: &str| Ok(line.as_bytes().to_vec());
        assert_eq!(cut(text.as_bytes(), 7), [ok("a"), Err(10 << 20), ok("b"), ok("1234567"), Err(8), Err(10 << 20)]);
        let mut lines = Lines::new(text.as_bytes(), 1 << 16, 0);
        while lines.next().unwrap().is_some() {}
        assert!(lines.buffer.len() <= 1 << 18, "{}", lines.buffer.len());
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in "[ab\n\r]{0,200}") {
            let expected: Vec<_> = text.split_terminator('\n').map(|l| Ok(l.strip_suffix('\r').unwrap_or(l).as_bytes().to_vec())).collect();
            prop_assert_eq!(cut(text.as_bytes(), 1000), expected);
        }
    }
}
