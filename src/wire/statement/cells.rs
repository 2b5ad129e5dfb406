//! The cells of one row, found by the names of their columns.

use super::column::Column;
use super::decimal::{self, FEN, MILLIFEN};
use super::header::StatementHeader;
use super::{StatementFault, repeated};

/// What parts two cells. A comma alone is part of a cell, of a product's name for instance.
const BETWEEN_CELLS: &str = ",`";

/// How many cells at the end of a row may be missing: the sources show rows of 26 under a header of 27, without the bank.
const MAX_MISSING_CELLS: usize = 1;

/// The cells of a row.
pub(super) struct Cells<'a> {
    header: &'a StatementHeader,
    cells: Vec<&'a str>,
}

impl<'a> Cells<'a> {
    /// Parts a line. More cells than titles are refused: a cell that holds a backtick after a comma would shift those behind it.
    pub(super) fn of(header: &'a StatementHeader, line: &'a str) -> Result<Self, StatementFault> {
        let Some(line) = line.trim_end_matches(['\r', '\n', ',']).strip_prefix('`') else {
            return Err(StatementFault::of_line("a row begins with a backtick, and this line does not"));
        };
        let mut cells = Vec::with_capacity(header.width);
        cells.extend(line.split(BETWEEN_CELLS).map(str::trim));
        // What is shifted by one is told by the rate, which alone has a percent sign. Without it nothing may be missing.
        let may_miss = if header.place(Column::Rate).is_some() { MAX_MISSING_CELLS } else { 0 };
        if cells.len() > header.width || cells.len() + may_miss < header.width {
            let cause = format!("the row has {} cells, and the header {} titles", cells.len(), header.width);
            return Err(StatementFault::of_line(cause));
        }
        Ok(Self { header, cells })
    }

    /// A cell; empty where the column or the cell is absent.
    pub(super) fn text(&self, column: Column) -> &'a str {
        self.header.place(column).and_then(|place| self.cells.get(place)).copied().unwrap_or_default()
    }

    pub(super) fn optional(&self, column: Column) -> Option<String> {
        Some(self.text(column)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    pub(super) fn required(&self, column: Column) -> Result<&'a str, StatementFault> {
        match self.text(column) {
            "" => Err(fault(column, "is empty")),
            text => Ok(text),
        }
    }

    /// A number; `None` where there is none, which is written as 0.
    pub(super) fn number(&self, column: Column) -> Option<&'a str> {
        Some(self.text(column)).filter(|text| !text.is_empty() && *text != "0")
    }

    /// An amount in fen, which is never negative; 0 where there is none.
    pub(super) fn fen(&self, column: Column) -> Result<i64, StatementFault> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(0);
        }
        let wrong = |cause: &str| fault(column, format!("{} {cause}", repeated(text)));
        match decimal::units(text, FEN) {
            Ok(fen) if fen >= 0 => Ok(fen),
            Ok(_) => Err(wrong("is negative")),
            Err(cause) => Err(wrong(cause)),
        }
    }

    /// A service fee in 1/1000 fen; 0 where there is none.
    pub(super) fn millifen(&self, column: Column) -> Result<i64, StatementFault> {
        match self.text(column) {
            "" => Ok(0),
            text => {
                decimal::units(text, MILLIFEN).map_err(|cause| fault(column, format!("{} {cause}", repeated(text))))
            }
        }
    }

    /// A rate, with its percent sign.
    pub(super) fn rate(&self, column: Column) -> Result<Option<String>, StatementFault> {
        let text = self.text(column);
        let is_rate = text.strip_suffix('%').is_some_and(|number| decimal::units(number, MILLIFEN).is_ok());
        if text.is_empty() || is_rate {
            return Ok(self.optional(column));
        }
        Err(fault(column, format!("{} is no rate such as 0.60%", repeated(text))))
    }
}

/// A fault of one cell.
pub(super) fn fault(column: Column, cause: impl Into<String>) -> StatementFault {
    StatementFault { column: Some(column.title()), cause: cause.into() }
}
