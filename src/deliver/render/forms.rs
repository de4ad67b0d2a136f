//! The two forms of a letter: plain text and HTML.

use super::{Block, Letter};

/// Plain enough for every mail reader; colours come from the reader's own light or dark scheme.
const HEAD: &str = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
<meta name=\"color-scheme\" content=\"light dark\"><meta name=\"supported-color-schemes\" content=\"light dark\">\
<style>:root{color-scheme:light dark}</style></head>\n\
<body style=\"font-family:system-ui,sans-serif;font-size:15px;line-height:1.45;max-width:46em\">\n";

impl Letter {
    /// The plain text form.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for block in &self.blocks {
            if !text.is_empty() {
                text.push('\n');
            }
            match block {
                Block::Lead(line) | Block::Text(line) => text.push_str(&format!("{line}\n")),
                Block::Small(line) => text.push_str(&format!("-- \n{line}\n")),
                Block::Facts(facts) => {
                    let width = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
                    for (name, value) in facts {
                        text.push_str(&format!("{name:<width$}  {value}\n"));
                    }
                }
                Block::List(title, lines) => {
                    text.push_str(&format!("{title}:\n"));
                    for line in lines {
                        text.push_str(&format!("  - {line}\n"));
                    }
                }
            }
        }
        text
    }

    /// The HTML form: no script, no picture, nothing loaded from elsewhere; all that comes from data is escaped.
    pub fn html(&self) -> String {
        let mut html = HEAD.to_owned();
        for block in &self.blocks {
            html.push_str(&block_html(block));
            html.push('\n');
        }
        html.push_str("</body></html>\n");
        html
    }
}

fn block_html(block: &Block) -> String {
    match block {
        Block::Lead(line) => format!("<p style=\"font-size:17px;font-weight:600\">{}</p>", escape(line)),
        Block::Text(line) => format!("<p>{}</p>", escape(line)),
        Block::Small(line) => format!("<p style=\"font-size:12px;opacity:.7\">{}</p>", escape(line)),
        Block::Facts(facts) => {
            let row = |(name, value): &(String, String)| {
                format!(
                    "<tr><th align=\"left\" valign=\"top\" style=\"padding:2px 14px 2px 0;font-weight:500;opacity:.75\">{}</th>\
                     <td style=\"padding:2px 0\">{}</td></tr>",
                    escape(name),
                    linked(value)
                )
            };
            format!("<table role=\"presentation\">{}</table>", facts.iter().map(row).collect::<Vec<_>>().join("\n"))
        }
        Block::List(title, lines) => {
            let lines: String = lines.iter().map(|line| format!("<li>{}</li>", escape(line))).collect();
            format!("<p style=\"margin-bottom:4px\"><strong>{}</strong></p><ul>{lines}</ul>", escape(title))
        }
    }
}

/// A web address becomes a link, everything else is text.
fn linked(value: &str) -> String {
    let safe = escape(value);
    let is_link =
        (value.starts_with("https://") || value.starts_with("http://")) && !value.contains(char::is_whitespace);
    if is_link { format!("<a href=\"{safe}\">{safe}</a>") } else { safe }
}

/// Text that means itself in HTML, in attributes too.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}
