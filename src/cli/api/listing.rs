//! `nontax api --list`: every API on a line.

use std::fmt::Write as _;

use super::explain::print_text;
use super::{Console, Failure};
use crate::platform::APIS;

pub(super) fn run(console: &mut Console<'_>) -> Result<(), Failure> {
    let columns = ["METHOD", "SECTION", "FOR", "REPEATED", "ADMIN ROUTE", "PATH"];
    let rows = APIS.map(|api| {
        [api.name, api.section, api.callers, api.repetition.text(), api.admin_route.unwrap_or("-"), api.path]
    });
    let widths: Vec<usize> = (0..columns.len())
        .map(|column| rows.iter().chain([&columns]).map(|row| row[column].chars().count()).max().unwrap_or_default())
        .collect();
    let mut text = String::new();
    for row in [&columns].into_iter().chain(&rows) {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    print_text(&text, console)
}
