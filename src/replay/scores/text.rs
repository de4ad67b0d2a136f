//! The text of score files: one row, its cells, its numbers.

use std::io::Write;

use crate::time::Timestamp;

/// The first line of every score file.
pub(super) const HEADER: &str = "timestamp,value,anomaly_score,onset_score\n";

/// The two scores of a row; 0 before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Pair {
    pub(super) anomaly: f64,
    pub(super) onset: f64,
}

/// Whether nothing can change the scores at this time any more: all before `watermark` was judged, or simply all.
pub(super) fn judged(at: Timestamp, watermark: Option<Timestamp>) -> bool {
    watermark.is_none_or(|watermark| at < watermark)
}

/// Writes one row.
pub(super) fn push_row(out: &mut Vec<u8>, stamp: &[u8], value: &[u8], scores: Pair) {
    push_cell(out, stamp);
    out.push(b',');
    push_cell(out, value);
    // The shortest text that reads as this number again: no two numbers share one.
    writeln!(out, ",{:?},{:?}", scores.anomaly, scores.onset).expect("writing to memory does not fail");
}

/// Writes a cell, quoted only where it must be.
pub(super) fn push_cell(out: &mut Vec<u8>, cell: &[u8]) {
    if !cell.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        return out.extend_from_slice(cell);
    }
    out.push(b'"');
    for &byte in cell {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// A value that was decoded: whole numbers as such, else the shortest text that reads as it again.
pub(super) fn value_text(value: f64) -> String {
    if libm::trunc(value) == value && value.abs() < 1e15 { format!("{value}") } else { format!("{value:?}") }
}

/// A name as a part of a path: what a file system could take amiss becomes `_`.
pub(super) fn path_part(name: &str) -> String {
    let safe = |c: char| if c.is_control() || "/\\:*?\"<>|".contains(c) { '_' } else { c };
    let part: String = name.chars().map(safe).take(150).collect();
    if part.trim_matches('.').is_empty() { format!("_{part}") } else { part }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_every_digit_and_every_character() {
        let mut out = Vec::new();
        let scores = |anomaly, onset| Pair { anomaly, onset };
        push_row(&mut out, b"2014-04-01 00:00:00", b"1.50", scores(0.1 + 0.2, 1e-300));
        push_row(&mut out, b"a,b", b"say \"x\"", Pair::default());
        expect_test::expect![[r#"
            2014-04-01 00:00:00,1.50,0.30000000000000004,1e-300
            "a,b","say ""x""",0.0,0.0
        "#]]
        .assert_eq(&String::from_utf8(out).unwrap());
        assert_eq!([23.0, 0.5, -1e300, 1e-7].map(value_text), ["23", "0.5", "-1e300", "1e-7"]);
        assert_eq!(["a/b", "..", "", "ok.v1"].map(path_part), ["a_b", "_..", "_", "ok.v1"]);
    }
}
