//! The same bodies sent to other stacks and to nontax, in turns.

use std::path::Path;
use std::process::Command;

use miette::{IntoDiagnostic as _, Result, WrapErr as _, ensure, miette};

use super::books::Store;
use super::ceiling::Callback;
use super::feed::Lane;
use super::figures::{Figures, Table, ms, ratio};
use super::peer::{Peer, Stack, on_path};
use super::serving::Server;
use super::sitting::{Coalescing, Sitting, Way, orders_of};

/// At which every stack is near its best.
const fn connections(callback: Callback) -> usize {
    match callback {
        Callback::Receivables => 32,
        Callback::Notification => 64,
    }
}

/// nontax has no peer's entry.
struct Contender {
    callback: Callback,
    peer: Option<Peer>,
    turns: Vec<Figures>,
}

impl Contender {
    fn name(&self) -> &'static str {
        self.peer.as_ref().map_or("nontax", |peer| peer.stack.name())
    }
}

/// All that are found, both callbacks.
pub(crate) fn measure(sitting: &mut Sitting, directory: &Path) -> Result<()> {
    let mut peers = Vec::new();
    let directory = directory.canonicalize().into_diagnostic().wrap_err("the directory of the peers")?;
    for stack in Stack::ALL {
        match Peer::find(stack, &directory) {
            Ok(peer) => peers.push(peer),
            Err(problem) => println!("\n{} was left out: {problem}.", stack.name()),
        }
    }
    seed(sitting, &directory)?;
    let mut contenders = Vec::new();
    for callback in [Callback::Receivables, Callback::Notification] {
        let all = callback == Callback::Receivables;
        let taking_part = peers.iter().filter(|peer| all || peer.stack.takes_notifications()).cloned().map(Some);
        contenders.extend(std::iter::once(None).chain(taking_part).map(|peer| Contender {
            callback,
            peer,
            turns: Vec::new(),
        }));
    }
    for turn in 1..=sitting.scale.turns {
        for contender in &mut contenders {
            eprintln!("bench: peers, turn {turn}: {}, {}", contender.callback.name(), contender.name());
            let figures = turn_of(sitting, contender).wrap_err_with(|| contender.name().to_owned())?;
            contender.turns.push(figures);
        }
    }
    print(&contenders);
    Ok(())
}

/// The peers' tables with the same notices, to be copied for every turn.
fn seed(sitting: &Sitting, directory: &Path) -> Result<()> {
    let psql = on_path("psql").map_err(|problem| miette!("the peers' tables are made with psql, and {problem}"))?;
    sitting.books.clear(Store::Postgres, "peers")?;
    eprintln!("bench: seeding the peers' tables");
    let output = Command::new(psql)
        .args(["--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", "-v", &format!("count={}", sitting.scale.notices)])
        .arg("-f")
        .arg(directory.join("seed.sql"))
        .arg(sitting.books.postgres_url("peers"))
        .output()
        .into_diagnostic()?;
    ensure!(output.status.success(), "seed.sql failed: {}", String::from_utf8_lossy(&output.stderr));
    sitting.books.settle(Store::Postgres, "peers")
}

fn turn_of(sitting: &mut Sitting, contender: &Contender) -> Result<Figures> {
    let (name, url) = match contender.peer {
        Some(_) => ("peer", sitting.books.copy(Store::Postgres, "peers", "peer")?),
        None => ("turn", sitting.fresh_book(Store::Postgres)?),
    };
    let server = match &contender.peer {
        Some(peer) => peer.start(sitting, &url)?,
        None => sitting.start_gateway(&url, Coalescing::AsShipped)?,
    };
    let servers = [server];
    let lane = match contender.callback {
        Callback::Receivables => Lane::queries(&sitting.queries),
        Callback::Notification => Lane::notifications(&sitting.notifications),
    };
    let mut way = sitting.closed(connections(contender.callback));
    if contender.peer.as_ref().is_some_and(|peer| peer.stack == Stack::Java) {
        way = Way { warm_up_seconds: sitting.scale.java_warm_up_seconds, ..way };
    }
    let outcome = sitting.load(&servers, vec![lane], way)?;
    servers.into_iter().try_for_each(Server::stop)?;
    if contender.callback == Callback::Notification {
        let orders = orders_of(&outcome.answered, 0);
        match contender.peer {
            Some(_) => sitting.books.check_paid_by_peer(name, &orders)?,
            None => sitting.books.check_paid(Store::Postgres, name, &orders)?,
        }
    }
    Ok(outcome.figures)
}

fn print(contenders: &[Contender]) {
    let columns =
        ["callback", "connections", "server", "replies/s", "nontax is", "p50 ms", "p99 ms", "server µs", "Postgres µs"];
    let table = Table::begin("### Beside other stacks, on Postgres", &columns, 3);
    let mut nontax = 0;
    for contender in contenders {
        let figures = Figures::median(&contender.turns);
        if contender.peer.is_none() {
            nontax = figures.per_second;
        }
        table.row(&[
            contender.callback.name().to_owned(),
            connections(contender.callback).to_string(),
            contender.name().to_owned(),
            figures.per_second.to_string(),
            ratio(nontax, figures.per_second),
            ms(figures.p50_us),
            ms(figures.p99_us),
            figures.server_us.to_string(),
            figures.postgres_us.to_string(),
        ]);
    }
}
