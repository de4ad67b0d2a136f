//! What is wrong with a configuration: every problem at once, each with its place, a caret and the next move.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// One finding about a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Whether it forbids the start.
    pub severity: Severity,
    /// The rule and the value got.
    pub message: String,
    /// The next move.
    pub hint: Option<String>,
    /// The bytes of the text it is about; none for the file as a whole.
    pub span: Option<Range<usize>>,
}

/// How grave a [`Problem`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing starts with it.
    Error,
    /// It works, but hardly as meant.
    Warning,
}

/// All problems of one text, in its order.
#[derive(Clone, Debug, Default, thiserror::Error)]
pub struct Problems {
    /// The file's name as it was given.
    pub origin: String,
    /// The text the spans refer to.
    pub text: String,
    /// Where in it the variables of the environment begin; none where there are none.
    pub environment: Option<usize>,
    /// The problems, by place.
    pub list: Vec<Problem>,
}

impl Problems {
    /// A single error about the file as a whole.
    pub fn whole(origin: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        let problem =
            Problem { severity: Severity::Error, message: message.into(), hint: Some(hint.into()), span: None };
        Problems { origin: origin.to_owned(), text: String::new(), environment: None, list: vec![problem] }
    }

    /// How many forbid the start.
    pub fn errors(&self) -> usize {
        self.list.iter().filter(|problem| problem.severity == Severity::Error).count()
    }

    /// Where a problem lies: the file or `environment`, line and column from 1; none for one of the file as a whole.
    pub fn place(&self, problem: &Problem) -> Option<(&str, usize, usize)> {
        let at = problem.span.as_ref()?.start;
        let (origin, start) = match self.environment {
            Some(start) if start <= at => ("environment", start),
            _ => (self.origin.as_str(), 0),
        };
        let before = self.text.get(start..at)?;
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Some((origin, line, column))
    }

    /// How many are mere warnings.
    pub fn warnings(&self) -> usize {
        self.list.len() - self.errors()
    }

    /// The problems as a compiler would show them; with colours for a terminal.
    pub fn render(&self, colours: bool) -> String {
        let renderer = if colours { Renderer::styled() } else { Renderer::plain() };
        let blocks: Vec<String> = self.list.iter().map(|problem| self.block(problem, &renderer)).collect();
        blocks.join("\n\n")
    }

    fn block(&self, problem: &Problem, renderer: &Renderer) -> String {
        let level = match problem.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(&problem.message));
        if let Some(span) = &problem.span {
            let (path, start) = match self.environment {
                Some(start) if start <= span.start => ("environment", start),
                _ => (self.origin.as_str(), 0),
            };
            let mark = AnnotationKind::Primary.span(span.start - start..span.end - start);
            group = group.element(Snippet::source(&self.text[start..]).path(path).annotation(mark));
        }
        if let Some(hint) = &problem.hint {
            group = group.element(Level::HELP.with_name("hint").message(hint));
        }
        renderer.render(&[group])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}
