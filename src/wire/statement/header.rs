//! The first line of a statement: which column stands where.

use super::StatementFault;
use super::column::Column;

/// Where each column stands. Columns come and go: those that nobody knows are passed over, and most may be absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementHeader {
    /// How many titles there are.
    pub(super) width: usize,
    places: [Option<usize>; Column::COUNT],
}

impl StatementHeader {
    /// Reads the first line of a file.
    ///
    /// # Errors
    /// [`StatementFault`] when a column that a row cannot do without is not there, or one is there twice.
    pub fn read(line: &str) -> Result<Self, StatementFault> {
        let mut header = Self { width: 0, places: [None; Column::COUNT] };
        for (place, title) in line.trim_end().trim_end_matches(',').split(',').enumerate() {
            header.width = place + 1;
            let Some(column) = Column::titled(title) else { continue };
            if header.places[column as usize].replace(place).is_some() {
                let cause = format!("stands in the header twice, the second time as column {}", place + 1);
                return Err(StatementFault { column: Some(column.title()), cause });
            }
        }
        match Column::REQUIRED.into_iter().find(|column| header.place(*column).is_none()) {
            Some(missing) => {
                let cause = "is not in the header; a title that is new has to be taught to this program".to_owned();
                Err(StatementFault { column: Some(missing.title()), cause })
            }
            None => Ok(header),
        }
    }

    /// Where a column stands, from 0.
    pub(super) const fn place(&self, column: Column) -> Option<usize> {
        self.places[column as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_known_by_name_wherever_they_stand() {
        let header = StatementHeader::read("交易状态,新列,总金额,商户订单号,交易时间,\r").unwrap();
        assert_eq!(header.width, 5);
        assert_eq!(header.place(Column::OrderId), Some(3));
        assert_eq!(header.place(Column::BankId), None);
    }

    #[test]
    fn what_a_row_cannot_do_without_has_to_be_there_once() {
        let missing = StatementHeader::read("交易时间,商户订单号,交易状态").unwrap_err();
        assert_eq!(missing.column, Some("total amount"));
        let twice = StatementHeader::read("交易时间,商户订单号,交易状态,总金额,Total Amount").unwrap_err();
        assert_eq!((twice.column, twice.cause.contains("column 5")), (Some("total amount"), true));
        assert!(StatementHeader::read("").is_err());
    }
}
