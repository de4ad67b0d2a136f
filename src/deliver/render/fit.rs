//! Letters within a service's limits: what is left out is said.

use super::{Block, Letter};

/// The text cut to so many characters; what was cut is told by `…`.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(most.saturating_sub(1)).collect();
    kept.push('…');
    kept
}

/// The same for text in which `&` begins an entity: none is cut in two.
pub(super) fn cut_escaped(text: &str, most: usize) -> String {
    let mut short = cut(text, most);
    if short.len() < text.len()
        && let Some(at) = short.rfind('&')
        && short[at + 1..].trim_end_matches('…').bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        short.truncate(at);
        short.push('…');
    }
    short
}

/// The blocks of a letter with at most so many characters in all, the first ones first; lists lose lines at their end.
pub(super) fn within(letter: &Letter, most: usize) -> Vec<Block> {
    let mut left = most;
    let mut take = |text: &str, longest: usize| -> String {
        let text = cut(text, longest.min(left));
        left -= text.chars().count();
        text
    };
    let mut blocks = Vec::new();
    for block in &letter.blocks {
        match block {
            Block::Picture { .. } => {}
            Block::Lead(line) => blocks.push(Block::Lead(take(line, LINE))),
            Block::Text(line) => blocks.push(Block::Text(take(line, LINE))),
            Block::Small(line) => blocks.push(Block::Small(take(line, LINE))),
            Block::Facts(facts) => {
                let short = facts.iter().map(|(name, value)| (take(name, 80), take(value, LINE)));
                blocks.push(Block::Facts(short.filter(|(_, value)| !value.is_empty()).collect()));
            }
            Block::List(title, lines) => {
                let title = take(title, 80);
                let mut kept: Vec<String> = Vec::new();
                let mut room = BLOCK;
                for line in lines {
                    let line = take(line, LINE);
                    if line.is_empty() || line == "…" || room < line.chars().count() {
                        break;
                    }
                    room -= line.chars().count();
                    kept.push(line);
                }
                if kept.len() < lines.len() {
                    kept.push(format!("… and {} more", lines.len() - kept.len()));
                }
                blocks.push(Block::List(title, kept));
            }
        }
    }
    blocks
}

/// No single line is longer, and no list, in characters.
const LINE: usize = 700;
const BLOCK: usize = 2_000;
