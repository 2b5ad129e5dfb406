//! Several gateways on one Postgres: what they reach together, and that their answers agree.

use miette::Result;

use super::books::Store;
use super::ceiling::Callback;
use super::feed::Lane;
use super::figures::{Figures, Table, ms, ratio};
use super::race;
use super::serving::Server;
use super::sitting::{Coalescing, Sitting, orders_of};

const GATEWAYS: [usize; 3] = [1, 2, 4];

/// Over all gateways.
const CONNECTIONS: usize = 64;

/// The same load on one, two and four gateways, in turns; then races between two.
pub(crate) fn measure(sitting: &mut Sitting) -> Result<()> {
    let mut contenders = Vec::new();
    for callback in [Callback::Receivables, Callback::Notification] {
        contenders.extend(GATEWAYS.map(|count| (callback, count, Vec::new())));
    }
    for turn in 1..=sitting.scale.turns {
        for (callback, count, turns) in &mut contenders {
            eprintln!("bench: gateways, turn {turn}: {}, {count}", callback.name());
            turns.push(turn_of(sitting, *callback, *count)?);
        }
    }
    let columns = ["callback", "gateways", "replies/s in all", "× one", "p99 ms", "gateways µs", "Postgres µs"];
    let table = Table::begin("### Gateways on one Postgres", &columns, 1);
    let mut of_one = 0;
    for (callback, count, turns) in &contenders {
        let figures = Figures::median(turns);
        if *count == 1 {
            of_one = figures.per_second;
        }
        table.row(&[
            callback.name().to_owned(),
            count.to_string(),
            figures.per_second.to_string(),
            ratio(figures.per_second, of_one),
            ms(figures.p99_us),
            figures.server_us.to_string(),
            figures.postgres_us.to_string(),
        ]);
    }
    let races = race::run(sitting)?;
    println!(
        "\n{races} notices, each raced for by two orders through different gateways at the same moment: every one answered \
         0 to one and 232 with the winner's order to the other."
    );
    Ok(())
}

fn turn_of(sitting: &mut Sitting, callback: Callback, count: usize) -> Result<Figures> {
    let url = sitting.fresh_book(Store::Postgres)?;
    let mut servers = Vec::new();
    for _ in 0..count {
        servers.push(sitting.start_gateway(&url, Coalescing::AsShipped)?);
    }
    let lane = match callback {
        Callback::Receivables => Lane::queries(&sitting.queries),
        Callback::Notification => Lane::notifications(&sitting.notifications),
    };
    let outcome = sitting.load(&servers, vec![lane], sitting.closed(CONNECTIONS))?;
    servers.into_iter().try_for_each(Server::stop)?;
    if callback == Callback::Notification {
        sitting.books.check_paid(Store::Postgres, "turn", &orders_of(&outcome.answered, 0))?;
    }
    Ok(outcome.figures)
}
