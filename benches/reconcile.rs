//! A statement against a book of as many payments: how long it takes and how much memory, on SQLite, and on the Postgres that
//! `NONTAX_TEST_POSTGRES_URL` names (`scripts/postgres-for-tests run cargo bench --bench reconcile`).
//!
//! Run with numbers of rows as arguments; without any, 100,000 and 1,000,000, which shows that both grow linearly.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use nontax_gateway::app::{Party, ReconcileContext, ReconcileOptions, match_day};
use nontax_gateway::domain::{BillType, ChinaDate, Duties, Mode, OnRefusal, PartyName, Role, StatementKind};
use nontax_gateway::envelope::{KeyEncoding, KeyRing, SignatureOver, SigningKey, SymmetricKey, sha256_hex};
use nontax_gateway::store::{self, OpenOptions, STATEMENT_CHUNK_BYTES, SharedStore, StatementFile, StatementKey};
use nontax_gateway::wire::Locale;
use sqlx::{Connection as _, Executor as _, PgConnection, SqliteConnection};

/// One payment in so many is on one side only.
const ONE_SIDED_EVERY: u64 = 1000;

/// Prime, and prime to [`SHUFFLE`], so that orders come in no order and none twice.
const ORDERS: u64 = 10_000_019;
const SHUFFLE: u64 = 7919;

/// What every payment is over.
const FEE: u64 = 20_000;

fn main() {
    let rows: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let rows = if rows.is_empty() { vec![100_000, 1_000_000] } else { rows };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    println!("| store | rows | seconds | peak resident MB | differences |\n| --- | --- | --- | --- | --- |");
    for count in rows {
        let directory = tempfile::tempdir().unwrap();
        let sqlite = format!("sqlite:{}", directory.path().join("book.db").display());
        runtime.block_on(measure("SQLite", &sqlite, count));
        if let Ok(server) = std::env::var("NONTAX_TEST_POSTGRES_URL") {
            let url = runtime.block_on(new_database(&server, count));
            runtime.block_on(measure("Postgres", &url, count));
        }
    }
}

async fn new_database(server: &str, count: u64) -> String {
    let name = format!("bench_{}_{count}", std::process::id());
    let mut connection = PgConnection::connect(server).await.unwrap();
    connection.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    format!("{}/{name}", server.rsplit_once('/').unwrap().0)
}

async fn measure(name: &str, url: &str, count: u64) {
    let options = OpenOptions { max_connections: 12, coalescing: false };
    let store: SharedStore = store::open(url, None, options).await.unwrap();
    store.migrate().await.unwrap();
    let day: ChinaDate = "20260101".parse().unwrap();
    fill_book(url, count, day).await;
    keep_statement(&store, count, day).await;
    let party = party();
    let context =
        ReconcileContext { store: &store, party: &party, clock: &Timestamp::now, options: ReconcileOptions::default() };
    // Linux forgets the peak so far, that of filling the book.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let begun = Instant::now();
    let matched = match_day(&context, day).await.unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    let one_sided = count / ONE_SIDED_EVERY;
    assert_eq!(matched.difference_count(), 2 * one_sided);
    assert_eq!(matched.sums.stated.payments, matched.sums.booked.payments);
    println!("| {name} | {count} | {seconds:.1} | {} | {} |", peak_resident_mb(), matched.difference_count());
    store.close().await;
}

fn peak_resident_mb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() / 1024
}

fn order_id(number: u64) -> String {
    format!("AQCA{:024}", number * SHUFFLE % ORDERS)
}

