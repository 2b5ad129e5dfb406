//! A notice as a row of CSV: the header names the fields, `items` is JSON, `bank_ids` JSON or a list.

use serde_json::Value;

use super::columns::{self, COLUMNS, REQUIRED_COLUMNS};
use super::notice_fields::{Fault, FieldValues};

/// Which field stands in which column.
#[derive(Debug)]
pub(super) struct Header(Vec<&'static str>);

impl Header {
    /// Reads the first row.
    ///
    /// # Errors
    /// [`Fault`] for a column that is unknown, twice there or missing.
    pub(super) fn read(row: &str) -> Result<Self, Fault> {
        let mut columns = Vec::with_capacity(COLUMNS.len());
        for name in cells(row)? {
            let column = columns::find(&COLUMNS, &name)
                .map_err(|unknown| Fault::of(&name, format!("{unknown} The columns are: {}", COLUMNS.join(", "))))?;
            if columns.contains(&column) {
                return Err(Fault::of(column, "the header names this column twice".to_owned()));
            }
            columns.push(column);
        }
        match REQUIRED_COLUMNS.into_iter().find(|required| !columns.contains(required)) {
            Some(missing) => Err(Fault::of(missing, "the header lacks this column".to_owned())),
            None => Ok(Self(columns)),
        }
    }

    /// The fields of a row.
    ///
    /// # Errors
    /// [`Fault`] when the row has another number of cells, or `items` is not JSON.
    pub(super) fn fields_of(&self, row: &str) -> Result<FieldValues, Fault> {
        let cells = cells(row)?;
        if cells.len() != self.0.len() {
            return Err(Fault::of_line(format!(
                "the row has {} cells, the header {}: a cell that holds a comma or a quote stands in quotes, its quotes doubled",
                cells.len(),
                self.0.len()
            )));
        }
        let mut fields = FieldValues::default();
        for (column, cell) in self.0.iter().zip(cells) {
            fields.set(column, value_of(column, cell)?);
        }
        Ok(fields)
    }
}

/// Whether a row goes on in the next line: a quote is open.
pub(super) fn goes_on(row: &[u8]) -> bool {
    row.iter().fold(false, |open, byte| open ^ (*byte == b'"'))
}

fn value_of(column: &str, cell: String) -> Result<Value, Fault> {
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
        _ => Ok(Value::String(cell)),
    }
}

fn cells(row: &str) -> Result<Vec<String>, Fault> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(row.as_bytes());
    let mut record = csv::StringRecord::new();
    reader.read_record(&mut record).map_err(|error| Fault::of_line(format!("not a row of CSV: {error}")))?;
    Ok(record.iter().map(str::to_owned).collect())
}
