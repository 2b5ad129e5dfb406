//! The statement's rows by order, sorted outside of memory: sorted runs in temporary files, and a merge of them.
//!
//! It spares the database: no rows to stage, nothing for its log. The files have no names, so that whatever ends the process ends
//! them too.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, Write as _};

use super::stated_row::StatedRow;
use crate::domain::{OrderId, StatedOrder};

/// How many bytes of rows are sorted at once, about 150,000 rows. A statement of ten million rows makes 70 runs, and each costs a
/// buffer while they are merged.
const RUN_BYTES: usize = 16 << 20;

/// The buffer of a run while it is written or merged.
const BUFFER_BYTES: usize = 64 << 10;

/// Takes rows in any order.
pub(super) struct Sorter {
    /// The bytes of the rows of the run that is being filled, one after the other.
    rows: Vec<u8>,
    /// Where each begins and ends.
    places: Vec<(u32, u32)>,
    runs: Vec<File>,
    run_bytes: usize,
}

impl Default for Sorter {
    fn default() -> Self {
        Self::with_runs_of(RUN_BYTES)
    }
}

impl Sorter {
    fn with_runs_of(run_bytes: usize) -> Self {
        Self { rows: Vec::new(), places: Vec::new(), runs: Vec::new(), run_bytes }
    }

    /// Takes a row.
    ///
    /// # Errors
    /// When a run cannot be written.
    pub(super) fn push(&mut self, row: &StatedRow) -> io::Result<()> {
        let begin = self.rows.len();
        row.write(&mut self.rows);
        let place = |at: usize| u32::try_from(at).map_err(|_| io::Error::other("a row of more than 4 GiB"));
        self.places.push((place(begin)?, place(self.rows.len())?));
        if self.rows.len() < self.run_bytes {
            return Ok(());
        }
        self.sort();
        let mut run = BufWriter::with_capacity(BUFFER_BYTES, tempfile::tempfile()?);
        for (begin, end) in &self.places {
            run.write_all(&(end - begin).to_be_bytes())?;
            run.write_all(&self.rows[*begin as usize..*end as usize])?;
        }
        self.runs.push(run.into_inner()?);
        self.rows.clear();
        self.places.clear();
        Ok(())
    }

    fn sort(&mut self) {
        let row = |(begin, end): &(u32, u32)| &self.rows[*begin as usize..*end as usize];
        self.places.sort_unstable_by(|one, other| row(one).cmp(row(other)));
    }

    /// The orders, ascending by the bytes of `order_id`.
    ///
    /// # Errors
    /// When a run cannot be read.
    pub(super) fn finish(mut self) -> io::Result<SortedOrders> {
        self.sort();
        let mut runs = Vec::with_capacity(self.runs.len() + 1);
        for mut file in self.runs {
            file.rewind()?;
            runs.push(Run::File(BufReader::with_capacity(BUFFER_BYTES, file)));
        }
        runs.push(Run::Memory { rows: self.rows, places: self.places.into_iter() });
        let mut sorted = SortedOrders { runs, heads: BinaryHeap::new(), begun: None };
        for place in 0..sorted.runs.len() {
            sorted.advance(place)?;
        }
        Ok(sorted)
    }
}

/// A sorted run that is being merged.
enum Run {
    File(BufReader<File>),
    Memory { rows: Vec<u8>, places: std::vec::IntoIter<(u32, u32)> },
}

impl Run {
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        match self {
            Self::Memory { rows, places } => {
                Ok(places.next().map(|(begin, end)| rows[begin as usize..end as usize].to_vec()))
            }
            Self::File(file) => {
                let mut length = [0; 4];
                match file.read_exact(&mut length) {
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                    read => read?,
                }
                let mut row = vec![0; u32::from_be_bytes(length) as usize];
                file.read_exact(&mut row)?;
                Ok(Some(row))
            }
        }
    }
}

/// The merge of the runs, row by row gathered into orders.
pub(super) struct SortedOrders {
    runs: Vec<Run>,
    /// The next row of each run, and which run that is.
    heads: BinaryHeap<Reverse<(Vec<u8>, usize)>>,
    begun: Option<StatedOrder>,
}

