//! Taking notices as a system sends them, a line each: what became of every line is told.

use std::collections::HashSet;
use std::io::BufRead;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::notice_file::{Encoding, FileFormat, NoticeFileError, NoticeReader, ReadOptions};
use crate::domain::{NoticeKey, PartyName};
use crate::store::{Author, Book, ImportOutcome, NoticeDraft, StoreError};

/// How many notices go into one transaction, as in an import of a file.
const BATCH_NOTICES: usize = super::import_notices::BATCH_NOTICES;

/// One JSON object a line, in UTF-8.
pub const ONE_A_LINE: ReadOptions = ReadOptions { encoding: Encoding::Utf8, format: Some(FileFormat::Ndjson) };

/// What became of all lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UpsertSummary {
    /// Notices that are new.
    pub added: u64,
    /// Notices that were held and are as the line says now.
    pub updated: u64,
    /// Notices that are paid and stayed as they were.
    pub kept_paid: u64,
    /// Lines that were refused.
    pub refused: u64,
}

impl UpsertSummary {
    /// The last line of the results: all lines were read.
    #[must_use]
    pub fn to_json(self) -> Value {
        let Self { added, updated, kept_paid, refused } = self;
        json!({ "done": true, "added": added, "updated": updated, "kept_paid": kept_paid, "refused": refused })
    }
}

/// Lines that could not be read on, or not be taken. Those that were told are in.
#[derive(Debug, thiserror::Error)]
pub enum UpsertError {
    /// The lines broke off.
    #[error("the lines cannot be read on")]
    Lines(#[from] NoticeFileError),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// Nobody takes the results.
    #[error("nobody takes the results")]
    Abandoned,
}

/// Who is told what became of each line. False stops the work: nobody listens any more.
pub trait ResultSink {
    /// One line of the results.
    fn tell(&mut self, result: &Value) -> impl Future<Output = bool> + Send;
}

/// Whose notices, who brings them, and when.
#[derive(Clone, Debug)]
pub struct UpsertTo {
    /// Whose book.
    pub party: PartyName,
    /// Who.
    pub by: Author,
    /// When.
    pub at: Timestamp,
}

/// Takes all lines. The results come batch by batch, each in the order of its lines; what is told as taken is committed.
///
/// # Errors
/// [`UpsertError`] when it stopped before the last line.
pub async fn upsert_notices<R: BufRead>(
    reader: &mut NoticeReader<R>,
    store: &dyn Book,
    to: &UpsertTo,
    results: &mut impl ResultSink,
) -> Result<UpsertSummary, UpsertError> {
    let mut summary = UpsertSummary::default();
    let mut batch = Batch::default();
    loop {
        let read = match reader.read_notice() {
            Ok(read) => read,
            Err(error) => {
                // What was read before it broke off is good.
                batch.flush(store, to, &mut summary, results).await?;
                return Err(error.into());
            }
        };
        let Some(read) = read else { break };
        if batch.is_full_for(read.as_ref().ok()) {
            batch.flush(store, to, &mut summary, results).await?;
        }
        match read {
            Ok(draft) => batch.push(reader.last_line(), draft),
            Err(refused) => {
                summary.refused += 1;
                batch.lines.push(Told::Refused(json!({
                    "line": refused.line, "key": null, "outcome": "refused", "field": refused.field,
                    "cause": refused.cause,
                })));
            }
        }
    }
    batch.flush(store, to, &mut summary, results).await?;
    Ok(summary)
}

/// A line that was read, in its place.
enum Told {
    Taken { line: u64, key: NoticeKey },
    Refused(Value),
}

/// Lines that are told together; no two notices of one key, so that the later one is taken after the earlier one.
#[derive(Default)]
struct Batch {
    lines: Vec<Told>,
    drafts: Vec<NoticeDraft>,
    keys: HashSet<NoticeKey>,
}

impl Batch {
    fn is_full_for(&self, draft: Option<&NoticeDraft>) -> bool {
        self.lines.len() >= BATCH_NOTICES || draft.is_some_and(|draft| self.keys.contains(&draft.notice.key))
    }

    fn push(&mut self, line: u64, draft: NoticeDraft) {
        self.keys.insert(draft.notice.key.clone());
        self.lines.push(Told::Taken { line, key: draft.notice.key.clone() });
        self.drafts.push(draft);
    }

