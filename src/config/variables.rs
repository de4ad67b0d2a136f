//! Variables of the environment laid over a configuration: `FOREWARN_KAFKA__BROKERS=kafka:9092` is `brokers` of `[kafka]`.
//!
//! Two underscores part table and key. A value is read as TOML (`["metrics", "logs"]`, `0.5`), and as a text where it is
//! none. Under `[kafka.properties]` an underscore is a dot. The variables are written as lines behind the file's text, so
//! that a problem is shown at its place like any other.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mask;
use super::reader::{Desk, Fault};

/// How a variable that is meant begins.
pub(super) const PREFIX: &str = "FOREWARN_";

/// The text of a file with the variables' lines behind it.
#[derive(Debug)]
pub(super) struct Laid {
    pub(super) text: String,
    /// Where the variables' lines begin.
    pub(super) file_bytes: usize,
    /// The lines at their very place, with nothing before them.
    padded: String,
}

impl Laid {
    pub(super) fn new(file: &str, variables: BTreeMap<String, String>) -> Laid {
        let mut text = file.to_owned();
        if !variables.is_empty() && !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        let file_bytes = text.len();
        for (name, value) in variables {
            let is_toml = !value.contains('\n') && DeValue::parse(&value).is_ok();
            let value = if is_toml { value } else { toml::Value::String(value).to_string() };
            text.push_str(&format!("{name} = {value}\n"));
        }
        let padded = format!("{}{}", " ".repeat(file_bytes), &text[file_bytes..]);
        Laid { text, file_bytes, padded }
    }

    /// The file's own text.
    pub(super) fn file(&self) -> &str {
        &self.text[..self.file_bytes]
    }

    /// The whole text without secrets.
    pub(super) fn masked(&self) -> String {
        mask::secrets(&self.text)
    }

    /// The variables without secrets, each value as TOML.
    pub(super) fn shown(&self) -> BTreeMap<String, String> {
        let masked = mask::secrets(&self.text[self.file_bytes..]);
        let parts = masked.lines().filter_map(|line| line.split_once(" = "));
        parts.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// Puts the variables into the tree of the file.
    pub(super) fn lay_over<'t>(&'t self, tree: &mut DeTable<'t>, desk: &Desk<'t>) {
        let (lines, errors) = DeTable::parse_recoverable(&self.padded);
        for error in errors {
            let fault = Fault::new(format!("a variable cannot be read: {}", error.message()));
            desk.error(error.span().unwrap_or(0..0), fault);
        }
        for (name, value) in lines.into_inner() {
            let path = path(name.get_ref());
            if let Err(fault) = put(tree, &path, &name, value) {
                desk.error(name.span(), fault);
            }
        }
    }
}

/// `FOREWARN_KAFKA__PROPERTIES__SASL_USERNAME`: `kafka`, `properties`, `sasl.username`.
fn path(name: &str) -> Vec<String> {
    let rest = name.strip_prefix(PREFIX).unwrap_or(name).to_lowercase();
    let mut parts: Vec<String> = rest.split("__").map(str::to_owned).collect();
    if let [first, second, keys @ ..] = &mut parts[..]
        && (first.as_str(), second.as_str()) == ("kafka", "properties")
    {
        keys.iter_mut().for_each(|key| *key = key.replace('_', "."));
    }
    parts
}

fn put<'t>(
    tree: &mut DeTable<'t>,
    path: &[String],
    name: &Spanned<std::borrow::Cow<'t, str>>,
    value: Spanned<DeValue<'t>>,
) -> Result<(), Fault> {
    let key = |part: &String| Spanned::new(name.span(), std::borrow::Cow::<'t, str>::Owned(part.clone()));
    let [first, rest @ ..] = path else { return Ok(()) };
    if rest.is_empty() {
        tree.remove(first.as_str());
        tree.insert(key(first), value);
        return Ok(());
    }
    if !tree.contains_key(first.as_str()) {
        tree.insert(key(first), Spanned::new(name.span(), DeValue::Table(DeTable::new())));
    }
    match tree.get_mut(first.as_str()).map(Spanned::get_mut) {
        Some(DeValue::Table(table)) => put(table, rest, name, value),
        _ => {
            let message = format!("`{first}` is no single table, so that a variable cannot name a key of it");
            Err(Fault::new(message).hint("write it in the configuration file"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::outside::Outside;
    use super::super::{Loaded, Problems, parse_with};

    fn read(file: &str, variables: &[(&str, &str)]) -> Result<Loaded, Problems> {
        let variables = variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/config").into();
        parse_with(file, "forewarn.toml", Outside::at(folder, true), variables)
    }

    #[test]
    fn variables_lie_over_the_file() {
        let file = "[kafka]\nbrokers = \"a:1\"\ntopics = [\"x\"]\n[time]\nlateness = \"5s\"";
        let loaded = read(
            file,
            &[
                ("FOREWARN_KAFKA__BROKERS", "kafka:9092"),
                ("FOREWARN_KAFKA__TOPICS", "[\"metrics\", \"logs\"]"),
                ("FOREWARN_KAFKA__PROPERTIES__SECURITY_PROTOCOL", "ssl"),
                ("FOREWARN_KAFKA__PROPERTIES__SASL_PASSWORD", "hunter2 \"quoted\""),
                ("FOREWARN_FORECAST__HORIZON", "6h"),
            ],
        );
        let settings = loaded.unwrap_or_else(|problems| panic!("{problems}")).settings;
        let kafka = settings.kafka.clone().unwrap();
        assert_eq!((kafka.brokers.as_str(), kafka.topics.join(" ")), ("kafka:9092", "metrics logs".to_owned()));
        assert_eq!(kafka.properties["security.protocol"], "ssl");
        assert_eq!(kafka.properties["sasl.password"], "hunter2 \"quoted\"");
        assert_eq!(settings.plan.horizon, crate::time::Span::from_hours(6));
        assert_eq!(settings.time.lateness, crate::time::Span::from_secs(5));
        // What is kept to be read again holds no secret, and gives the same.
        let kept = format!("{:?}", settings.given);
        assert!(!kept.contains("hunter2"), "{kept}");
        let again = super::super::again(&settings.given).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(again.given, settings.given);
        assert_eq!(again.kafka.unwrap().brokers, "kafka:9092");
        let alone = read("", &[("FOREWARN_KAFKA__BROKERS", "k"), ("FOREWARN_KAFKA__TOPICS", "[\"m\"]")]).unwrap();
        assert_eq!(alone.settings.kafka.unwrap().topics, ["m"]);
    }

    #[test]
    fn what_is_wrong_with_a_variable_is_shown_at_its_place() {
        let problems = read(
            "[kafka]\nbrokers = \"a:1\"\ntopics = [\"x\"]\n",
            &[
                ("FOREWARN_KAFKA__BROKER", "k"),
                ("FOREWARN_KAFKA__BROKERS", "k:99999"),
                ("FOREWARN_KAFKA__TOPICS", "metrics,logs"),
                ("FOREWARN_RECEIVER__NAME", "x"),
            ],
        );
        let told = problems.unwrap_err().to_string();
        for words in [
            "--> environment:1:1",
            "did you mean `brokers`?",
            "--> environment:2:",
            "`topics` must be a list, got a text",
            "FOREWARN_KAFKA__TOPICS = \"metrics,logs\"",
            "`receiver` must be a list of tables, got a table",
        ] {
            assert!(told.contains(words), "{words} is missing in\n{told}");
        }
    }
}
