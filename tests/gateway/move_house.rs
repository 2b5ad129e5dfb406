//! Moving everything that a database holds to the other engine and back, and files that are not what they were.

use std::collections::VecDeque;
use std::io;

use jiff::Timestamp;
use nontax_gateway::app::move_house::{Moved, export_database, import_database};
use nontax_gateway::app::new_api_client;
use nontax_gateway::domain::{ApiClientName, Scope, Suspension, SuspensionScope};
use nontax_gateway::store::{Cell, MovedPiece, MovedTable, RowSink, RowSource, Store};

use crate::book::{at, author, finance, import, notice, paid, party, record, recording_bank, refunded, refunded_part};
use crate::database::texts;
use crate::stores::{TestStore, on_both_stores, postgres, sqlite};

on_both_stores!(
    what_was_changed_on_the_way_is_refused_and_nothing_is_imported,
    what_reads_back_otherwise_is_not_committed,
    only_an_empty_database_takes_an_import,
    numbers_go_on_where_they_were,
);

/// Notices, payments, refunds, suspensions, journals, events and a client system.
async fn fill(store: &dyn Store) {
    for number in 0..30 {
        import(store, notice(&format!("{number:03}"))).await;
    }
    for number in 0..20 {
        let (number, order_id) = (format!("{number:03}"), format!("order-{number}"));
        record(store, &order_id, paid(&number), finance()).await.unwrap();
        record(store, &format!("second-{number}"), paid(&number), recording_bank()).await.unwrap();
    }
    record(store, "order-3", refunded(), finance()).await.unwrap();
    record(store, "order-4", refunded_part("R4", 500), finance()).await.unwrap();
    let scope = SuspensionScope::Item("103 \"050\"".into());
    let suspension = Suspension::new(scope, "年末结账\u{2028}".into());
    store.suspend(party(), suspension, author(), at(1)).await.unwrap();
    let name = ApiClientName::new("erp").unwrap();
    let (client, _) = new_api_client(name, vec![Scope::Orders], Vec::new(), &[7; 32], at(2));
    assert!(store.add_api_client(client, author()).await.unwrap());
}

async fn exported(store: &dyn Store) -> (Vec<u8>, Moved) {
    let mut file = Vec::new();
    let moved = export_database(store, &mut file, Timestamp::UNIX_EPOCH).await.unwrap();
    (file, moved)
}

async fn refusal(store: &dyn Store, file: &[u8]) -> String {
    import_database(store, &mut &*file).await.unwrap_err().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_and_back_is_the_same_file() {
    let (first, there, back) = (sqlite().await, postgres().await, sqlite().await);
    fill(&*first.store).await;
    let (file, moved) = exported(&*first.store).await;
    assert!(moved.rows > 200 && moved.tables >= 15, "{moved:?}");
    assert_eq!(import_database(&*there.store, &mut &*file).await.unwrap(), moved);
    let (from_postgres, _) = exported(&*there.store).await;
    assert_eq!(import_database(&*back.store, &mut &*from_postgres).await.unwrap(), moved);
    let (again, _) = exported(&*back.store).await;
    let text = |file: Vec<u8>| String::from_utf8(file).unwrap();
    assert_eq!(text(from_postgres), text(file.clone()));
    assert_eq!(text(again), text(file));
}

/// Both engines have the same tables with the same columns, so that whatever a migration adds moves too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn empty_databases_of_both_engines_are_the_same_file() {
    let (one, other) = (sqlite().await, postgres().await);
    let (one, _) = exported(&*one.store).await;
    let (other, _) = exported(&*other.store).await;
    assert_eq!(String::from_utf8(one).unwrap(), String::from_utf8(other).unwrap());
}

