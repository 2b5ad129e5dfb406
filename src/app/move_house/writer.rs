//! Writes an export.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

use super::Moved;
use super::lines::{Digested, FORMAT, FirstLine, LastLine, TableLine, row_line};
use crate::store::{Cell, MovedTable, RowSink};

/// An export while it is written.
pub(super) struct ExportWriter<'a> {
    into: &'a mut (dyn Write + Send),
    table: String,
    digested: Digested,
    moved: Moved,
}

impl<'a> ExportWriter<'a> {
    pub(super) fn begin(into: &'a mut (dyn Write + Send), schema: i64, at: Timestamp) -> io::Result<Self> {
        let mut writer = Self {
            into,
            table: String::new(),
            digested: Digested::default(),
            moved: Moved { schema, ..Moved::default() },
        };
        writer.line(&FirstLine {
            nontax_export: FORMAT,
            schema,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            exported_at: at.to_string(),
        })?;
        Ok(writer)
    }

    pub(super) fn end(mut self) -> io::Result<Moved> {
        let Moved { tables, rows, .. } = self.moved;
        self.line(&LastLine { end_of_export: true, tables, rows })?;
        self.into.flush()?;
        Ok(self.moved)
    }

    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.into, line)?;
        self.into.write_all(b"\n")
    }
}

impl RowSink for ExportWriter<'_> {
    fn begin_table(&mut self, table: &MovedTable, last_number: Option<i64>) -> io::Result<()> {
        self.table.clone_from(&table.name);
        let columns = table.columns.iter().map(|column| (column.name.clone(), column.kind.name().to_owned())).collect();
        self.line(&TableLine { table: table.name.clone(), columns, last_number })
    }

    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        let line = row_line(cells)?;
        self.digested.add(&line);
        self.moved.rows += 1;
        self.into.write_all(line.as_bytes())?;
        self.into.write_all(b"\n")
    }

    fn end_table(&mut self) -> io::Result<()> {
        self.moved.tables += 1;
        let end = std::mem::take(&mut self.digested).end(&self.table);
        self.line(&end)
    }
}
