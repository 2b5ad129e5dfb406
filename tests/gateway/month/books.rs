//! What the platform's orders and the tables of the book say, side by side.

use std::collections::{BTreeMap, BTreeSet};

use nontax_gateway::domain::ChinaDate;
use nontax_gateway::simulator::Simulator;

use crate::book::at;
use crate::database::texts;
use crate::stores::TestStore;

/// Everything of an order is back with the citizen.
const STATUS_REFUNDED: i64 = 5;

/// An order and the name of what differs in it.
pub(super) type Differences = BTreeSet<(String, &'static str)>;

/// An order of the platform that was paid.
struct Order {
    fee: i64,
    paid_on: ChinaDate,
    refunded_on: Option<ChinaDate>,
}

/// A payment of the book.
struct Payment {
    fee: i64,
    is_refused: bool,
    is_refunded: bool,
}

/// Amounts in fen: what came, what went back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) payments: u64,
    pub(super) paid: i64,
    pub(super) refunds: u64,
    pub(super) refunded: i64,
}

/// Both sides at a moment.
pub(super) struct Truth {
    orders: BTreeMap<String, Order>,
    payments: BTreeMap<String, Payment>,
}

impl Truth {
    pub(super) async fn look(test: &TestStore, simulator: &Simulator) -> Self {
        let paid = |order: nontax_gateway::wire::GetOrderReply| {
            let paid_on = ChinaDate::at(at(order.pay_finish_time?));
            let is_refunded = order.status == Some(STATUS_REFUNDED);
            let refunded_on = is_refunded.then(|| ChinaDate::at(at(order.refund_finish_time.unwrap())));
            Some((order.order_id.unwrap(), Order { fee: order.fee.unwrap(), paid_on, refunded_on }))
        };
        let orders = simulator.orders().into_iter().filter_map(paid).collect();
        let rows = texts(
            test,
            "SELECT p.order_id || ',' || CAST(p.fee AS TEXT) || ',' || p.disposition || ',' || \
                    CASE WHEN r.order_id IS NULL THEN '' ELSE 'refunded' END \
             FROM payment p LEFT JOIN refund r ON r.party = p.party AND r.order_id = p.order_id",
        );
        let payment = |row: String| {
            let cells: Vec<&str> = row.split(',').collect();
            let [order_id, fee, disposition, refunded] = cells[..] else { panic!("{row}") };
            let fee = fee.parse().unwrap();
            let (is_refused, is_refunded) = (disposition == "refused", refunded == "refunded");
            (order_id.to_owned(), Payment { fee, is_refused, is_refunded })
        };
        Self { orders, payments: rows.await.into_iter().map(payment).collect() }
    }

    /// What the statement of a day and the book differ in.
    pub(super) fn differences(&self, day: ChinaDate) -> Differences {
        let mut found = Differences::new();
        for (order_id, order) in &self.orders {
            let booked = self.payments.get(order_id);
            let mut add = |kind| found.insert((order_id.clone(), kind));
            if order.paid_on == day {
                match booked {
                    None => drop(add("unknown_here")),
                    Some(payment) if payment.is_refused && !payment.is_refunded && order.refunded_on.is_none() => {
                        add("paid_twice");
                    }
                    Some(payment) => assert_eq!(payment.fee, order.fee, "{order_id}"),
                }
            }
            if order.refunded_on == Some(day) && !booked.is_some_and(|payment| payment.is_refunded) {
                add("refunded_there_only");
            }
        }
        found
    }

    /// The platform's side.
    pub(super) fn platform(&self) -> Sums {
        let mut sums = Sums::default();
        for order in self.orders.values() {
            sums.add(order.fee, order.refunded_on.is_some());
        }
        sums
    }

    /// The book's side.
    pub(super) fn book(&self) -> Sums {
        assert!(self.payments.keys().all(|order_id| self.orders.contains_key(order_id)), "the book invents payments");
        let mut sums = Sums::default();
        for payment in self.payments.values() {
            sums.add(payment.fee, payment.is_refunded);
        }
        sums
    }
}

impl Sums {
    fn add(&mut self, fee: i64, is_refunded: bool) {
        self.payments += 1;
        self.paid += fee;
        if is_refunded {
            self.refunds += 1;
            self.refunded += fee;
        }
    }
}