async fn what_was_changed_on_the_way_is_refused_and_nothing_is_imported(test: TestStore) {
    let source = sqlite().await;
    fill(&*source.store).await;
    let of_migrations = exported(&*test.store).await.1.rows;
    let (file, moved) = exported(&*source.store).await;
    let whole = String::from_utf8(file).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let joined = |lines: &[&str]| lines.join("\n") + "\n";
    let a_row = lines.iter().position(|line| line.contains("order-7")).unwrap();
    let without_a_row = [&lines[..a_row], &lines[a_row + 1..]].concat();
    let a_row_twice = [&lines[..=a_row], &lines[a_row..]].concat();
    let a_table = lines.iter().position(|line| line.starts_with("{\"table\":\"refund\"")).unwrap();
    let its_end = lines.iter().position(|line| line.starts_with("{\"end_of_table\":\"refund\"")).unwrap();
    let without_a_table = [&lines[..a_table], &lines[its_end + 1..]].concat();
    for (changed, expected) in [
        (joined(&lines[..lines.len() - 1]), "it was cut"),
        (whole[..whole.len() - 2].to_owned(), "it was cut"),
        (joined(&lines[..a_row]), "it was cut"),
        (joined(&without_a_row), "rows were told"),
        (joined(&a_row_twice), ""),
        (joined(&without_a_table), "the export had"),
        (whole.replacen("20000", "20001", 1), "SHA-256"),
        (whole.replacen("\"fee\",\"integer\"", "\"fee\",\"text\"", 1), "column fee"),
        (whole.replacen("\"table\":\"refund\"", "\"table\":\"refunds\"", 1), "not of this database"),
        (whole.replacen("\"schema\":", "\"schema\":9", 1), "schema"),
        (whole.replacen("\"nontax_export\":1", "\"nontax_export\":2", 1), "format 2"),
        ("region_code,fee\n".to_owned(), "no export of nontax"),
        (String::new(), "it was cut"),
    ] {
        let refusal = refusal(&*test.store, changed.as_bytes()).await;
        assert!(refusal.contains(expected), "expected {expected}: {refusal}");
        assert_eq!(exported(&*test.store).await.1.rows, of_migrations, "{expected}");
    }
    assert_eq!(import_database(&*test.store, &mut whole.as_bytes()).await.unwrap(), moved);
}

/// Gives what another database gave, and is not content with what was made of it.
#[derive(Default)]
struct Doubting {
    pieces: VecDeque<MovedPiece>,
    tables_read_back: usize,
}

impl RowSource for Doubting {
    fn next_piece(&mut self) -> io::Result<MovedPiece> {
        Ok(self.pieces.pop_front().unwrap_or(MovedPiece::End))
    }

    fn check(&mut self) -> &mut dyn RowSink {
        self
    }
}

/// First what is exported goes in; when all of it was given, what comes is read back, and wrong in the end.
impl RowSink for Doubting {
    fn begin_table(&mut self, table: &MovedTable, last_number: Option<i64>) -> io::Result<()> {
        let (name, columns) = (table.name.clone(), table.columns.clone());
        self.pieces.push_back(MovedPiece::Table { name, columns, last_number });
        Ok(())
    }

    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        self.pieces.push_back(MovedPiece::Row(cells.to_vec()));
        Ok(())
    }

    fn end_table(&mut self) -> io::Result<()> {
        self.pieces.push_back(MovedPiece::EndOfTable);
        self.tables_read_back += 1;
        if self.tables_read_back > 30 { Err(io::Error::other("not what was given")) } else { Ok(()) }
    }
}

async fn what_reads_back_otherwise_is_not_committed(test: TestStore) {
    let source = sqlite().await;
    fill(&*source.store).await;
    let of_migrations = exported(&*test.store).await.1.rows;
    let mut doubting = Doubting::default();
    let exported_all = source.store.export_all(&mut doubting).await;
    let tables = doubting.tables_read_back;
    assert!(exported_all.is_ok() && tables <= 30, "{tables} tables: let it doubt later");
    let refusal = test.store.import_all(&mut doubting).await.unwrap_err().to_string();
    assert!(refusal.contains("not what was given"), "{refusal}");
    assert_eq!(exported(&*test.store).await.1.rows, of_migrations, "nothing was committed");
}

async fn only_an_empty_database_takes_an_import(test: TestStore) {
    import(&*test.store, notice("001")).await;
    let (file, _) = exported(&*test.store).await;
    let refusal = refusal(&*test.store, &file).await;
    assert!(refusal.contains("holds rows already"), "{refusal}");
    assert_eq!(texts(&test, "SELECT payment_notice_no FROM notice").await, ["001"]);
}

/// A number that was given once is never given again, even when the row is gone: a reader of events has passed it.
async fn numbers_go_on_where_they_were(test: TestStore) {
    let source = postgres().await;
    fill(&*source.store).await;
    let last = "SELECT CAST(MAX(event_id) AS TEXT) FROM outbox";
    let before: i64 = texts(&source, last).await[0].parse().unwrap();
    crate::database::execute(&source.url, "DELETE FROM outbox").await.unwrap();
    let (file, _) = exported(&*source.store).await;
    import_database(&*test.store, &mut &*file).await.unwrap();
    record(&*test.store, "order-5", refunded(), finance()).await.unwrap();
    let after: i64 = texts(&test, "SELECT CAST(MIN(event_id) AS TEXT) FROM outbox").await[0].parse().unwrap();
    assert_eq!(after, before + 1);
}
