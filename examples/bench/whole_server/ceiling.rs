//! Replies a second at the most, and what each costs.

use miette::{Result, WrapErr as _};

use super::books::Store;
use super::feed::Lane;
use super::figures::{Figures, Table, ms, ratio};
use super::sitting::{Coalescing, Sitting, orders_of};

/// The two callbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Callback {
    Receivables,
    Notification,
}

impl Callback {
    /// As in its URL.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Receivables => "receivables",
            Self::Notification => "notification",
        }
    }
}

/// Connections at a time; the first is what 16 to 64 waiting look-ups share one statement at.
const QUERY_CONNECTIONS: [usize; 2] = [32, 64];
const NOTIFICATION_CONNECTIONS: usize = 64;

/// One row, over its turns.
struct Contender {
    callback: Callback,
    store: Store,
    coalescing: Coalescing,
    connections: usize,
    turns: Vec<Figures>,
}

/// Both callbacks on both stores, in turns.
pub(crate) fn measure(sitting: &mut Sitting) -> Result<()> {
    let coalescings: &[Coalescing] = if sitting.knows_coalescing()? {
        &[Coalescing::Off, Coalescing::AsShipped]
    } else {
        eprintln!("bench: this gateway does not know database.coalescing, so there is no baseline");
        &[Coalescing::AsShipped]
    };
    let mut contenders = Vec::new();
    for store in Store::ALL {
        let loads = QUERY_CONNECTIONS.map(|connections| (Callback::Receivables, connections));
        for (callback, connections) in loads.into_iter().chain([(Callback::Notification, NOTIFICATION_CONNECTIONS)]) {
            for &coalescing in coalescings {
                contenders.push(Contender { callback, store, coalescing, connections, turns: Vec::new() });
            }
        }
    }
    for turn in 1..=sitting.scale.turns {
        for contender in &mut contenders {
            let Contender { callback, store, coalescing, connections, .. } = *contender;
            eprintln!(
                "bench: ceiling, turn {turn}: {}, {}, {coalescing:?}, {connections}",
                callback.name(),
                store.name()
            );
            let figures = turn_of(sitting, callback, store, coalescing, connections);
            contender.turns.push(figures.wrap_err_with(|| format!("{} on {}", callback.name(), store.name()))?);
        }
    }
    print(&contenders);
    Ok(())
}

fn turn_of(
    sitting: &mut Sitting,
    callback: Callback,
    store: Store,
    coalescing: Coalescing,
    connections: usize,
) -> Result<Figures> {
    let url = sitting.fresh_book(store)?;
    let servers = [sitting.start_gateway(&url, coalescing)?];
    let lane = match callback {
        Callback::Receivables => Lane::queries(&sitting.queries),
        Callback::Notification => Lane::notifications(&sitting.notifications),
    };
    let outcome = sitting.load(&servers, vec![lane], sitting.closed(connections))?;
    for server in servers {
        server.stop()?;
    }
    if callback == Callback::Notification {
        sitting.books.check_paid(store, "turn", &orders_of(&outcome.answered, 0))?;
    }
    Ok(outcome.figures)
}

fn print(contenders: &[Contender]) {
    let columns = [
        "callback",
        "store",
        "coalescing",
        "connections",
        "replies/s",
        "× without",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
        "max ms",
        "server µs",
        "Postgres µs",
        "load µs",
    ];
    let table = Table::begin("### Ceiling", &columns, 3);
    for contender in contenders {
        let figures = Figures::median(&contender.turns);
        let baseline = contenders.iter().find(|other| {
            other.coalescing == Coalescing::Off
                && (other.callback, other.store, other.connections)
                    == (contender.callback, contender.store, contender.connections)
        });
        let baseline = baseline.map_or(0, |other| Figures::median(&other.turns).per_second);
        table.row(&[
            contender.callback.name().to_owned(),
            contender.store.name().to_owned(),
            if contender.coalescing == Coalescing::Off { "off" } else { "as shipped" }.to_owned(),
            contender.connections.to_string(),
            figures.per_second.to_string(),
            ratio(figures.per_second, baseline),
            ms(figures.p50_us),
            ms(figures.p99_us),
            ms(figures.p999_us),
            ms(figures.max_us),
            figures.server_us.to_string(),
            figures.postgres_us.to_string(),
            figures.load_us.to_string(),
        ]);
    }
}
