//! Stack traces as one record: the exception and the frame it came from are part of what the line is.
//!
//! Java, Kotlin and Scala (`at a.b.C.m(F.java:1)`, the innermost `Caused by`), Python (`Traceback`, the last frame),
//! JavaScript (`at f (file:1:2)`), .NET (`at A.B.M() in …`) and Go (`panic:`, the first frame of the goroutine).

/// A trace folded into one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    /// The first line, with the exception and the top frame.
    pub line: String,
    /// The type of the exception, such as `java.lang.IllegalStateException`.
    pub exception: String,
}

/// Folds the lines of a message if they are a stack trace; none where they are not.
pub fn fold(body: &str) -> Option<Folded> {
    if !body.contains('\n') {
        return None;
    }
    let (exception, frame) = python(body).or_else(|| go(body)).or_else(|| at_frames(body))?;
    let first = body.lines().find(|line| !line.trim().is_empty())?.trim();
    let head = if first.starts_with("Traceback") { "" } else { first };
    let named = if head.contains(&exception) { String::new() } else { format!(" {exception}") };
    let line = format!("{head}{named} at {frame}");
    Some(Folded { line: line.trim().to_owned(), exception })
}

/// Whether a line of a text log goes on with the record before it: it is indented, or begins as the further lines of a stack
/// trace do. Whoever reads lines joins these, so that [`fold`] sees the whole.
pub fn goes_on(line: &str) -> bool {
    const BEGINS: [&str; 9] = [
        "Caused by: ",
        "Suppressed: ",
        "Traceback (most recent call last)",
        "During handling of the above exception",
        "The above exception was",
        "panic: ",
        "goroutine ",
        "... ",
        "}",
    ];
    let first = || line.split_whitespace().next().map(|word| word.trim_end_matches(':'));
    line.starts_with([' ', '\t'])
        || BEGINS.iter().any(|begin| line.starts_with(begin))
        || first().is_some_and(is_exception)
}

/// Frames after `at`: the innermost cause and its first frame.
fn at_frames(body: &str) -> Option<(String, String)> {
    let (mut found, mut open) = (None, None);
    for line in body.lines() {
        let text = line.trim();
        if let Some(frame) = text.strip_prefix("at ") {
            if let Some(exception) = open.take() {
                found = Some((exception, frame_name(frame)));
            }
        } else if let Some(exception) = exception_in(text.strip_prefix("Caused by: ").unwrap_or(text)) {
            open = Some(exception);
        }
    }
    found
}

/// The name of a frame without its place in the file, which changes with every release.
fn frame_name(frame: &str) -> String {
    frame.split(['(', ' ']).next().unwrap_or(frame).to_owned()
}

/// The word of a line that names an exception.
fn exception_in(line: &str) -> Option<String> {
    line.split_whitespace()
        .map(|word| word.trim_end_matches([':', ',', ';']))
        .find(|word| is_exception(word))
        .map(str::to_owned)
}

fn is_exception(word: &str) -> bool {
    let last = word.rsplit('.').next().unwrap_or(word);
    let named = ["Exception", "Error", "Throwable", "Interrupt"].iter().any(|ending| last.ends_with(ending));
    named
        && last.starts_with(|c: char| c.is_ascii_uppercase())
        && word.chars().all(|c| c.is_alphanumeric() || "._$".contains(c))
}

fn python(body: &str) -> Option<(String, String)> {
    if !body.contains("Traceback (most recent call last)") {
        return None;
    }
    let frame =
        body.lines().rev().find_map(|line| line.trim().strip_prefix("File ")?.rsplit_once(" in ").map(|(_, f)| f));
    let last = body.lines().rev().find(|line| !line.trim().is_empty() && !line.starts_with(' '))?;
    let name = last.split(':').next().unwrap_or(last).trim();
    Some((name.to_owned(), frame.unwrap_or("module").to_owned()))
}

fn go(body: &str) -> Option<(String, String)> {
    body.lines().find(|line| line.starts_with("panic: "))?;
    let mut lines = body.lines().skip_while(|line| !line.starts_with("goroutine ")).skip(1);
    let frame = lines.find(|line| !line.starts_with(char::is_whitespace) && !line.starts_with("panic("))?;
    Some(("panic".to_owned(), frame.split('(').next().unwrap_or(frame).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, line: &str, exception: &str) {
        let folded = fold(body).unwrap();
        assert_eq!((folded.line.as_str(), folded.exception.as_str()), (line, exception));
    }

    #[test]
    fn traces_fold_into_exception_and_top_frame() {
        check(
            "order failed\njava.lang.RuntimeException: x\n\tat a.B.c(B.java:7)\nCaused by: java.io.IOException: full\n\tat d.E.f(E.java:9)\n\t... 3 more",
            "order failed java.io.IOException at d.E.f",
            "java.io.IOException",
        );
        check(
            "Traceback (most recent call last):\n  File \"a.py\", line 3, in main\n    go()\n  File \"b.py\", line 9, in go\n    raise\nValueError: no 7",
            "ValueError at go",
            "ValueError",
        );
        check(
            "TypeError: x is undefined\n    at pay (/srv/a.js:3:9)\n    at next (b.js:1:1)",
            "TypeError: x is undefined at pay",
            "TypeError",
        );
        check(
            "panic: nil map\n\ngoroutine 1 [running]:\nmain.store(0x1)\n\t/srv/main.go:12",
            "panic: nil map at main.store",
            "panic",
        );
        check(
            "System.InvalidOperationException: gone\n   at Shop.Cart.Pay(Int32 n) in C:\\a.cs:line 4",
            "System.InvalidOperationException: gone at Shop.Cart.Pay",
            "System.InvalidOperationException",
        );
        assert_eq!(fold("two lines\nat the same time"), None);
        assert_eq!(fold("at once"), None);
    }
}
