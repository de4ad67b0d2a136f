//! JSON read in place, one value after the other and without a tree: for documents that come by the million.
//!
//! Brackets of what is skipped are only counted, not matched: who must know whether a document is JSON asks serde.

use super::json::DEPTH_MAX;
use super::number::scan_json;
use crate::signal::RejectReason;

/// Stands somewhere in a document; each method moves behind what it read.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
}

/// What is wrong with a document, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) reason: RejectReason,
    pub(super) at: usize,
    pub(super) what: &'static str,
}

type Read<T> = Result<T, Fault>;

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Cursor { bytes, at }
    }

    /// A fault at this place; at the end of the document it is the end that is wrong.
    pub(super) fn fault<T>(&self, what: &'static str) -> Read<T> {
        match self.at < self.bytes.len() {
            true => Err(Fault { reason: RejectReason::Malformed, at: self.at, what }),
            false => Err(Fault { reason: RejectReason::Truncated, at: self.at, what: "ends before it is complete" }),
        }
    }

    /// What was read since `start`.
    pub(super) fn since(&self, start: usize) -> &'a [u8] {
        &self.bytes[start..self.at]
    }

    /// The next byte that is no blank.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            match *self.bytes.get(self.at)? {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    /// Takes one byte of punctuation.
    #[inline]
    pub(super) fn take(&mut self, wanted: u8, what: &'static str) -> Read<()> {
        if self.peek() != Some(wanted) {
            return self.fault(what);
        }
        self.at += 1;
        Ok(())
    }

    /// The next key of the object that was opened, its value ahead; nothing where the object ends.
    #[inline]
    pub(super) fn key(&mut self, first: &mut bool) -> Read<Option<&'a [u8]>> {
        match self.peek() {
            Some(b'}') => {
                self.at += 1;
                return Ok(None);
            }
            Some(b',') if !*first => {
                self.at += 1;
                self.peek();
            }
            _ if !*first => return self.fault("a comma or `}` is missing"),
            _ => {}
        }
        *first = false;
        let key = self.text()?;
        self.take(b':', "a colon is missing")?;
        Ok(Some(key))
    }

    /// A string as it stands between its quotes, escapes and all.
    #[inline]
    pub(super) fn text(&mut self) -> Read<&'a [u8]> {
        self.take(b'"', "a string is missing")?;
        let start = self.at;
        while let Some(found) = self.bytes[self.at..].iter().position(|byte| matches!(byte, b'"' | b'\\' | b'\n')) {
            self.at += found;
            match self.bytes[self.at] {
                b'"' => {
                    self.at += 1;
                    return Ok(&self.bytes[start..self.at - 1]);
                }
                b'\\' if self.at + 2 <= self.bytes.len() => self.at += 2,
                b'\\' => break,
                _ => return self.fault("a line ends within a string"),
            }
        }
        self.at = self.bytes.len();
        self.fault("a string has no end")
    }

    /// A number.
    #[inline]
    pub(super) fn number(&mut self) -> Read<f64> {
        match scan_json(self.bytes, self.at) {
            Some((value, end)) => {
                self.at = end;
                Ok(value)
            }
            None => self.fault("a number cannot be read"),
        }
    }

    /// A value that counts as a number: a number, or `true` and `false` as one and zero. Any other is passed over.
    #[inline]
    pub(super) fn value(&mut self) -> Read<Option<f64>> {
        match self.peek() {
            Some(b'-' | b'0'..=b'9') => self.number().map(Some),
            Some(b't') => self.word(b"true").map(|()| Some(1.0)),
            Some(b'f') => self.word(b"false").map(|()| Some(0.0)),
            _ => self.skip().map(|()| None),
        }
    }

    fn word(&mut self, word: &[u8]) -> Read<()> {
        if !self.bytes[self.at..].starts_with(word) {
            return self.fault("a value cannot be read");
        }
        self.at += word.len();
        Ok(())
    }

    /// Passes over one value of any kind.
    pub(super) fn skip(&mut self) -> Read<()> {
        match self.peek() {
            Some(b'"') => self.text().map(drop),
            Some(b'{' | b'[') => self.skip_nested(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            _ => self.number().map(drop),
        }
    }

    fn skip_nested(&mut self) -> Read<()> {
        let mut depth = 0usize;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'"' => {
                    self.text()?;
                    continue;
                }
                b'{' | b'[' if depth == DEPTH_MAX => {
                    return Err(Fault { reason: RejectReason::TooDeep, at: self.at, what: "nested deeper than 100" });
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
        self.fault("ends before it is complete")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_document_is_walked_value_by_value() {
        let text = br#" {"a" : [1,{"b":"]"}], "c\"d":-1.5e2,"e":true, "f":null}"#;
        let mut cursor = Cursor::new(text, 0);
        cursor.take(b'{', "").unwrap();
        let (mut first, mut seen) = (true, Vec::new());
        while let Some(key) = cursor.key(&mut first).unwrap() {
            seen.push((std::str::from_utf8(key).unwrap(), cursor.value().unwrap()));
        }
        assert_eq!(seen, [("a", None), ("c\\\"d", Some(-150.0)), ("e", Some(1.0)), ("f", None)]);
        assert_eq!(cursor.at, text.len());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(prop::sample::select(b"{}[]\",:\\\n 0-.eatrufls\xFF".to_vec()), 0..80)) {
            for at in 0..=bytes.len() {
                let mut cursor = Cursor::new(&bytes, at);
                let _ = cursor.skip();
                let mut cursor = Cursor::new(&bytes, at);
                let mut first = true;
                while let Ok(Some(_)) = cursor.key(&mut first) {
                    if cursor.value().is_err() {
                        break;
                    }
                }
                prop_assert!(cursor.at <= bytes.len());
            }
        }

        #[test]
        fn what_serde_reads_is_passed_over_whole(depth in 0usize..5, value in any::<f64>(), text in ".{0,20}") {
            let mut json = serde_json::json!({ "t": text, "v": value, "n": null, "b": [true, false] });
            for _ in 0..depth {
                json = serde_json::json!([json, { "x": json }]);
            }
            let bytes = json.to_string().into_bytes();
            let mut cursor = Cursor::new(&bytes, 0);
            prop_assert_eq!(cursor.skip(), Ok(()));
            prop_assert_eq!(cursor.at, bytes.len());
        }
    }
}
