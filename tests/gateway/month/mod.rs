//! A month of payments over a road that loses and repeats what it carries, and a book that is brought right every morning.
//!
//! What went wrong is found out here by comparing the simulator's orders with the tables, without the code that is tested. Every
//! morning reconciliation must find just that: nothing overlooked, nothing invented. In the end each difference is healed or
//! waits for a person, and platform, statements, book and feed come to the same sums.
//!
//! `NONTAX_MONTH=full` takes the amounts of a bureau, 1,000 payments a day with the faults rarer; otherwise it is a small month
//! with frequent faults. `scripts/month` runs the large one and shows the table.

mod books;
mod feed;
mod road;
mod statements;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use nontax_gateway::app::statement::{StatementWish, download_statement};
use nontax_gateway::app::{Party, ReconcileContext, ReconcileOptions, reconcile_day};
use nontax_gateway::domain::{BillType, ChinaDate, Mode, Role};
use nontax_gateway::store::{DiscrepancyRecord, DiscrepancySelection};

use crate::book::party;
use crate::reconciled_world::options;
use crate::scripted_platform::party_at;
use crate::simulated_world::World;
use crate::stores::{TestStore, on_both_stores};
use books::{Differences, Truth};
use road::Road;

on_both_stores!(a_month_is_brought_right_every_morning);

/// How many days.
const DAYS: u32 = 30;

/// The first of them.
const FIRST_DAY: &str = "20260901";

/// When people begin to pay, and when the night's work is done, in hours of the day.
const OPENS: i8 = 8;
const MORNING: i8 = 7;

/// How many differences of a day are read at a time: all.
const ALL: u32 = 100_000;

struct Month<'a> {
    test: &'a TestStore,
    world: World,
    party: Party,
    /// All differences that were ever there, by the day whose statement shows them.
    injected: BTreeMap<ChinaDate, Differences>,
}

impl Month<'_> {
    /// The morning after a day: its statement, and what differs.
    async fn morning_after(&mut self, day: ChinaDate) {
        self.world.simulator.set_clock(day.plus_days(1).instant_at(MORNING).as_second());
        let wish = StatementWish { bill_date: day, mch_id: None, bill_type: BillType::All };
        download_statement(&*self.test.store, &self.party, &wish, &Timestamp::now).await.unwrap();
        self.reconcile(day).await;
    }

    async fn reconcile(&mut self, day: ChinaDate) {
        let before = self.look().await.differences(day);
        let store = nontax_gateway::store::SharedStore::clone(&self.test.store);
        let context =
            ReconcileContext { store: &store, party: &self.party, clock: &Timestamp::now, options: patient() };
        reconcile_day(&context, day).await.unwrap();
        let after = self.look().await.differences(day);
        let found: Differences = self.found(day).await.iter().map(identity).collect();
        let injected = self.injected.entry(day).or_default();
        injected.extend(before);
        // What was unknown may turn out to have been paid twice, once it is known.
        injected.extend(after);
        // A second payment that became known is one too many until the platform, which was just told so, gave it back.
        let briefly = |(order_id, kind): &&(String, &'static str)| {
            *kind == "paid_twice" && injected.contains(&(order_id.clone(), "unknown_here"))
        };
        let briefly: Differences = found.difference(injected).filter(briefly).cloned().collect();
        injected.extend(briefly);
        assert_eq!(found, self.injected[&day], "{day}: found, and really there");
    }

    async fn look(&self) -> Truth {
        Truth::look(self.test, &self.world.simulator).await
    }

    async fn found(&self, day: ChinaDate) -> Vec<DiscrepancyRecord> {
        let selection = DiscrepancySelection { day: Some(day), limit: ALL, ..DiscrepancySelection::default() };
        self.test.store.list_discrepancies(party(), selection).await.unwrap()
    }
}

/// A notification that was asked for is only taken for lost when it is: on a slow machine it takes its time.
fn patient() -> ReconcileOptions {
    ReconcileOptions { notification_wait: Duration::from_secs(5), ..options() }
}

fn identity(record: &DiscrepancyRecord) -> (String, &'static str) {
    (record.order_id.to_string(), record.kind.name())
}

async fn a_month_is_brought_right_every_morning(test: TestStore) {
    let road = Road::chosen();
    let first: ChinaDate = FIRST_DAY.parse().unwrap();
    let world = road.world(&test).await;
    let party = party_at(&world.url, Role::Finance, Mode::DirectFinance);
    let mut month = Month { test: &test, world, party, injected: BTreeMap::new() };
    for index in 0..DAYS {
        let day = first.plus_days(i32::try_from(index).unwrap());
        road.pay_a_day(&test, &month.world, index, day.instant_at(OPENS).as_second()).await;
        month.morning_after(day).await;
    }
    // What was given back in the last morning stands in the statement of its day, and what that brings in the next.
    let days: Vec<_> = (0..=i32::try_from(DAYS).unwrap() + 1).map(|index| first.plus_days(index)).collect();
    for day in &days[usize::try_from(DAYS).unwrap()..] {
        month.morning_after(*day).await;
    }
    for day in &days {
        month.reconcile(*day).await;
    }

    let truth = month.look().await;
    let mut told = BTreeMap::<&str, (u64, u64, u64)>::new();
    for day in &days {
        let records = month.found(*day).await;
        let remaining: Differences = records.iter().filter(|record| record.state.remains()).map(identity).collect();
        assert_eq!(remaining, truth.differences(*day), "{day}: what is left differs, and what differs is left");
        for record in &records {
            let (found, healed, queued) = told.entry(record.kind.name()).or_default();
            *found += 1;
            match record.state.name() {
                "healed" | "vanished" => *healed += 1,
                "queued" => *queued += 1,
                other => panic!("{} of {day} is {other}", record.order_id),
            }
        }
    }
    assert!(told.contains_key("unknown_here"), "nothing was lost: the month shows nothing");
    let sums = [
        ("platform", truth.platform()),
        ("statements", statements::sums(&test, &days).await),
        ("book", truth.book()),
        ("feed", feed::sums(&test, &month.world.served).await),
    ];
    table(&road, &told, &sums);
    for (side, sum) in sums {
        assert_eq!(sum, truth.platform(), "{side}");
    }
}

/// Shown with `--nocapture`.
fn table(road: &Road, told: &BTreeMap<&str, (u64, u64, u64)>, sums: &[(&str, books::Sums)]) {
    println!("\n{DAYS} days, {} payments a day\n", road.payments_a_day);
    println!("| difference | found | healed | queued for a person |\n| --- | ---: | ---: | ---: |");
    for (kind, (found, healed, queued)) in told {
        println!("| {kind} | {found} | {healed} | {queued} |");
    }
    println!("\n| side | payments | fen paid | refunds | fen refunded |\n| --- | ---: | ---: | ---: | ---: |");
    for (side, sum) in sums {
        println!("| {side} | {} | {} | {} | {} |", sum.payments, sum.paid, sum.refunds, sum.refunded);
    }
}
