//! What a query costs in a small and in a large table.

use miette::Result;

use super::bodies::{self, NUMBER_PREFIX};
use super::books::Store;
use super::feed::Lane;
use super::figures::{Figures, Table, ms, ratio};
use super::sitting::{Coalescing, Sitting};

const SMALL: u32 = 10_000;

/// Added at a time, so that progress is seen.
const STEP: u32 = 500_000;

const CONNECTIONS: usize = 64;

/// The same queries a second of both, in turns, on Postgres.
pub(crate) fn measure(sitting: &mut Sitting, notices: u32) -> Result<()> {
    let small = sitting.scale.notices.min(SMALL);
    let mut tables = Vec::new();
    for (name, count) in [("small", small), ("large", notices.max(small))] {
        let url = sitting.copy_filled(Store::Postgres, name)?;
        resize(sitting, &url, count)?;
        sitting.books.settle(Store::Postgres, name)?;
        let queries = bodies::queries(&sitting.options.directory, &sitting.keys, count)?;
        tables.push((count, url, queries, Vec::new()));
    }
    for turn in 1..=sitting.scale.turns {
        for (count, url, queries, turns) in &mut tables {
            eprintln!("bench: size, turn {turn}: {count} notices");
            let server = [sitting.start_gateway(url, Coalescing::AsShipped)?];
            turns.push(sitting.load(&server, vec![Lane::queries(queries)], sitting.closed(CONNECTIONS))?.figures);
            for server in server {
                server.stop()?;
            }
        }
    }
    let columns = ["notices", "replies/s", "server µs", "Postgres µs", "both µs", "× small", "p99 ms"];
    let table = Table::begin("### Queries by the size of the table, on Postgres", &columns, 0);
    let mut small_us = 0;
    for (count, _, _, turns) in &tables {
        let figures = Figures::median(turns);
        let both_us = figures.server_us + figures.postgres_us;
        small_us = if small_us == 0 { both_us } else { small_us };
        table.row(&[
            count.to_string(),
            figures.per_second.to_string(),
            figures.server_us.to_string(),
            figures.postgres_us.to_string(),
            both_us.to_string(),
            ratio(both_us, small_us),
            ms(figures.p99_us),
        ]);
    }
    sitting.books.drop_postgres("large")
}

/// Removes notices, or adds copies of what the import wrote under numbers of their own.
fn resize(sitting: &Sitting, url: &str, count: u32) -> Result<()> {
    let imported = sitting.scale.notices;
    let number = |index: &str| format!("'{NUMBER_PREFIX}' || lpad(({index})::text, 12, '0')");
    if count < imported {
        let first = number(&count.to_string());
        let statement = format!("DELETE FROM notice WHERE payment_notice_no >= {first}");
        return sitting.books.execute(url, &[&statement, "VACUUM FULL notice"]);
    }
    // Every column but the number, whatever columns there are.
    let columns = sitting.books.ask(
        url,
        "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM information_schema.columns \
         WHERE table_schema = current_schema() AND table_name = 'notice' AND column_name <> 'payment_notice_no' \
         AND is_identity = 'NO' AND is_generated = 'NEVER'",
    )?;
    let mut made = imported;
    while made < count {
        let end = count.min(made.saturating_add(STEP));
        eprintln!("bench: size, {end} of {count} notices");
        let (new, of) = (number("i"), number(&format!("i % {imported}")));
        let statement = format!(
            "INSERT INTO notice (payment_notice_no, {columns}) SELECT {new}, {columns} \
             FROM generate_series({made}, {end} - 1) i JOIN notice ON payment_notice_no = {of}"
        );
        sitting.books.execute(url, &[&statement])?;
        made = end;
    }
    Ok(())
}
