//! Taking the notices of a file into a party's book, in batches; refused lines are told and the good ones go in.

use std::collections::HashSet;
use std::io::BufRead;

use jiff::Timestamp;

use super::notice_file::{NoticeFileError, NoticeReader, RefusedLine};
use crate::domain::PartyName;
use crate::store::{Author, Book, ImportOutcome, NoticeDraft, StoreError};

/// How many notices go into one transaction: enough that its commit costs little, few enough that callbacks do not wait for it.
pub const BATCH_NOTICES: usize = 500;

/// How many notices are read between two turns of the writer: a fraction of a millisecond.
const NOTICES_IN_A_TURN: usize = 16;

/// How many refused lines a summary keeps; all of them go to the observer.
pub const REFUSED_KEPT: usize = 20;

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// Notices that are new.
    pub added: u64,
    /// Notices that were held and are as the file says now.
    pub updated: u64,
    /// Notices that are paid and stayed as they were.
    pub kept_paid: u64,
    /// In a dry run: notices that would have been taken.
    pub acceptable: u64,
    /// Lines that were refused.
    pub refused: u64,
    /// The first of them.
    pub first_refused: Vec<RefusedLine>,
}

impl ImportSummary {
    fn count(&mut self, taken: &Taken) {
        let outcomes = match taken {
            Taken::Acceptable(notices) => {
                self.acceptable += notices;
                return;
            }
            Taken::Kept(outcomes) => outcomes,
        };
        for outcome in outcomes {
            match outcome {
                ImportOutcome::Added => self.added += 1,
                ImportOutcome::Updated => self.updated += 1,
                ImportOutcome::KeptPaid => self.kept_paid += 1,
            }
        }
    }

    /// How many notices of the file are in the book.
    #[must_use]
    pub const fn taken(&self) -> u64 {
        self.added + self.updated + self.kept_paid
    }
}

/// Who is told how an import goes.
pub trait ImportObserver {
    /// A line was refused.
    fn refused(&mut self, refused: &RefusedLine);

    /// So much of the file was read, in bytes.
    fn read(&mut self, bytes: u64);
}

/// An import that stopped.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read on.
    #[error("{taken} notices are in, then the import stopped; the same file can be imported again")]
    File {
        /// How many notices are in the book.
        taken: u64,
        /// What is wrong with the file.
        #[source]
        source: NoticeFileError,
    },
    /// The store failed.
    #[error(
        "{taken} notices, those up to line {up_to_line}, are in, then the import stopped; to go on, import the same file again"
    )]
    Store {
        /// How many notices are in the book.
        taken: u64,
        /// Every good line up to this one is in.
        up_to_line: u64,
        /// What failed.
        #[source]
        source: StoreError,
    },
}

/// Where the notices go.
#[derive(Clone, Copy)]
pub enum Destination<'a> {
    /// Into a party's book.
    Book {
        /// The store.
        store: &'a dyn Book,
        /// Whose book.
        party: &'a PartyName,
        /// Who brings them.
        by: &'a Author,
        /// The time that the changes bear.
        at: Timestamp,
    },
    /// Nowhere: a dry run, which only checks.
    Nowhere,
}

impl Destination<'_> {
    /// Takes notices, no two of one key, in one transaction.
    async fn take(self, drafts: Vec<NoticeDraft>) -> Result<Taken, StoreError> {
        match self {
            Destination::Nowhere => Ok(Taken::Acceptable(drafts.len() as u64)),
            Destination::Book { .. } if drafts.is_empty() => Ok(Taken::Kept(Vec::new())),
            Destination::Book { store, party, by, at } => {
                store.import_notices(party.clone(), drafts, by.clone(), at).await.map(Taken::Kept)
            }
        }
    }
}

/// What became of a batch.
enum Taken {
    Acceptable(u64),
    Kept(Vec<ImportOutcome>),
}

/// Takes all notices of a file, one batch while the next is read. A notice that stands twice is taken as it stands last.
///
/// # Errors
/// [`ImportError`] says how many notices are in. Importing the same file again is safe.
pub async fn import_notices<R: BufRead>(
    reader: NoticeReader<R>,
    destination: Destination<'_>,
    observer: &mut (dyn ImportObserver + Send),
) -> Result<ImportSummary, ImportError> {
    let mut reading = Reading { reader, observer, summary: ImportSummary::default(), held_back: None };
    let mut batch = reading.next_batch().await;
    let mut up_to_line = 0;
    loop {
        let Batch { drafts, last_line, end } = batch;
        let next = async { if end.is_none() { Some(reading.next_batch().await) } else { None } };
        let (taken, next) = tokio::join!(destination.take(drafts), next);
        let summary = &mut reading.summary;
        match taken {
            Ok(taken) => summary.count(&taken),
            Err(source) => return Err(ImportError::Store { taken: summary.taken(), up_to_line, source }),
        }
        up_to_line = last_line;
        batch = match (next, end) {
            (Some(next), _) => next,
            // What was read before the file broke off is good.
            (None, Some(Err(source))) => return Err(ImportError::File { taken: summary.taken(), source }),
            (None, _) => return Ok(reading.summary),
        };
    }
}

/// Notices that go into one transaction; no two of one key, so that the later one is taken after the earlier one.
struct Batch {
    drafts: Vec<NoticeDraft>,
    /// The line that the last of them ended with.
    last_line: u64,
    /// How the file ended, when it did.
    end: Option<Result<(), NoticeFileError>>,
}

