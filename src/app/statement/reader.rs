//! The reader: from the bytes of a statement, of whatever kind, to rows and bad rows, in bounded memory.

use std::io::Read;

use super::archive::{Archive, ZIP_STARTS};
use super::csv_reader::CsvReader;
use super::peeked::Peeked;
use super::{BadRow, CsvReport, StatementError, StatementReport};
use crate::wire::{StatementFault, StatementRow};

/// Reads the rows of a statement one by one: a csv in UTF-8 or GBK, or a zip of them, as its bytes tell. It waits for its source,
/// so an async caller reads on a blocking thread, or with [`super::StatementRows`].
pub struct StatementReader {
    csv: Option<CsvReader>,
    archive: Option<Archive>,
    report: StatementReport,
}

impl StatementReader {
    /// Looks at the beginning of a statement. A zip is written to an unnamed temporary file first.
    ///
    /// # Errors
    /// [`StatementError`] when the source fails, or when its beginning shows that it is no statement.
    pub fn open(source: impl Read + Send + 'static) -> Result<Self, StatementError> {
        let failed = |source| StatementError::Io { after_line: 0, source };
        let source = Peeked::open(Box::new(source)).map_err(failed)?;
        let mut reader = Self { csv: None, archive: None, report: StatementReport::default() };
        if ZIP_STARTS.iter().any(|zip| source.start().starts_with(zip)) {
            reader.archive = Some(Archive::open(source.into_source())?);
        } else {
            reader.csv = Some(CsvReader::open(None, source)?);
        }
        Ok(reader)
    }

    /// The next row or bad row; `None` at the end.
    ///
    /// # Errors
    /// [`StatementError`] when the source fails. What is read after that is not told.
    pub fn read_row(&mut self) -> Result<Option<Result<StatementRow, BadRow>>, StatementError> {
        loop {
            if let Some(csv) = &mut self.csv {
                if let Some(row) = csv.read_row()? {
                    return Ok(Some(row));
                }
                self.report.files.extend(self.csv.take().map(CsvReader::into_report));
            }
            let Some((name, source)) = self.archive.as_mut().and_then(Archive::next_entry) else { return Ok(None) };
            if let Some(bad) = self.open_entry(name, source)? {
                return Ok(Some(Err(bad)));
            }
        }
    }

    /// What was found so far: of each csv that was read to its end. Complete after the last row.
    #[must_use]
    pub const fn report(&self) -> &StatementReport {
        &self.report
    }

    /// Goes on with an entry of a zip. One that is no statement is one bad row, so that it does not hide the others.
    fn open_entry(&mut self, name: String, source: Box<dyn Read + Send>) -> Result<Option<BadRow>, StatementError> {
        let opened = Peeked::open(source)
            .map_err(|source| StatementError::Io { after_line: 0, source })
            .and_then(|source| CsvReader::open(Some(name.clone()), source));
        let fault = match opened {
            Ok(csv) => {
                self.csv = Some(csv);
                return Ok(None);
            }
            Err(error @ (StatementError::Io { .. } | StatementError::Pruned(_) | StatementError::Interrupted)) => {
                return Err(error);
            }
            Err(StatementError::Header(fault)) => fault,
            Err(error) => StatementFault { column: None, cause: error.to_string() },
        };
        let bad = BadRow::new(Some(&name), 1, fault);
        self.report.files.push(CsvReport { bad_row_count: 1, ..CsvReport::of(Some(name)) });
        Ok(Some(bad))
    }
}

/// The rows, as an iterator that ends after an error.
impl Iterator for StatementReader {
    type Item = Result<Result<StatementRow, BadRow>, StatementError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.read_row();
        if row.is_err() {
            (self.csv, self.archive) = (None, None);
        }
        row.transpose()
    }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
