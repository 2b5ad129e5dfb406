//! The table of magic values as people read it.

use std::fmt::Write as _;

use super::{Case, SECTIONS};
use crate::simulator::counter_story::COUNTER_CASES;

/// What the table of [`COUNTER_CASES`] is headed with.
const COUNTER_ENGLISH: &str = "Last two digits of auth_code, in micropay: what happens at the counter";
const COUNTER_CHINESE: &str = "付款码 auth_code 的末两位（付款码支付时）：柜台上发生的事";

/// A row as people read it.
struct Row {
    value: String,
    english: &'static str,
    chinese: &'static str,
}

/// All sections with their rows, the counter's among them.
fn printed() -> impl Iterator<Item = (&'static str, &'static str, Vec<Row>)> {
    let rows = |case: &Case| Row { value: case.value.to_owned(), english: case.english, chinese: case.chinese };
    let sections = SECTIONS
        .iter()
        .map(move |section| (section.english, section.chinese, section.cases.iter().map(rows).collect()));
    let counter = COUNTER_CASES.iter().map(|case| Row {
        value: if case.first == case.last {
            format!("…{:02}", case.first)
        } else {
            format!("…{:02} to …{:02}", case.first, case.last)
        },
        english: case.english,
        chinese: case.chinese,
    });
    sections.chain([(COUNTER_ENGLISH, COUNTER_CHINESE, counter.collect())])
}

/// The whole table, as people read it in a terminal.
#[must_use]
pub fn as_text() -> String {
    let sections: Vec<_> = printed().collect();
    let widest = |of: fn(&Row) -> &str| {
        sections.iter().flat_map(|(_, _, rows)| rows).map(|row| of(row).chars().count()).max().unwrap_or(0)
    };
    let (value, english) = (widest(|row| &row.value), widest(|row| row.english));
    let mut text = String::new();
    for (heading, chinese_heading, rows) in &sections {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{heading}\n{chinese_heading}");
        for row in rows {
            let _ = writeln!(text, "  {:value$}  {:english$}  {}", row.value, row.english, row.chinese);
        }
        text.push('\n');
    }
    text
}

/// The whole table, as it stands in `docs/simulator.md`.
#[must_use]
pub fn as_markdown() -> String {
    let mut text = String::new();
    for (heading, chinese_heading, rows) in printed() {
        let _ = writeln!(
            text,
            "### {heading}\n\n{chinese_heading}\n\n| value | what happens | 效果 |\n| --- | --- | --- |"
        );
        for row in rows {
            let _ = writeln!(text, "| `{}` | {} | {} |", row.value, row.english, row.chinese);
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_stand_below_each_other_and_hold_everything() {
        let text = as_text();
        let rows: Vec<_> = text.lines().filter(|line| line.starts_with("  ")).collect();
        assert_eq!(rows.len(), SECTIONS.iter().map(|section| section.cases.len()).sum::<usize>() + COUNTER_CASES.len());
        // The Chinese column starts at the same character in every row, before which nothing but `…` is not ASCII.
        let starts: Vec<_> = rows.iter().map(|row| row.chars().position(|c| !c.is_ascii() && c != '…')).collect();
        let widest = COUNTER_CASES.iter().map(|case| case.english.len()).max().unwrap();
        assert!(starts.iter().all(|start| start.unwrap() > widest), "{text}");
        assert!(rows.iter().any(|row| row.trim_start().starts_with("…00 to …79 ")), "{text}");
    }

    /// When it fails, `as_markdown` is what the page has to hold.
    #[test]
    fn the_documentation_holds_the_same_table() {
        let page = include_str!("../../../docs/simulator.md");
        assert!(page.contains(&as_markdown()), "docs/simulator.md should hold:\n\n{}", as_markdown());
        let cases = page.split("\n## ").find(|chapter| chapter.starts_with("Cases")).unwrap();
        let rows = |text: &str| text.lines().filter(|line| line.starts_with("| `")).count();
        assert_eq!(rows(cases), rows(&as_markdown()));
    }
}
