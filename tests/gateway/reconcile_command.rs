//! `nontax reconcile` as an operator meets it.

use clap::Parser as _;
use nontax_gateway::cli::{Cli, Command, Console, Exit, reconcile};
use nontax_gateway::domain::Role;
use serde_json::Value;

use crate::reconciled_world::Reconciled;
use crate::stores::{TestStore, on_both_stores};

on_both_stores!(a_plan_an_outcome_and_the_exit_code_while_differences_remain);

/// Runs the command; its exit code and what it printed.
async fn run(world: &Reconciled, arguments: &[&str]) -> (Option<Exit>, String) {
    let cli = Cli::parse_from(["nontax", "reconcile"].into_iter().chain(arguments.iter().copied()));
    let Command::Reconcile(args) = cli.command else { panic!("another command") };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let console = &mut Console { input: &mut std::io::empty(), out: &mut out, err: &mut err, watched: false };
    let parties = std::slice::from_ref(&world.party);
    let outcome = reconcile::run_over(&args, &world.store, parties, world.options, console).await;
    (outcome.err().map(|failure| failure.exit()), String::from_utf8(out).unwrap())
}

async fn a_plan_an_outcome_and_the_exit_code_while_differences_remain(test: TestStore) {
    let world = Reconciled::start(&test, Role::Finance, "").await;
    let (exit, _) = run(&world, &[]).await;
    assert_eq!(exit, Some(Exit::Failure), "there is no statement");
    for (number, fee) in [("1", 20_007), ("2", 20_008)] {
        let order_id = world.ordered(number, fee).await;
        world.world.simulator.pay(&order_id).await.unwrap();
    }
    world.download(world.day).await;
    let day = world.day.to_string();
    let (exit, plan) = run(&world, &["--dry-run", "--day", &day]).await;
    assert_eq!(exit, Some(Exit::Differences));
    assert!(plan.contains("1 unknown_here, 200.07 yuan there, 0.00 yuan here: ask the platform"), "{plan}");
    assert!(plan.contains("1 missing_there, 0.00 yuan there, 200.08 yuan here: look at the order"), "{plan}");
    assert!(world.discrepancies().await.is_empty(), "a dry run keeps nothing");

    let (exit, printed) = run(&world, &[]).await;
    assert_eq!(exit, Some(Exit::Differences));
    assert!(printed.contains("outcome: 1 healed, 1 queued for a person"), "{printed}");
    let (exit, printed) = run(&world, &["--format", "json"]).await;
    let document: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((exit, &document["outcome"]["remaining"]), (Some(Exit::Differences), &1.into()), "{printed}");
    assert_eq!(document["plan"]["differences"][0]["kind"], "missing_there");

    let (_, listed) = run(&world, &["list", "--queued", "--format", "json"]).await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["kind"], "missing_there");
    let number = listed["discrepancy_id"].to_string();
    let (exit, _) = run(&world, &["resolve", &number, "--refund", "--reason", "x"]).await;
    assert_eq!(exit, Some(Exit::Usage), "there is nothing to refund");
    let (exit, closed) = run(&world, &["resolve", &number, "--close", "--reason", "told the platform"]).await;
    assert!(exit.is_none() && closed.contains("closed: told the platform"), "{closed}");
    let (exit, _) = run(&world, &[]).await;
    assert_eq!(exit, None);
    let (_, all) = run(&world, &["list", "--all"]).await;
    assert_eq!(all.lines().count(), 2, "{all}");
}
