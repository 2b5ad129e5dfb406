//! Reads an export, and compares what a database made of it.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read as _};

use serde::de::DeserializeOwned;

use super::Moved;
use super::lines::{
    Digested, EndOfTableLine, ExportError, FORMAT, FirstLine, LastLine, MAX_LINE_BYTES, TableLine, cells_of, row_line,
};
use crate::store::{Cell, ColumnKind, MovedColumn, MovedPiece, MovedTable, RowSink, RowSource};

/// An export while it is read.
pub(super) struct ExportReader<'a> {
    lines: Lines<'a>,
    table: Option<Table>,
    moved: Moved,
    check: Check,
}

/// The table that is read.
struct Table {
    name: String,
    columns: Vec<MovedColumn>,
    digested: Digested,
}

impl<'a> ExportReader<'a> {
    pub(super) fn begin(from: &'a mut (dyn BufRead + Send), schema: i64) -> io::Result<Self> {
        let mut lines = Lines { from, count: 0 };
        let first = lines.next_line()?;
        let first: FirstLine = serde_json::from_str(&first).map_err(|_| ExportError::NoExport)?;
        if first.nontax_export != FORMAT {
            return Err(ExportError::OtherFormat { found: first.nontax_export }.into());
        }
        if first.schema != schema {
            return Err(ExportError::OtherSchema { found: first.schema, expected: schema }.into());
        }
        let moved = Moved { schema, ..Moved::default() };
        Ok(Self { lines, table: None, moved, check: Check::default() })
    }

    /// What was read.
    pub(super) const fn moved(&self) -> Moved {
        self.moved
    }

    /// A row of the table, or its end.
    fn next_of(&mut self, mut table: Table, line: &str) -> io::Result<MovedPiece> {
        if line.starts_with('[') {
            let cells = cells_of(line, &table.columns).map_err(|problem| self.lines.wrong(problem))?;
            table.digested.add(line);
            self.moved.rows += 1;
            self.table = Some(table);
            return Ok(MovedPiece::Row(cells));
        }
        let told: EndOfTableLine = self.lines.parsed(line, "a row or the end of the table")?;
        let found = table.digested.end(&table.name);
        if let Some(problem) = difference(&found, &told) {
            return Err(
                ExportError::Digest { table: table.name, problem: format!("the file was changed: {problem}") }.into()
            );
        }
        self.moved.tables += 1;
        self.check.told.insert(table.name, told);
        Ok(MovedPiece::EndOfTable)
    }

    fn begin_table(&mut self, line: &str) -> io::Result<MovedPiece> {
        let TableLine { table: name, columns, last_number } = self.lines.parsed(line, "a table")?;
        let kinds = [ColumnKind::Integer, ColumnKind::Text, ColumnKind::Bytes];
        let column = |(name, kind): (String, String)| {
            let kind = kinds.into_iter().find(|known| known.name() == kind);
            let kind = kind.ok_or_else(|| self.lines.wrong(format!("column {name} is of an unknown kind")))?;
            Ok::<_, io::Error>(MovedColumn { name, kind })
        };
        let columns: Vec<_> = columns.into_iter().map(column).collect::<Result<_, _>>()?;
        self.table = Some(Table { name: name.clone(), columns: columns.clone(), digested: Digested::default() });
        Ok(MovedPiece::Table { name, columns, last_number })
    }

    fn end(&self, line: &str) -> io::Result<MovedPiece> {
        let LastLine { tables, rows, .. } = self.lines.parsed(line, "the end of the export")?;
        if (tables, rows) != (self.moved.tables, self.moved.rows) {
            let problem = format!(
                "the export had {tables} tables and {rows} rows, and the file has {} and {}",
                self.moved.tables, self.moved.rows
            );
            return Err(self.lines.wrong(problem));
        }
        Ok(MovedPiece::End)
    }
}

impl RowSource for ExportReader<'_> {
    fn next_piece(&mut self) -> io::Result<MovedPiece> {
        let line = self.lines.next_line()?;
        match self.table.take() {
            Some(table) => self.next_of(table, &line),
            None if line.starts_with("{\"table\":") => self.begin_table(&line),
            None => self.end(&line),
        }
    }

    fn check(&mut self) -> &mut dyn RowSink {
        &mut self.check
    }
}

/// Compares what a database holds with what the file told.
#[derive(Default)]
struct Check {
    told: BTreeMap<String, EndOfTableLine>,
    table: String,
    digested: Digested,
}

impl RowSink for Check {
    fn begin_table(&mut self, table: &MovedTable, _: Option<i64>) -> io::Result<()> {
        self.table.clone_from(&table.name);
        Ok(())
    }

    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        self.digested.add(&row_line(cells)?);
        Ok(())
    }

    fn end_table(&mut self) -> io::Result<()> {
        let found = std::mem::take(&mut self.digested).end(&self.table);
        let problem = match self.told.get(&self.table) {
            Some(told) => difference(&found, told),
            None => Some("the file does not hold it".to_owned()),
        };
        match problem {
            None => Ok(()),
            Some(problem) => {
                let problem = format!("the database holds something else than the file: {problem}");
                Err(ExportError::Digest { table: self.table.clone(), problem }.into())
            }
        }
    }
}

fn difference(found: &EndOfTableLine, told: &EndOfTableLine) -> Option<String> {
    if found.end_of_table != told.end_of_table {
        return Some(format!("the end of table {} was told", told.end_of_table));
    }
    if found.rows != told.rows {
        return Some(format!("{} rows were told, and there are {}", told.rows, found.rows));
    }
    (found.sha256 != told.sha256).then(|| format!("its SHA-256 is {}, and {} was told", found.sha256, told.sha256))
}

/// The lines of the file, counted.
struct Lines<'a> {
    from: &'a mut (dyn BufRead + Send),
    count: u64,
}

impl Lines<'_> {
    fn next_line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        let most = MAX_LINE_BYTES as u64 + 1;
        self.from.take(most).read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            let too_long = line.len() >= MAX_LINE_BYTES;
            return Err(if too_long {
                self.wrong("the next line is too long".into())
            } else {
                ExportError::Cut(self.count).into()
            });
        }
        self.count += 1;
        String::from_utf8(line).map_err(|_| self.wrong("it is no UTF-8".to_owned()))
    }

    fn parsed<T: DeserializeOwned>(&self, line: &str, expected: &str) -> io::Result<T> {
        serde_json::from_str(line).map_err(|error| self.wrong(format!("expected {expected}: {error}")))
    }

    fn wrong(&self, problem: String) -> io::Error {
        ExportError::Line { line: self.count, problem }.into()
    }
}