impl SortedOrders {
    fn advance(&mut self, place: usize) -> io::Result<()> {
        if let Some(row) = self.runs[place].next()? {
            self.heads.push(Reverse((row, place)));
        }
        Ok(())
    }

    fn next_order(&mut self) -> io::Result<Option<StatedOrder>> {
        while let Some(Reverse((row, place))) = self.heads.pop() {
            self.advance(place)?;
            let row = StatedRow::read(&row).ok_or_else(|| io::Error::other("a temporary file was changed"))?;
            let is_of = |order: &StatedOrder, order_id: &OrderId| order.order_id == *order_id;
            match &mut self.begun {
                Some(order) if is_of(order, &row.order_id) => row.add_to(order),
                begun => {
                    let mut order = StatedOrder::of(row.order_id.clone(), row.pays.clone());
                    row.add_to(&mut order);
                    if let Some(complete) = begun.replace(order) {
                        return Ok(Some(complete));
                    }
                }
            }
        }
        Ok(self.begun.take())
    }
}

impl Iterator for SortedOrders {
    type Item = io::Result<StatedOrder>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_order().transpose()
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::stated_row::StatedEvent;
    use super::*;
    use crate::domain::{Fen, RefundOrderId, StatedPayment, StatedRefund};

    fn row(id: &str, fee: i64) -> StatedRow {
        let (fee, at) = (Fen::new(fee).unwrap(), Timestamp::from_second(1_508_860_800).unwrap());
        let event = StatedEvent::Payment(StatedPayment { fee, at });
        StatedRow { order_id: OrderId::new(id).unwrap(), event, pays: "440100/001002/9".into() }
    }

    fn refund(id: &str, number: &str, is_done: bool) -> StatedRow {
        let StatedRow { order_id, pays, .. } = row(id, 0);
        let event = StatedEvent::Refund(StatedRefund {
            refund_order_id: RefundOrderId::new(number).unwrap(),
            refund_out_id: is_done.then(|| "ours".to_owned()),
            fee: Fen::new(7).unwrap(),
            at: Timestamp::from_second(1_508_860_900).unwrap(),
            is_done,
        });
        StatedRow { order_id, event, pays }
    }

    #[test]
    fn a_row_comes_back_as_it_went() {
        for row in [row("A", 0), row("AQ-1", i64::MAX), refund("A", "R", true), refund("A", "R", false)] {
            let mut bytes = Vec::new();
            row.write(&mut bytes);
            assert_eq!(StatedRow::read(&bytes), Some(row));
            assert_eq!(StatedRow::read(&bytes[..bytes.len() - 1]), None);
        }
    }

    #[test]
    fn rows_in_any_order_come_out_as_sorted_orders_whatever_the_size_of_a_run() {
        for run_bytes in [1, 100, 1000, RUN_BYTES] {
            let mut sorter = Sorter::with_runs_of(run_bytes);
            for number in 0..200_i64 {
                // 73 is prime to 200, so that each comes once and in no order.
                let id = number * 73 % 200;
                sorter.push(&row(&format!("A{id}"), id)).unwrap();
                if id % 10 == 0 {
                    sorter.push(&refund(&format!("A{id}"), "R1", true)).unwrap();
                    sorter.push(&refund(&format!("A{id}"), "R2", false)).unwrap();
                }
            }
            let orders: Vec<_> = sorter.finish().unwrap().map(Result::unwrap).collect();
            assert_eq!(orders.len(), 200, "runs of {run_bytes} bytes");
            assert!(orders.windows(2).all(|two| two[0].order_id < two[1].order_id));
            for order in &orders {
                let id: i64 = order.order_id.as_str()[1..].parse().unwrap();
                assert_eq!(order.paid(), Fen::new(id));
                assert_eq!(order.refunds.len(), if id % 10 == 0 { 2 } else { 0 });
            }
        }
        assert!(Sorter::default().finish().unwrap().next().is_none());
    }
}