/// A file while it is read.
struct Reading<'a, R> {
    reader: NoticeReader<R>,
    observer: &'a mut (dyn ImportObserver + Send),
    summary: ImportSummary,
    /// A notice of the next batch and its last line: one of the batch before has the same key.
    held_back: Option<(NoticeDraft, u64)>,
}

impl<R: BufRead> Reading<'_, R> {
    async fn next_batch(&mut self) -> Batch {
        let mut batch = Batch { drafts: Vec::with_capacity(BATCH_NOTICES), last_line: 0, end: None };
        let mut keys = HashSet::with_capacity(BATCH_NOTICES);
        if let Some((draft, line)) = self.held_back.take() {
            keys.insert(draft.notice.key.clone());
            batch.drafts.push(draft);
            batch.last_line = line;
        }
        while batch.drafts.len() < BATCH_NOTICES {
            match self.reader.read_notice() {
                Ok(Some(Ok(draft))) if keys.contains(&draft.notice.key) => {
                    self.held_back = Some((draft, self.reader.last_line()));
                    break;
                }
                Ok(Some(Ok(draft))) => {
                    keys.insert(draft.notice.key.clone());
                    batch.drafts.push(draft);
                    batch.last_line = self.reader.last_line();
                }
                Ok(Some(Err(refused))) => self.refuse(refused),
                Ok(None) => batch.end = Some(Ok(())),
                Err(error) => batch.end = Some(Err(error)),
            }
            if batch.end.is_some() {
                break;
            }
            self.observer.read(self.reader.bytes_read());
            // Whoever writes the batch before this one gets his turns.
            if batch.drafts.len().is_multiple_of(NOTICES_IN_A_TURN) {
                tokio::task::yield_now().await;
            }
        }
        batch
    }

    fn refuse(&mut self, refused: RefusedLine) {
        self.observer.refused(&refused);
        self.summary.refused += 1;
        if self.summary.first_refused.len() < REFUSED_KEPT {
            self.summary.first_refused.push(refused);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::notice_file::ReadOptions;
    use crate::store::notices_in_memory::NoticesInMemory;

    #[derive(Default)]
    struct Heard {
        refused: Vec<u64>,
        bytes: u64,
    }

    impl ImportObserver for Heard {
        fn refused(&mut self, refused: &RefusedLine) {
            self.refused.push(refused.line);
        }

        fn read(&mut self, bytes: u64) {
            assert!(bytes >= self.bytes, "progress only grows");
            self.bytes = bytes;
        }
    }

    fn line(number: usize, fee: i64) -> String {
        format!(
            r#"{{"region_code":"440000","department_code":"1","department_name":"d","payment_notice_no":"{number}","fee":{fee},"items":[{{"no":1,"item_id":"1","item_name":"i","fee":{fee}}}]}}"#
        ) + "\n"
    }

    async fn import(store: &NoticesInMemory, text: &str) -> (Result<ImportSummary, ImportError>, Heard) {
        let party = PartyName::new("p").unwrap();
        let reader = NoticeReader::open(text.as_bytes(), ReadOptions::default()).unwrap();
        let mut heard = Heard::default();
        let by = Author::on_the_command_line("pay".to_owned());
        let destination = Destination::Book { store, party: &party, by: &by, at: Timestamp::UNIX_EPOCH };
        (import_notices(reader, destination, &mut heard).await, heard)
    }

    #[tokio::test]
    async fn batches_are_full_and_nothing_is_lost() {
        let store = NoticesInMemory::default();
        let text: String = (0..1234).map(|number| line(number, 1)).collect();
        let (summary, heard) = import(&store, &text).await;
        assert_eq!(summary.unwrap().added, 1234);
        assert_eq!(*store.batches.lock().unwrap(), [500, 500, 234]);
        assert_eq!(heard.bytes, text.len() as u64);
    }

    #[tokio::test]
    async fn a_notice_that_stands_twice_is_taken_as_it_stands_last() {
        let store = NoticesInMemory::default();
        let (summary, _) = import(&store, &[line(1, 5), line(2, 5), line(1, 7), line(3, 5)].concat()).await;
        let summary = summary.unwrap();
        assert_eq!((summary.added, summary.updated), (3, 1));
        assert_eq!(*store.batches.lock().unwrap(), [2, 2]);
        let fees: Vec<_> = store.records.lock().unwrap().values().map(|record| record.notice.fee.get()).collect();
        assert_eq!(fees, [7, 5, 5]);
    }

    #[tokio::test]
    async fn every_refused_line_is_told_and_the_first_are_kept() {
        let store = NoticesInMemory::default();
        let text: String = (0..30).map(|_| "{\n".to_owned()).chain([line(1, 1)]).collect();
        let (summary, heard) = import(&store, &text).await;
        let summary = summary.unwrap();
        assert_eq!((summary.refused, summary.first_refused.len(), summary.added), (30, REFUSED_KEPT, 1));
        assert_eq!(heard.refused, (1..=30).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_store_that_fails_says_what_is_in() {
        let store = NoticesInMemory { fails_after_batches: Some(1), ..NoticesInMemory::default() };
        let text: String = (0..1001).map(|number| line(number, 1)).collect();
        let (outcome, _) = import(&store, &text).await;
        let message = outcome.unwrap_err().to_string();
        assert!(message.starts_with("500 notices, those up to line 500, are in"), "{message}");
    }
}
