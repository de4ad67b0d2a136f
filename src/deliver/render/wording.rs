//! Templates: from a letter to the text of each receiver. Built-in ones, each of which a file of the same name replaces.
//!
//! The language is Jinja, by MiniJinja. A template sees `letter` (`subject`, `tag`, `summary`, `blocks`, and `brief`, the same
//! within what chat services take), `alert` (the record, or nothing), `held_back` and `receiver`. An unknown name is an error.
//! Where a replaced template fails on a real message all the same, the built-in one words it: people are told.

use std::sync::{Arc, LazyLock};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value};
use serde_json::json;

use super::fit::{cut_escaped, within};
use super::forms::escape;
use super::{Block, Letter};
use crate::deliver::Notification;
use crate::deliver::outbox::Content;

/// The templates and what they are called in the folder of `[templates]`.
pub(super) const BUILT_IN: [(&str, &str); 6] = [
    ("mail-subject.txt", include_str!("templates/mail-subject.txt")),
    ("mail.txt", include_str!("templates/mail.txt")),
    ("mail.html", include_str!("templates/mail.html")),
    ("slack.json", include_str!("templates/slack.json")),
    ("teams.json", include_str!("templates/teams.json")),
    ("summary.txt", include_str!("templates/summary.txt")),
];

/// Characters of `letter.brief` in all; what chat services take with room to spare.
const BRIEF: usize = 7_000;
/// A template may do so many steps: none goes on for ever.
const FUEL: u64 = 2_000_000;

/// A set of templates.
#[derive(Clone, Debug)]
pub struct Templates {
    /// The built-in ones under the replaced ones.
    env: Arc<Environment<'static>>,
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}:{line}: {words}")]
pub struct TemplateError {
    /// The template's name.
    pub name: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub words: String,
}

static PLAIN: LazyLock<Templates> = LazyLock::new(|| {
    let mut env = environment();
    for (name, source) in BUILT_IN {
        env.add_template(name, source).expect("a built-in template is well formed");
    }
    Templates { env: Arc::new(env) }
});

impl Default for Templates {
    fn default() -> Self {
        PLAIN.clone()
    }
}

impl Templates {
    /// The built-in templates with some replaced, by name.
    pub fn replaced(files: &[(String, String)]) -> Result<Templates, Vec<TemplateError>> {
        let mut env = Environment::clone(&PLAIN.env);
        let mut errors = Vec::new();
        for (name, source) in files {
            if let Err(error) = env.add_template_owned(name.clone(), source.clone()) {
                errors.push(told(name, &error));
            }
        }
        if errors.is_empty() { Ok(Templates { env: Arc::new(env) }) } else { Err(errors) }
    }

    /// Words a message, or says what is wrong with the template.
    pub fn try_word(&self, name: &str, letter: &Letter, notification: &Notification) -> Result<String, TemplateError> {
        self.make(name, letter, Some(notification))
    }

    /// A letter by itself in the words of a template; its subject where the template needs more.
    pub(super) fn plain(&self, name: &str, letter: &Letter) -> String {
        self.make(name, letter, None).unwrap_or_else(|_| letter.subject.clone())
    }

    fn make(&self, name: &str, letter: &Letter, about: Option<&Notification>) -> Result<String, TemplateError> {
        let text = self.env.get_template(name).and_then(|template| template.render(context(letter, about)));
        let text = text.map_err(|error| told(name, &error))?;
        match name.ends_with(".json") {
            true => {
                serde_json::from_str::<serde_json::Value>(&text).map(|document| document.to_string()).map_err(|error| {
                    let words = format!("what it makes is not JSON, at line {} of the text: {error}", error.line());
                    TemplateError { name: name.to_owned(), line: 1, words }
                })
            }
            false => Ok(text),
        }
    }

    /// Words a message; where a replaced template fails, by the built-in one.
    pub fn word(&self, name: &str, letter: &Letter, notification: &Notification) -> String {
        self.try_word(name, letter, notification).unwrap_or_else(|error| {
            tracing::error!(%error, "a template failed; the message is worded by the built-in one");
            PLAIN.try_word(name, letter, notification).unwrap_or_else(|_| letter.subject.clone())
        })
    }
}

fn environment() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(FUEL));
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        env.set_syntax(syntax);
    }
    env.set_auto_escape_callback(|name| if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None });
    env.set_formatter(written);
    env.add_filter("cut", |text: String, most: usize| cut_escaped(&text, most));
    env.add_filter("pad", |text: String, width: usize| format!("{text:<width$}"));
    env.add_filter("mrkdwn", |text: String| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
    env
}

/// Writes a value; in HTML what comes from data means itself.
fn written(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    if matches!(state.auto_escape(), AutoEscape::Html) && !value.is_safe() && !value.is_undefined() {
        return out
            .write_str(&escape(&value.to_string()))
            .map_err(|error| Error::new(ErrorKind::WriteFailure, error.to_string()));
    }
    minijinja::escape_formatter(out, state, value)
}

