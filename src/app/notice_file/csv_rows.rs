//! A notice as a row of CSV: the header names the fields, `items` is JSON, `bank_ids` JSON or a list.

use csv_core::ReadRecordResult;
use serde_json::Value;

use super::columns::{self, COLUMNS, REQUIRED_COLUMNS};
use super::notice_fields::{Fault, FieldValues};

/// Which field stands in which column.
pub(super) struct Header {
    columns: Vec<&'static str>,
    cells: CellReader,
}

impl Header {
    /// Reads the first row.
    ///
    /// # Errors
    /// [`Fault`] for a column that is unknown, twice there or missing.
    pub(super) fn read(row: &str) -> Result<Self, Fault> {
        let mut columns = Vec::with_capacity(COLUMNS.len());
        let mut cells = CellReader::new();
        for name in cells.read(row)?.iter() {
            let column = columns::find(&COLUMNS, name)
                .map_err(|unknown| Fault::of(name, format!("{unknown} The columns are: {}", COLUMNS.join(", "))))?;
            if columns.contains(&column) {
                return Err(Fault::of(column, "the header names this column twice".to_owned()));
            }
            columns.push(column);
        }
        match REQUIRED_COLUMNS.into_iter().find(|required| !columns.contains(required)) {
            Some(missing) => Err(Fault::of(missing, "the header lacks this column".to_owned())),
            None => Ok(Self { columns, cells }),
        }
    }

    /// The fields of a row.
    ///
    /// # Errors
    /// [`Fault`] when the row has another number of cells, or `items` is not JSON.
    pub(super) fn fields_of(&mut self, row: &str) -> Result<FieldValues, Fault> {
        let cells = self.cells.read(row)?;
        if cells.len() != self.columns.len() {
            return Err(Fault::of_line(format!(
                "the row has {} cells, the header {}: a cell that holds a comma or a quote stands in quotes, its quotes doubled",
                cells.len(),
                self.columns.len()
            )));
        }
        let mut fields = FieldValues::default();
        for (column, cell) in self.columns.iter().zip(cells.iter()) {
            fields.set(column, value_of(column, cell)?);
        }
        Ok(fields)
    }
}

/// Whether a row goes on in the next line: a quote is open.
pub(super) fn goes_on(row: &[u8]) -> bool {
    row.iter().fold(false, |open, byte| open ^ (*byte == b'"'))
}

fn value_of(column: &str, cell: &str) -> Result<Value, Fault> {
    let text = cell.trim();
    match column {
        "items" if !text.is_empty() => {
            serde_json::from_str(text).map_err(|error| Fault::of(column, format!("not JSON, {error} of the cell")))
        }
        "bank_ids" if text.starts_with('[') => {
            serde_json::from_str(text).map_err(|error| Fault::of(column, format!("not JSON, {error} of the cell")))
        }
        "bank_ids" => {
            let separator = |c: char| c.is_whitespace() || matches!(c, ';' | ',' | '；' | '，' | '|');
            Ok(text.split(separator).filter(|bank_id| !bank_id.is_empty()).collect())
        }
        _ => Ok(Value::String(cell.to_owned())),
    }
}

/// Reads the cells of one row after the other into the same memory.
struct CellReader {
    reader: csv_core::Reader,
    /// The text of all cells of a row.
    text: Vec<u8>,
    /// Where each cell ends in it.
    ends: Vec<usize>,
}

impl CellReader {
    fn new() -> Self {
        // One more than there are columns, so that a row of too many is seen to be one.
        Self { reader: csv_core::Reader::new(), text: Vec::new(), ends: vec![0; COLUMNS.len() + 1] }
    }

    /// The cells of a row that is whole.
    fn read(&mut self, row: &str) -> Result<Cells<'_>, Fault> {
        self.reader.reset();
        if self.text.len() < row.len() {
            self.text.resize(row.len(), 0);
        }
        let (mut input, mut written, mut count) = (row.as_bytes(), 0, 0);
        loop {
            if count == self.ends.len() {
                self.ends.resize(2 * count, 0);
            }
            let (result, read, wrote, ended) =
                self.reader.read_record(input, &mut self.text[written..], &mut self.ends[count..]);
            (input, written, count) = (&input[read..], written + wrote, count + ended);
            match result {
                // An empty input after all of it says that the row ends here.
                ReadRecordResult::InputEmpty | ReadRecordResult::OutputEndsFull => {}
                ReadRecordResult::OutputFull => self.text.resize(2 * self.text.len().max(1), 0),
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        // Cells are cut at commas and quotes, so that they are text where the row is.
        let text = std::str::from_utf8(&self.text[..written])
            .map_err(|error| Fault::of_line(format!("not a row of CSV: {error}")))?;
        Ok(Cells { text, ends: &self.ends[..count] })
    }
}

/// The cells of a row.
struct Cells<'a> {
    text: &'a str,
    ends: &'a [usize],
}

impl<'a> Cells<'a> {
    const fn len(&self) -> usize {
        self.ends.len()
    }

    fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let (text, ends) = (self.text, self.ends);
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts.zip(ends).map(move |(start, end)| &text[start..*end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_reader_reads_rows_of_any_length_one_after_the_other() {
        let mut reader = CellReader::new();
        let many = vec!["叶*梅"; 100];
        let long = "x".repeat(10_000);
        let rows = [
            (r#"a,"b ""c"", d",,e"#.to_owned(), vec!["a", "b \"c\", d", "", "e"]),
            (many.join(","), many.clone()),
            (format!("\"{long}\",1"), vec![long.as_str(), "1"]),
            (",".to_owned(), vec!["", ""]),
            ("\"over\ntwo lines\",2".to_owned(), vec!["over\ntwo lines", "2"]),
        ];
        for (row, expected) in &rows {
            assert_eq!(reader.read(row).unwrap().iter().collect::<Vec<_>>(), *expected, "{row}");
        }
    }
}
