//! Both callbacks through the real server, over real loopback connections, on SQLite and on Postgres.
//!
//! The requests are signed and sealed beforehand. Every reply is decrypted and its errcode checked once the clock has stopped.
//! Postgres is the server of `NONTAX_TEST_POSTGRES_URL`: `scripts/postgres-for-tests run cargo bench --bench callbacks`.
//! Under `cargo bench` the rounds have their full size; started in another way it tries everything once, shortly.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod book;
mod disk;
mod load;
mod served;

use std::{env, io};

use load::{Measured, Message, Round, median, quantile, run_round};
use nontax_gateway::store::{NoticeDraft, SharedStore};
use served::{Database, Served};
use tokio::runtime::{Builder, Runtime};

/// How many connections call at a time: one, for the latency alone, and as many as Postgres's default pool has.
const CONNECTIONS: [usize; 2] = [1, 16];

/// How large everything is.
struct Scale {
    /// Unpaid notices in the book.
    notices: usize,
    /// Requests before the clock starts.
    warm_up: usize,
    /// Requests of each kind that are measured, with one connection and with many.
    measured: [usize; 2],
}

const FULL: Scale = Scale { notices: 100_000, warm_up: 200, measured: [1000, 4000] };
const TRIAL: Scale = Scale { notices: 100, warm_up: 5, measured: [5, 32] };

/// What is the same for both stores, and who plays which side.
struct Bench {
    scale: Scale,
    notices: Vec<NoticeDraft>,
    queries: Vec<Message>,
    notifications: Vec<Message>,
    server: Runtime,
    caller: Runtime,
}

fn main() {
    // The log is formatted as in production, and thrown away.
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).with_writer(io::sink).init();
    let bench = Bench::prepare(if env::args().any(|argument| argument == "--bench") { FULL } else { TRIAL });
    println!("\nA write of 4 KiB with fsync takes {:.3} ms (median).\n", milliseconds(disk::write_with_fsync()));
    println!("| store | callback | connections | replies | replies/s | median ms | 99 % under ms |");
    println!("| --- | --- | ---: | ---: | ---: | ---: | ---: |");

    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    bench.measure("SQLite", bench.server.block_on(served::sqlite(directory.path())));
    if let Ok(url) = env::var("NONTAX_TEST_POSTGRES_URL") {
        let database = bench.server.block_on(Database::new(&url));
        bench.measure("Postgres", bench.server.block_on(database.open()));
        bench.server.block_on(database.remove());
    } else {
        println!(
            "\nPostgres was left out, because NONTAX_TEST_POSTGRES_URL is not set. To have it measured: \
             scripts/postgres-for-tests run cargo bench --bench callbacks"
        );
    }
}

impl Bench {
    fn prepare(scale: Scale) -> Self {
        let paid = scale.measured.iter().map(|measured| scale.warm_up + measured).sum();
        Self {
            notices: book::notices(scale.notices),
            queries: book::queries(),
            notifications: book::notifications(paid),
            scale,
            server: Builder::new_multi_thread().enable_all().build().unwrap(),
            // The calling side has a thread of its own, so that it does not wait for the server's.
            caller: Builder::new_current_thread().enable_all().build().unwrap(),
        }
    }

    /// Measures both callbacks on one store, first with one connection, then with many.
    fn measure(&self, store_name: &str, store: SharedStore) {
        let served = self.server.block_on(Served::start(store, &self.notices));
        let mut unpaid = self.notifications.iter().cloned();
        for (connections, count) in CONNECTIONS.into_iter().zip(self.scale.measured) {
            let run = |messages: Vec<Message>| {
                let measured =
                    self.caller.block_on(run_round(Round { address: served.address, connections, messages }));
                let key = book::symmetric_key();
                measured.bodies.iter().for_each(|body| book::assert_accepted(&key, body));
                measured
            };
            let queries = |count| self.queries.iter().cycle().take(count).cloned().collect();
            run(queries(self.scale.warm_up));
            print_row(store_name, "receivables", connections, run(queries(count)));
            run(unpaid.by_ref().take(self.scale.warm_up).collect());
            print_row(store_name, "notification", connections, run(unpaid.by_ref().take(count).collect()));
        }
        self.server.block_on(served.stop());
    }
}

fn print_row(store_name: &str, callback: &str, connections: usize, mut measured: Measured) {
    let replies = measured.bodies.len();
    let per_second = replies as u128 * 1_000_000 / measured.duration.as_micros().max(1);
    let median = milliseconds(median(&mut measured.latencies));
    let slow = milliseconds(quantile(&mut measured.latencies, 99));
    println!("| {store_name} | {callback} | {connections} | {replies} | {per_second} | {median:.2} | {slow:.2} |");
}

fn milliseconds(duration: std::time::Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
