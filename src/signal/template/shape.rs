//! What a token is, by its own letters: standards and common notations, no system's in particular.

use std::ops::Range;

/// The part of a chunk without the marks around it.
pub(super) fn trim(chunk: &[u8]) -> Range<usize> {
    let edge = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || 0x80 <= *byte;
    let start = chunk.iter().position(edge).unwrap_or(chunk.len());
    let end = chunk.iter().rposition(edge).map_or(start, |at| at + 1);
    start..end
}

/// The length of an address that starts here: a URL or an absolute path (POSIX or Windows). `chunk` is the length of the
/// run without hard marks; a URL's query goes on beyond it.
pub(super) fn address(rest: &[u8], chunk: usize) -> Option<usize> {
    let head = &rest[..chunk];
    let is_url = memchr::memchr(b':', head)
        .is_some_and(|at| 2 <= at && head[at..].starts_with(b"://") && head[..at].iter().all(|b| is_scheme(*b)));
    if !is_url && !is_path(head) {
        return None;
    }
    let mut length = chunk;
    if is_url || head.contains(&b'/') {
        let mut query = is_url;
        while length < rest.len() && continues(rest[length], &mut query) {
            length += 1;
        }
    }
    while 1 < length && matches!(rest[length - 1], b'.' | b',' | b':' | b';' | b'-') {
        length -= 1;
    }
    Some(length)
}

fn is_scheme(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-')
}

fn continues(byte: u8, query: &mut bool) -> bool {
    *query |= byte == b'?';
    match byte {
        b'?' => true,
        b'=' | b'&' | b',' | b';' | b'!' => *query,
        0..=b' ' | b'"' | b'\'' | b'<' | b'>' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'|' | b'`' => false,
        _ => true,
    }
}

fn is_path(head: &[u8]) -> bool {
    let named = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'~'));
    match head {
        [b'/', rest @ ..] | [b'~', b'/', rest @ ..] => named(rest.first()),
        [b'\\', rest @ ..] => rest.iter().filter(|byte| **byte == b'\\').count() != 0,
        [drive, b':', b'\\', ..] => drive.is_ascii_alphabetic(),
        _ => false,
    }
}

/// Whether a trimmed chunk is a variable as a whole although its pieces might be words: a relative path, groups of
/// hexadecimal digits, a mail address, a host name with or without a port. `marks` says which bytes are in it.
pub(super) fn is_whole(text: &[u8], marks: u8) -> bool {
    let count = |mark: u8| text.iter().filter(|byte| **byte == mark).count();
    if marks & SLASH != 0 {
        return !(marks & COLON != 0 && memchr::memmem::find(text, b":/").is_some())
            && is_relative_path(text, count(b'/'));
    }
    (marks & COLON != 0 && ((2 <= count(b':') && is_hex_groups(text)) || text.starts_with(b"localhost:")))
        || (marks & AT != 0 && count(b'@') == 1 && (is_mail(text) || is_object(text)))
        || (marks & DOT != 0 && is_host(text))
}

/// Which bytes a chunk holds, as bits.
pub(super) const SLASH: u8 = 1;
pub(super) const COLON: u8 = 2;
pub(super) const AT: u8 = 4;
pub(super) const DOT: u8 = 8;
pub(super) const NUMBER: u8 = 16;
pub(super) const STAR: u8 = 32;
pub(super) const MARK: u8 = 64;
pub(super) const NAME: u8 = 128;

/// The root, or a relative path to a folder: names between slashes, the last of them behind all.
pub(super) fn is_folder(text: &[u8]) -> bool {
    let Some(names) = text.strip_suffix(b"/") else { return false };
    names.split(|byte| *byte == b'/').all(|name| {
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        (!name.is_empty() || names.is_empty()) && name.iter().all(is_name)
    })
}

fn is_relative_path(text: &[u8], slashes: usize) -> bool {
    if slashes == 0 {
        return false;
    }
    let last = text.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let extension = last.iter().rposition(|byte| *byte == b'.').map(|at| &last[at + 1..]);
    let is_deep = 3 <= slashes || (slashes == 2 && extension.is_some());
    is_deep || extension.is_some_and(|e| (1..=5).contains(&e.len()) && e.iter().all(u8::is_ascii_alphanumeric))
}

/// Groups of one to four hexadecimal digits between colons: MAC and IPv6 addresses, times of day.
fn is_hex_groups(text: &[u8]) -> bool {
    text.split(|byte| *byte == b':').all(|group| group.len() <= 4 && group.iter().all(u8::is_ascii_hexdigit))
        && text.iter().any(|byte| *byte != b':')
}

fn is_mail(text: &[u8]) -> bool {
    let mut parts = text.split(|byte| *byte == b'@');
    let (user, host) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    !user.is_empty() && is_host(host)
}