    async fn flush(
        &mut self,
        store: &dyn Book,
        to: &UpsertTo,
        summary: &mut UpsertSummary,
        results: &mut impl ResultSink,
    ) -> Result<(), UpsertError> {
        let Self { lines, drafts, .. } = std::mem::take(self);
        let UpsertTo { party, by, at } = to;
        let mut outcomes = Vec::new();
        if !drafts.is_empty() {
            outcomes = store.import_notices(party.clone(), drafts, by.clone(), *at).await?;
        }
        let mut outcomes = outcomes.into_iter();
        for told in lines {
            let result = match told {
                Told::Refused(result) => result,
                Told::Taken { line, key } => {
                    let outcome = outcomes.next().ok_or(StoreError::Interrupted)?;
                    json!({ "line": line, "key": key.to_string(), "outcome": summary.count(outcome) })
                }
            };
            if !results.tell(&result).await {
                return Err(UpsertError::Abandoned);
            }
        }
        Ok(())
    }
}

impl UpsertSummary {
    fn count(&mut self, outcome: ImportOutcome) -> &'static str {
        let (counter, name) = match outcome {
            ImportOutcome::Added => (&mut self.added, "added"),
            ImportOutcome::Updated => (&mut self.updated, "updated"),
            ImportOutcome::KeptPaid => (&mut self.kept_paid, "kept_paid"),
        };
        *counter += 1;
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::notices_in_memory::NoticesInMemory;

    struct Heard {
        results: Vec<Value>,
        takes: usize,
    }

    impl ResultSink for Heard {
        async fn tell(&mut self, result: &Value) -> bool {
            self.results.push(result.clone());
            self.results.len() < self.takes
        }
    }

    fn line(number: usize) -> String {
        format!(
            r#"{{"region_code":"440000","department_code":"1","department_name":"d","payment_notice_no":"{number}","fee":1,"items":[{{"no":1,"item_id":"1","item_name":"i","fee":1}}]}}"#
        ) + "\n"
    }

    async fn upsert(store: &NoticesInMemory, text: &str, takes: usize) -> (Result<UpsertSummary, UpsertError>, Heard) {
        let mut reader = NoticeReader::open(text.as_bytes(), ONE_A_LINE).unwrap();
        let mut heard = Heard { results: Vec::new(), takes };
        let by = Author { who: "erp".into(), came_from: "192.0.2.1".into() };
        let to = UpsertTo { party: PartyName::new("p").unwrap(), by, at: Timestamp::UNIX_EPOCH };
        (upsert_notices(&mut reader, store, &to, &mut heard).await, heard)
    }

    #[tokio::test]
    async fn each_line_is_told_in_its_order() {
        let store = NoticesInMemory::default();
        let (summary, heard) = upsert(&store, &[line(1), "{\n".into(), line(2), line(1)].concat(), 99).await;
        let outcomes: Vec<_> =
            heard.results.iter().map(|result| (result["line"].clone(), result["outcome"].clone())).collect();
        let expected = [(1, "added"), (2, "refused"), (3, "added"), (4, "updated")];
        assert_eq!(outcomes, expected.map(|(line, outcome)| (line.into(), outcome.into())));
        assert_eq!(heard.results[0]["key"], "440000/1/1");
        let summary = summary.unwrap();
        assert_eq!(summary, UpsertSummary { added: 2, updated: 1, kept_paid: 0, refused: 1 });
        assert_eq!(*store.batches.lock().unwrap(), [2, 1]);
    }

    #[tokio::test]
    async fn nothing_more_is_taken_when_nobody_listens() {
        let store = NoticesInMemory::default();
        let text: String = (0..2000).map(line).collect();
        let (outcome, _) = upsert(&store, &text, 10).await;
        assert!(matches!(outcome, Err(UpsertError::Abandoned)));
        assert_eq!(*store.batches.lock().unwrap(), [500]);
    }

    #[tokio::test]
    async fn refused_lines_alone_are_told_before_they_pile_up() {
        let store = NoticesInMemory::default();
        let (summary, heard) = upsert(&store, &"x\n".repeat(1_200), 9_999).await;
        assert_eq!((summary.unwrap().refused, heard.results.len()), (1_200, 1_200));
    }
}
