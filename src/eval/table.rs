//! Tables for people: columns aligned, the first to the left.

use std::io::{self, Write};

/// A block of lines: titled tables and remarks.
#[derive(Debug, Default)]
pub(super) struct Table {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Rows(Vec<Vec<String>>),
    Remark(String),
}

impl Table {
    /// Begins a table with its header.
    pub(super) fn header(&mut self, cells: &[&str]) {
        self.parts.push(Part::Rows(vec![cells.iter().map(|&cell| cell.to_owned()).collect()]));
    }

    /// A row of the table begun last.
    pub(super) fn row(&mut self, cells: Vec<String>) {
        match self.parts.last_mut() {
            Some(Part::Rows(rows)) => rows.push(cells),
            _ => self.parts.push(Part::Rows(vec![cells])),
        }
    }

    /// A line of text.
    pub(super) fn remark(&mut self, text: impl Into<String>) {
        self.parts.push(Part::Remark(text.into()));
    }

    /// Writes all under a title.
    pub(super) fn write(&self, title: &str, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{title}")?;
        for part in &self.parts {
            match part {
                Part::Rows(rows) => write_rows(rows, out)?,
                Part::Remark(text) => writeln!(out, "  {text}")?,
            }
        }
        writeln!(out)
    }
}

fn write_rows(rows: &[Vec<String>], out: &mut dyn Write) -> io::Result<()> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| Some(row.get(column)?.chars().count())).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let mut line = String::from(" ");
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            let pad = " ".repeat(width - cell.chars().count());
            line += &if column == 0 { format!(" {cell}{pad}") } else { format!("  {pad}{cell}") };
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::default();
        table.header(&["", "F1", "delay"]);
        table.row(vec!["forewarn".into(), ".5 ± .1".into(), "3".into()]);
        table.remark("one threshold for all");
        let mut out = Vec::new();
        table.write("data: labelled", &mut out).unwrap();
        expect_test::expect![[r#"
            data: labelled
                             F1  delay
              forewarn  .5 ± .1      3
              one threshold for all

        "#]]
        .assert_eq(&String::from_utf8(out).unwrap());
    }
}