/// An object by its identity: its class, and its hash code as Java's `Object.toString` writes it (`shop.Cart@1b6d3586`).
pub(super) fn is_object(text: &[u8]) -> bool {
    let Some(at) = text.iter().position(|byte| *byte == b'@') else { return false };
    let (class, hash) = (&text[..at], &text[at + 1..]);
    (5..=10).contains(&hash.len())
        && hash.iter().all(u8::is_ascii_hexdigit)
        && (7 <= hash.len() || hash.iter().any(u8::is_ascii_digit))
        && class.first().is_some_and(u8::is_ascii_alphabetic)
        && class.iter().any(|byte| matches!(byte, b'.' | b'$' | b'-') || byte.is_ascii_uppercase())
}

/// What an object says of itself right behind its identity, in brackets: how long it is.
pub(super) fn attached(rest: &[u8]) -> usize {
    let (mut length, mut depth) = (0, 0usize);
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                length = if depth == 0 { at + 1 } else { length };
            }
            _ if depth == 0 => break,
            _ => {}
        }
    }
    length
}

/// Top-level domains by which a name without a digit is told from a dotted identifier. Country codes that are common words
/// or file extensions (`id`, `is`, `sh`, `py`, …) are left out.
const DOMAINS: [&[u8]; 22] = [
    b"com",
    b"net",
    b"org",
    b"edu",
    b"gov",
    b"mil",
    b"info",
    b"biz",
    b"dev",
    b"app",
    b"cloud",
    b"arpa",
    b"local",
    b"localdomain",
    b"internal",
    b"intranet",
    b"lan",
    b"corp",
    b"xyz",
    b"online",
    b"site",
    b"tech",
];
const COUNTRIES: [&[u8; 2]; 41] = [
    b"ar", b"au", b"be", b"br", b"ca", b"ch", b"cl", b"cn", b"co", b"cz", b"de", b"dk", b"es", b"eu", b"fi", b"fr",
    b"gr", b"hk", b"hu", b"ie", b"il", b"io", b"it", b"jp", b"kr", b"mx", b"nl", b"nz", b"pt", b"ro", b"ru", b"se",
    b"sg", b"th", b"tr", b"tw", b"ua", b"uk", b"us", b"vn", b"za",
];

fn is_top_domain(text: &[u8]) -> bool {
    match text.len() {
        2 => COUNTRIES.iter().any(|known| text.eq_ignore_ascii_case(&known[..])),
        _ => DOMAINS.iter().any(|known| text.eq_ignore_ascii_case(known)),
    }
}

/// A host name that ends in a top-level domain, with or without a port.
fn is_host(text: &[u8]) -> bool {
    let (name, port) = match text.iter().rposition(|byte| *byte == b':') {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[][..]),
    };
    let Some(dot) = name.iter().rposition(|byte| *byte == b'.') else { return false };
    let is_label = |label: &[u8]| {
        !label.is_empty() && label.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    is_top_domain(&name[dot + 1..])
        && port.iter().all(u8::is_ascii_digit)
        && name[..dot].split(|byte| *byte == b'.').all(is_label)
}

/// A name with one digit in it that is a name all the same: `ssh2`, `jk2_init`, `eth0`.
pub(super) fn is_numbered_name(text: &[u8]) -> bool {
    let letters = stem(text);
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    2 <= letters
        && digits == 1
        && text.get(letters).is_some_and(u8::is_ascii_digit)
        && text[letters - 2..letters].iter().all(u8::is_ascii_alphabetic)
        && (letters + 1 < text.len() || is_versioned(&text[..letters]))
        && text[letters + 1..].iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
}

/// Names whose number is a version, not one of many: `IPv4` and `IPv6` are two things.
pub(super) fn is_versioned(stem: &[u8]) -> bool {
    const NAMES: [&[u8]; 10] = [b"ip", b"ipv", b"http", b"utf", b"sha", b"md", b"tls", b"ssl", b"socks", b"raid"];
    NAMES.iter().any(|name| stem.eq_ignore_ascii_case(name))
}

/// The length of the letters before the number of a [numbered name](is_numbered_name).
pub(super) fn stem(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'_').count()
}

/// Eight or more hexadecimal letters and no digit, in one case: an address or hash, not a word of any language.
pub(super) fn is_bare_hex(text: &[u8]) -> bool {
    8 <= text.len()
        && (text.iter().all(|byte| matches!(byte, b'a'..=b'f')) || text.iter().all(|byte| matches!(byte, b'A'..=b'F')))
}

/// The name of a day or month as dates have it.
pub(super) fn is_date_word(text: &[u8]) -> bool {
    (3..=9).contains(&text.len())
        && matches!(text[0], b'J' | b'F' | b'M' | b'A' | b'S' | b'O' | b'N' | b'D' | b'T' | b'W')
        && (is_month(text) || is_day(text))
}

pub(super) fn is_month(text: &[u8]) -> bool {
    matches!(
        text,
        b"Jan"
            | b"Feb"
            | b"Mar"
            | b"Apr"
            | b"May"
            | b"Jun"
            | b"Jul"
            | b"Aug"
            | b"Sep"
            | b"Oct"
            | b"Nov"
            | b"Dec"
            | b"January"
            | b"February"
            | b"March"
            | b"April"
            | b"June"
            | b"July"
            | b"August"
            | b"September"
            | b"October"
            | b"November"
            | b"December"
    )
}

