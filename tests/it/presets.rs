//! The names that real exporters give, and the preset that takes each.

use forewarn::config::presets::{models, taken};
use forewarn::signal::Selector;

#[test]
fn the_names_of_real_exporters_find_their_presets() {
    let table = include_str!("../presets.txt");
    let rows = table.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let (mut count, mut wrong) = (0, Vec::new());
    for row in rows {
        let (text, expected) = row.trim().rsplit_once(char::is_whitespace).unwrap();
        let text = text.trim();
        // A dotted name by itself is written as it is read.
        let quoted = format!("{{\"{text}\"}}");
        let selector = Selector::parse(if text.starts_with('{') { text } else { &quoted });
        let signal = selector.ok().and_then(|selector| selector.to_signal());
        let signal = signal.unwrap_or_else(|| panic!("{text} is no signal"));
        let found = taken(models(), &signal);
        let name = found.as_ref().map_or("none", |found| found.model.name.as_str());
        count += 1;
        if name != expected {
            let pattern = found.map_or("", |found| found.pattern);
            wrong.push(format!("{text}: {expected} expected, {name} takes it by {pattern}"));
        }
    }
    assert!(150 <= count, "{count} names");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}