/// Payments at noon, but for those of the statement alone.
async fn fill_book(url: &str, count: u64, day: ChinaDate) {
    let noon = day.instant_at(12).as_second();
    let columns = "INSERT INTO payment (party, order_id, payment_notice_no, region_code, department_code, fee, pay_channel, \
                   pay_finish_time, disposition, recorded_at)";
    let values = |id: &str, number: &str| {
        format!(
            "SELECT 'gz-finance', {id}, {number}, '440100', '001002', {FEE}, 'wx_nontax', {noon}, 'settles', {noon}000"
        )
    };
    // The numbers up to one_sided are the statement's alone, those after count the book's alone.
    let (first, last) = (count / ONE_SIDED_EVERY, count + count / ONE_SIDED_EVERY - 1);
    if url.starts_with("sqlite:") {
        let id = format!("printf('AQCA%024d', n * {SHUFFLE} % {ORDERS})");
        let sql = format!(
            "{columns} WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last}) \
             {} FROM numbers",
            values(&id, "CAST(n AS TEXT)")
        );
        SqliteConnection::connect(url).await.unwrap().execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
    } else {
        let id = format!("'AQCA' || lpad((n * {SHUFFLE} % {ORDERS})::text, 24, '0')");
        let sql = format!("{columns} {} FROM generate_series({first}::bigint, {last}) AS n", values(&id, "n::text"));
        let mut connection = PgConnection::connect(url).await.unwrap();
        connection.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
        connection.execute("ANALYZE payment").await.unwrap();
    }
}

/// The statement as a file that was downloaded.
async fn keep_statement(store: &SharedStore, count: u64, day: ChinaDate) {
    let mut text = String::from(
        "Transaction time, Official Account ID, merchant ID, sub-merchant ID, Weixin order No., merchant order No., user ID, \
         transaction type, transaction status, paying bank, currency type, total amount, amount of company red packets, Weixin \
         refund order No., merchant refund order No., refund amount, refund amount of company red packets, refund type, refund \
         status, product name, service fee, rate, code of the region, payment notice No. (or platform order No.), code of the \
         collection entity, type of the payment notice, bank ID\n",
    );
    for number in 0..count {
        let _ = writeln!(
            text,
            "`2026-01-01 12:00:00,`wxc971985892358997,`1800004561,`1900016021,`4200000022201709254109017673,`{},`,`JSAPI,\
             `SUCCESS,`CFT,`CNY,`{}.00,`0.00,`0,`0,`0.00,`0.00,`,`,`a fine,`0.00000,`0.00%,`440100,`{number},`001002,`1,`ICBC",
            order_id(number),
            FEE / 100,
        );
    }
    let _ = write!(
        text,
        "Total transaction numbers, total transaction amount, total refund amount, total refund amount of company red packets, \
         total service fees\n`{count},`{}.00,`0.00,`0.00,`0.00000\n",
        count * FEE / 100
    );
    let sha256 = sha256_hex(text.as_bytes());
    let party = party().name;
    let key = StatementKey { party, bill_date: day, mch_id: None, bill_type: BillType::All };
    let size_bytes = text.len() as u64;
    let chunk_count = u32::try_from(size_bytes.div_ceil(STATEMENT_CHUNK_BYTES)).unwrap();
    let chunks = text.as_bytes().chunks(usize::try_from(STATEMENT_CHUNK_BYTES).unwrap());
    for (chunk_no, chunk) in (0..).zip(chunks) {
        store.put_statement_chunk(key.clone(), sha256.clone(), chunk_no, chunk.to_vec()).await.unwrap();
    }
    let at = day.plus_days(1).instant_at(6);
    let kind = StatementKind::Csv;
    let file =
        StatementFile { key, sha256, kind, size_bytes, chunk_count, fetched_at: at, seen_at: at, pruned_at: None };
    store.keep_statement_file(file).await.unwrap();
}

fn party() -> Party {
    let signing_key =
        SigningKey::read(include_str!("../tests/fixtures/envelope/TEST-ONLY-platform-private.pem")).unwrap();
    let symmetric_key = SymmetricKey::read("1", b"0123456789abcdefghijklmnopqrstuv", KeyEncoding::Raw).unwrap();
    let platform_key = signing_key.platform_key("1").unwrap();
    let key_ring = KeyRing::new(vec![symmetric_key], vec![platform_key], SignatureOver::Plaintext).unwrap();
    Party {
        name: PartyName::new("gz-finance").unwrap(),
        appid: "wx5f6e43071809a9dd".into(),
        role: Role::Finance,
        duties: Duties::of(Role::Finance, Mode::DirectFinance).unwrap(),
        on_refusal: OnRefusal::Refund,
        locale: Locale::Chinese,
        key_ring: Arc::new(key_ring),
        platform: None,
        live_source: None,
    }
}
