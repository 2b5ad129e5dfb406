//! Two orders for one notice, notified through two gateways at the same moment.

use std::net::SocketAddr;
use std::sync::Barrier;
use std::thread;

use miette::{Result, ensure, miette};
use serde_json::Value;

use super::bodies::{notification, request};
use super::books::Store;
use super::keys::Keys;
use super::serving::ask;
use super::sitting::{Coalescing, Sitting};

/// Notices that are raced for.
const RACES: u64 = 300;

/// One of the two sides.
struct Runner<'a> {
    address: SocketAddr,
    keys: &'a Keys,
    requests: Vec<(String, Vec<u8>)>,
}

/// How many races were run and ended as they must.
pub(crate) fn run(sitting: &mut Sitting) -> Result<u64> {
    eprintln!("bench: {RACES} races between two gateways");
    let url = sitting.fresh_book(Store::Postgres)?;
    let servers =
        [sitting.start_gateway(&url, Coalescing::AsShipped)?, sitting.start_gateway(&url, Coalescing::AsShipped)?];
    let mut runners = Vec::new();
    for (side, server) in servers.iter().enumerate() {
        let mut requests = Vec::new();
        for index in 0..RACES {
            let order_id = format!("42000000{side}6202611{index:012}");
            let body = sitting.keys.seal(&notification(index, order_id.clone()))?;
            requests.push((order_id, request("notification", &body)));
        }
        runners.push(Runner { address: server.address, keys: &sitting.keys, requests });
    }
    let start = Barrier::new(runners.len());
    let answers = thread::scope(|scope| {
        let running: Vec<_> = runners.iter().map(|runner| scope.spawn(|| answers_to(runner, &start))).collect();
        running
            .into_iter()
            .map(|side| side.join().map_err(|_| miette!("a racing thread panicked")))
            .collect::<Result<Vec<_>>>()
    })?;
    let winners = winners(&answers[0], &answers[1])?;
    for server in servers {
        server.stop()?;
    }
    sitting.books.check_paid(Store::Postgres, "turn", &winners)?;
    Ok(RACES)
}

/// The order and its answer, or why there is none: a side that fails goes on, so that the other does not wait for ever.
type Answered = (String, Result<Value>);

fn answers_to(runner: &Runner<'_>, start: &Barrier) -> Vec<Answered> {
    let answer = |(order_id, request): &(String, Vec<u8>)| {
        start.wait();
        (order_id.clone(), ask(runner.address, request, &runner.keys.symmetric))
    };
    runner.requests.iter().map(answer).collect()
}

fn winners(one: &[Answered], other: &[Answered]) -> Result<Vec<String>> {
    let mut winners = Vec::new();
    for ((one_order, one), (other_order, other)) in one.iter().zip(other) {
        let (Ok(one), Ok(other)) = (one, other) else {
            return Err(miette!("a race for a notice has no answer: {one:?}, {other:?}"));
        };
        let (winner, loser) = if one["errcode"] == 0 { (one_order, other) } else { (other_order, one) };
        let won = if one["errcode"] == 0 { one } else { other };
        ensure!(
            won["errcode"] == 0 && loser["errcode"] == 232 && loser["order_id"] == winner.as_str(),
            "a race for a notice ended wrongly: {one}, {other}"
        );
        winners.push(winner.clone());
    }
    Ok(winners)
}
