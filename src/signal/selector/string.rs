//! Quoted strings of selectors: double, single and back quotes with Go's escapes, as Prometheus reads them.

use super::SelectorError;

/// Reads the quoted string that starts at `start` (at its quote); gives the text and the byte after the closing quote.
pub(super) fn quoted(text: &str, start: usize) -> Result<(String, usize), SelectorError> {
    let quote = text.as_bytes()[start];
    let mut bytes = Vec::new();
    let mut at = start + 1;
    loop {
        match text.as_bytes().get(at) {
            None => return Err(open_ended(start)),
            Some(b'\n') if quote != b'`' => return Err(open_ended(start)),
            Some(&byte) if byte == quote => break,
            Some(b'\\') if quote != b'`' => at = escape(text, at, &mut bytes)?,
            Some(&byte) => {
                bytes.push(byte);
                at += 1;
            }
        }
    }
    let value = String::from_utf8(bytes).map_err(|_| SelectorError {
        at: start,
        message: "the escapes of this string do not make valid UTF-8".to_owned(),
        hint: Some(r"write the character itself, or \u followed by four hexadecimal digits".to_owned()),
    })?;
    Ok((value, at + 1))
}

/// Reads one escape whose backslash is at `at`; gives the byte after it.
fn escape(text: &str, at: usize, out: &mut Vec<u8>) -> Result<usize, SelectorError> {
    let Some(letter) = text[at + 1..].chars().next() else { return Err(open_ended(at)) };
    let plain = match letter {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0C,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0B,
        '\\' | '\'' | '"' => letter as u8,
        'x' => return number(text, at, at + 2, 2, 16, out),
        'u' => return number(text, at, at + 2, 4, 16, out),
        'U' => return number(text, at, at + 2, 8, 16, out),
        '0'..='7' => return number(text, at, at + 1, 3, 8, out),
        other => {
            return Err(SelectorError {
                at,
                message: format!("`\\{other}` is not an escape"),
                hint: Some(
                    r"write \\ for a backslash, or put the string in back quotes, where nothing is escaped".into(),
                ),
            });
        }
    };
    out.push(plain);
    Ok(at + 2)
}

/// Reads `digits` digits at `from`: a byte (`\x`, octal) or a character (`\u`, `\U`).
fn number(
    text: &str,
    at: usize,
    from: usize,
    digits: usize,
    radix: u32,
    out: &mut Vec<u8>,
) -> Result<usize, SelectorError> {
    let bad = || SelectorError {
        at,
        message: format!("this escape needs {digits} digits to base {radix} that make a character"),
        hint: None,
    };
    let end = from + digits;
    let digit_text = text.get(from..end).filter(|t| t.bytes().all(|b| b.is_ascii_hexdigit())).ok_or_else(bad)?;
    let code = u32::from_str_radix(digit_text, radix).map_err(|_| bad())?;
    if digits < 4 {
        out.push(u8::try_from(code).map_err(|_| bad())?);
    } else {
        let character = char::from_u32(code).ok_or_else(bad)?;
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Ok(end)
}

fn open_ended(at: usize) -> SelectorError {
    SelectorError {
        at,
        message: "this quote is never closed".to_owned(),
        hint: Some(r"strings end on the line they began; write \n for a line end".to_owned()),
    }
}