fn is_day(text: &[u8]) -> bool {
    matches!(
        text,
        b"Mon"
            | b"Tue"
            | b"Wed"
            | b"Thu"
            | b"Fri"
            | b"Sat"
            | b"Sun"
            | b"Monday"
            | b"Tuesday"
            | b"Wednesday"
            | b"Thursday"
            | b"Friday"
            | b"Saturday"
            | b"Sunday"
    )
}

/// What follows a time of day: a zone, or the half of the day.
pub(super) fn is_zone(text: &[u8]) -> bool {
    const ZONES: [&[u8]; 16] = [
        b"UTC", b"GMT", b"CET", b"CEST", b"EST", b"EDT", b"CST", b"CDT", b"MST", b"MDT", b"PST", b"PDT", b"AM", b"PM",
        b"JST", b"IST",
    ];
    ZONES.contains(&text)
}

/// What a unit measures, and how much of the base (seconds, bytes) it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unit {
    /// Seconds.
    Time(f64),
    /// Bytes.
    Bytes(f64),
    /// A share of a hundred.
    Percent,
    /// Something without a base of ours.
    Other,
}

/// The unit that a word names, in any case.
pub(super) fn unit(text: &[u8]) -> Option<Unit> {
    let mut lower = [0u8; 12];
    let lower = lower.get_mut(..text.len())?;
    lower.copy_from_slice(text);
    lower.make_ascii_lowercase();
    Some(match &*lower {
        b"ns" | b"nanos" | b"nanoseconds" => Unit::Time(1e-9),
        b"us" | b"usec" | b"usecs" | b"micros" | b"microseconds" | [0xC2, 0xB5, b's'] => Unit::Time(1e-6),
        b"ms" | b"msec" | b"msecs" | b"millis" | b"millisecond" | b"milliseconds" => Unit::Time(1e-3),
        b"s" | b"sec" | b"secs" | b"second" | b"seconds" => Unit::Time(1.0),
        b"m" | b"min" | b"mins" | b"minute" | b"minutes" => Unit::Time(60.0),
        b"h" | b"hr" | b"hrs" | b"hour" | b"hours" => Unit::Time(3_600.0),
        b"d" | b"day" | b"days" => Unit::Time(86_400.0),
        b"week" | b"weeks" => Unit::Time(604_800.0),
        b"b" | b"byte" | b"bytes" => Unit::Bytes(1.0),
        b"k" | b"kb" | b"kib" => Unit::Bytes(1024.0),
        b"mb" | b"mib" => Unit::Bytes(1_048_576.0),
        b"gb" | b"gib" => Unit::Bytes(1_073_741_824.0),
        b"tb" | b"tib" => Unit::Bytes(1_099_511_627_776.0),
        b"%" | b"percent" => Unit::Percent,
        b"hz" | b"khz" | b"mhz" | b"ghz" | b"bps" | b"kbps" | b"mbps" | b"gbps" | b"ppm" => Unit::Other,
        _ => return None,
    })
}

pub(super) fn is_unit(text: &[u8]) -> bool {
    unit(text).is_some()
}

/// A number, and the unit written right behind it if there is one; none where something else follows.
pub(super) fn number_with_unit(text: &[u8]) -> Option<(f64, Option<Unit>)> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.').unwrap_or(text.len());
    let number = std::str::from_utf8(&text[..end]).ok()?.parse().ok()?;
    if end == text.len() {
        return Some((number, None));
    }
    Some((number, Some(unit(&text[end..])?)))
}

impl Unit {
    /// The kind of variable that carries it.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Unit::Time(_) => "duration",
            Unit::Bytes(_) => "size",
            Unit::Percent => "percent",
            Unit::Other => "quantity",
        }
    }
}

/// A word with short numbers right behind letters, such as `ssh2`, `L3`, `hadoop-metrics2.properties`: a name if it never
/// changes.
pub(super) fn is_name_like(text: &[u8]) -> bool {
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let fits = text.iter().enumerate().all(|(at, byte)| match byte {
        b'0'..=b'9' => 0 < at && (text[at - 1].is_ascii_alphabetic() || (1 < at && text[at - 1].is_ascii_digit())),
        byte => byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b'.' | b'$'),
    });
    text.first().is_some_and(u8::is_ascii_alphabetic) && fits && (1..=3).contains(&digits) && digits < text.len()
}

/// How much of a value is wording: the scheme of a URL, or the letters before its first digit with the `.` or `-` between
/// them (`core.` of `core.2275`). Longer names of hosts and the like are values as a whole.
pub(super) fn prefix(text: &[u8]) -> usize {
    let letters = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let rest = &text[letters..];
    if letters < 3 {
        return 0;
    }
    if rest.starts_with(b"://") {
        return letters + 3;
    }
    let is_joined = matches!(rest.first(), Some(b'.' | b'-'));
    let number = rest.get(1..).unwrap_or_default().iter().find(|byte| !byte.is_ascii_alphabetic());
    if is_joined && number.is_some_and(u8::is_ascii_digit) { letters + 1 } else { 0 }
}
