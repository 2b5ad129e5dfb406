//! Latency at a fixed rate of queries and notifications, counted from when each was due.

use miette::{Result, ensure};

use super::books::Store;
use super::feed::Lane;
use super::figures::{Figures, Table, ms};
use super::load::Outcome;
use super::schedule::Pace;
use super::sitting::{Coalescing, Sitting, Way, orders_of};

/// Queries and notifications together, a second: a large city's rush.
const LOW_RATE: u32 = 400;

/// Enough that one is free while a batch is under way.
const CONNECTIONS: usize = 128;

/// Notifications are every second request.
const LANES: u32 = 2;

/// The low rate and four fifths of the ceiling, on both stores.
pub(crate) fn measure(sitting: &mut Sitting) -> Result<()> {
    let columns = [
        "store",
        "requests/s",
        "of the ceiling",
        "replies",
        "unanswered",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
        "max ms",
        "server µs",
        "Postgres µs",
    ];
    let mut rows = Vec::new();
    for store in Store::ALL {
        eprintln!("bench: latency, {}: looking for the ceiling", store.name());
        let ceiling = mixed(sitting, store, sitting.closed(64))?.figures.per_second;
        ensure!(ceiling > 0, "nothing was answered");
        for rate in [LOW_RATE, ceiling * 4 / 5] {
            let mut turns = Vec::new();
            for turn in 1..=sitting.scale.turns {
                eprintln!("bench: latency, turn {turn}: {}, {rate} a second", store.name());
                let way = fixed_rate(sitting, rate);
                turns.push(mixed(sitting, store, way)?.figures);
            }
            rows.push((store, rate, ceiling, Figures::median(&turns)));
        }
    }
    let table = Table::begin("### Latency of queries and notifications in equal parts", &columns, 1);
    for (store, rate, ceiling, figures) in rows {
        table.row(&[
            store.name().to_owned(),
            rate.to_string(),
            format!("{} %", rate * 100 / ceiling),
            figures.replies.to_string(),
            figures.unanswered.to_string(),
            ms(figures.p50_us),
            ms(figures.p99_us),
            ms(figures.p999_us),
            ms(figures.max_us),
            figures.server_us.to_string(),
            figures.postgres_us.to_string(),
        ]);
    }
    Ok(())
}

/// As long as is wanted, or as the notifications last.
fn fixed_rate(sitting: &Sitting, rate: u32) -> Way<'static> {
    let warm_up_seconds = sitting.scale.warm_up_seconds;
    let lasts_seconds = (sitting.scale.notices * LANES / rate.max(1)).saturating_sub(warm_up_seconds);
    let seconds = sitting.scale.latency_seconds.min(lasts_seconds).max(1);
    Way { connections: CONNECTIONS, pace: Pace::PerSecond(rate), warm_up_seconds, seconds, allowed: &[0] }
}

fn mixed(sitting: &mut Sitting, store: Store, way: Way<'_>) -> Result<Outcome> {
    let url = sitting.fresh_book(store)?;
    let servers = [sitting.start_gateway(&url, Coalescing::AsShipped)?];
    // Queries ask for notices that are paid meanwhile, which is answered 232.
    let way = Way { allowed: &[0, 232], ..way };
    let lanes = vec![Lane::queries(&sitting.queries), Lane::notifications(&sitting.notifications)];
    let outcome = sitting.load(&servers, lanes, way)?;
    for server in servers {
        server.stop()?;
    }
    sitting.books.check_paid(store, "turn", &orders_of(&outcome.answered, 1))?;
    Ok(outcome)
}
