//! What a log record says beside its message: host, version, zone, thread, and the like.

use serde::{Deserialize, Serialize};

/// The fields of a record in its order: names and short values, all in one text.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fields(String);

/// Fields of a record that are kept; the last go, and values that are longer than a name ever is.
const MOST: usize = 16;
const KEY_BYTES: usize = 64;
const VALUE_BYTES: usize = 96;
/// Stand between a name and its value, and behind the value: what control characters are for (ECMA-48: unit and record separator).
const UNIT: char = '\u{1F}';
const RECORD: char = '\u{1E}';

impl Fields {
    /// Adds a field, where it fits and says something.
    pub fn add(&mut self, key: &str, value: &str) {
        let is_short = (1..=KEY_BYTES).contains(&key.len()) && (1..=VALUE_BYTES).contains(&value.len());
        let is_clean = |text: &str| !text.bytes().any(|byte| byte < b' ');
        if is_short && is_clean(key) && is_clean(value) && self.len() < MOST {
            for part in [key, UNIT.encode_utf8(&mut [0; 4]), value, RECORD.encode_utf8(&mut [0; 4])] {
                self.0.push_str(part);
            }
        }
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.split_terminator(RECORD).filter_map(|field| field.split_once(UNIT))
    }

    /// The value of the first of these names that there is.
    pub fn first_of(&self, names: &[&str]) -> Option<&str> {
        if self.0.is_empty() {
            return None;
        }
        names.iter().find_map(|name| self.iter().find(|(key, _)| key == name)).map(|(_, value)| value)
    }

    fn len(&self) -> usize {
        memchr::memchr_iter(RECORD as u8, self.0.as_bytes()).count()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.0.capacity()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Fields {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(fields: I) -> Self {
        let mut all = Fields::default();
        fields.into_iter().for_each(|(key, value)| all.add(key, value));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_fields_are_kept_in_order_and_the_rest_is_not() {
        let long = "x".repeat(VALUE_BYTES + 1);
        let fields: Fields =
            [("host", "web-3"), ("blob", &long), ("", "1"), ("zone", ""), ("a", "1\u{1E}b"), ("v", "2")]
                .into_iter()
                .collect();
        assert_eq!(fields.iter().collect::<Vec<_>>(), [("host", "web-3"), ("v", "2")]);
        assert_eq!(fields.first_of(&["zone", "v", "host"]), Some("2"));
        let many: Fields = std::iter::repeat_n(("k", "v"), 99).collect();
        assert_eq!(many.iter().count(), MOST);
    }
}