fn told(name: &str, error: &Error) -> TemplateError {
    let words = error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
    TemplateError { name: error.name().unwrap_or(name).to_owned(), line: error.line().unwrap_or(1), words }
}

/// What a template sees.
fn context(letter: &Letter, about: Option<&Notification>) -> Value {
    let record = about.and_then(|notification| match &notification.content {
        Content::Alert { record, .. } | Content::Acknowledged { record, .. } => Some(record),
        Content::Digest(_) | Content::Test => None,
    });
    let tag = letter.subject.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (tag, summary) = tag.unwrap_or(("", &letter.subject));
    let brief = within(letter, BRIEF);
    Value::from(Serde(json!({
        "letter": {
            "subject": letter.subject,
            "tag": tag,
            "summary": summary.trim_start(),
            "blocks": letter.blocks.iter().map(view).collect::<Vec<_>>(),
            "brief": brief.iter().map(view).collect::<Vec<_>>(),
        },
        "alert": record,
        "held_back": about.map_or(&[][..], |notification| &notification.held_back),
        "receiver": about.map_or("", |notification| &notification.receiver),
    })))
}

fn view(block: &Block) -> serde_json::Value {
    match block {
        Block::Lead(text) => json!({ "kind": "lead", "text": text }),
        Block::Text(text) => json!({ "kind": "text", "text": text }),
        Block::Small(text) => json!({ "kind": "small", "text": text }),
        Block::List(title, lines) => json!({ "kind": "list", "title": title, "lines": lines }),
        Block::Picture { cid, words, size: (width, height) } => {
            json!({ "kind": "picture", "cid": cid, "words": words, "width": width, "height": height })
        }
        Block::Facts(facts) => {
            let width = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
            let fact =
                |(name, value): &(String, String)| json!({ "name": name, "value": value, "link": is_link(value) });
            json!({ "kind": "facts", "width": width, "facts": facts.iter().map(fact).collect::<Vec<_>>() })
        }
    }
}

/// Whether a value is a web address and nothing else.
fn is_link(value: &str) -> bool {
    (value.starts_with("https://") || value.starts_with("http://")) && !value.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TEMPLATES;
    use crate::deliver::render::{letter, samples};

    #[test]
    fn every_built_in_template_words_every_sample() {
        assert_eq!(BUILT_IN.map(|(name, _)| name), TEMPLATES, "the configuration knows the same names");
        for (what, sample) in samples() {
            let letter = letter(&sample, &jiff::tz::TimeZone::UTC);
            for (name, _) in BUILT_IN {
                let text = Templates::default().try_word(name, &letter, &sample);
                assert!(text.as_ref().is_ok_and(|text| !text.trim().is_empty()), "{what}, {name}: {text:?}");
            }
        }
    }

    #[test]
    fn a_replaced_template_words_and_where_it_fails_the_built_in_one_does() {
        let (_, sample) = samples().remove(0);
        let letter = letter(&sample, &jiff::tz::TimeZone::UTC);
        let of = |source: &str| Templates::replaced(&[("mail-subject.txt".to_owned(), source.to_owned())]);
        let own = of("{{ alert.urgency | upper }} {{ alert.service }}: {{ alert.signals[0].signal }}").unwrap();
        assert_eq!(own.word("mail-subject.txt", &letter, &sample), "PAGE checkout: disk_used_ratio{host=\"db-1\"}");
        let errors = of("one\n{% if %}").unwrap_err();
        assert_eq!((errors[0].name.as_str(), errors[0].line), ("mail-subject.txt", 2), "{errors:?}");
        let lacking = of("{{ letter.subject }}\n\n{{ alert.nothing }}").unwrap();
        let error = lacking.try_word("mail-subject.txt", &letter, &sample).unwrap_err();
        assert_eq!(error.line, 3, "{error}");
        assert_eq!(lacking.word("mail-subject.txt", &letter, &sample), letter.subject);
        let endless = of("{% for i in range(9999) %}{% for j in range(9999) %}x{% endfor %}{% endfor %}").unwrap();
        assert!(endless.try_word("mail-subject.txt", &letter, &sample).is_err(), "no template goes on for ever");
    }

    #[test]
    fn what_is_no_json_is_told_before_a_service_is() {
        let (_, sample) = samples().remove(0);
        let letter = letter(&sample, &jiff::tz::TimeZone::UTC);
        let broken = Templates::replaced(&[("slack.json".to_owned(), "{ \"text\": {{ letter.subject }} }".to_owned())]);
        let error = broken.unwrap().try_word("slack.json", &letter, &sample).unwrap_err();
        assert!(error.words.contains("not JSON"), "{error}");
    }
}
