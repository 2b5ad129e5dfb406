//! The road between the citizen's payment and the book: who pays what on which day, and what gets lost.

use nontax_gateway::simulator::{FaultScript, Settings};
use nontax_gateway::store::NoticeDraft;

use crate::book::{at, author, fen, key, party, payable};
use crate::served::PlatformAccess;
use crate::simulated_world::World;
use crate::stores::TestStore;

/// How much happens in a month, and how often something goes wrong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Road {
    /// Payments a day, second payments not counted.
    pub(super) payments_a_day: u32,
    /// Every so many notices are paid a second time.
    pub(super) paid_twice_every: u32,
    lost_replies: f64,
    lost_notifications: f64,
    repeated: f64,
}

impl Road {
    /// What the environment asks for.
    pub(super) fn chosen() -> Self {
        match std::env::var("NONTAX_MONTH").as_deref() {
            Ok("full") => Self {
                payments_a_day: 1000,
                paid_twice_every: 1000,
                lost_replies: 0.01,
                lost_notifications: 0.001,
                repeated: 0.01,
            },
            Ok(other) => panic!("NONTAX_MONTH is {other:?}: expected full, or nothing"),
            Err(_) => Self {
                payments_a_day: 12,
                paid_twice_every: 10,
                lost_replies: 0.08,
                lost_notifications: 0.05,
                repeated: 0.08,
            },
        }
    }

    fn faults(&self) -> FaultScript {
        let rule = |kind: &str, probability: f64| {
            format!(
                "[[fault]]\non = \"callback\"\ncallback = \"notification\"\nkind = \"{kind}\"\nprobability = {probability:?}\n"
            )
        };
        let script = [
            rule("drop", self.lost_notifications),
            rule("lose_reply", self.lost_replies),
            rule("duplicate", self.repeated),
        ];
        FaultScript::parse(&script.concat(), "the month's faults").unwrap()
    }

    /// Both sides, with a platform that tells each event once: what is lost stays lost until somebody looks.
    pub(super) async fn world(&self, test: &TestStore) -> World {
        let faults = self.faults();
        let vary = move |settings: &mut Settings| {
            settings.timing.retry_pauses.clear();
            settings.seed = Some(20_260_901);
            settings.faults = faults;
        };
        World::start(&test.store, PlatformAccess::at("http://127.0.0.1"), vary).await
    }

    /// A day's notices, their orders and payments, beginning at `opens_at` (Unix seconds).
    pub(super) async fn pay_a_day(&self, test: &TestStore, world: &World, day: u32, opens_at: i64) {
        let numbers: Vec<String> = (0..self.payments_a_day).map(|place| format!("{day:02}{place:06}")).collect();
        let drafts: Vec<_> = numbers.iter().zip(0..).map(|(number, place)| draft(number, place)).collect();
        for batch in drafts.chunks(500) {
            test.store.import_notices(party(), batch.to_vec(), author(), at(opens_at)).await.unwrap();
        }
        let open_for = 10 * 3600;
        for (number, place) in numbers.iter().zip(0..) {
            world.simulator.set_clock(opens_at + i64::from(place) * open_for / i64::from(self.payments_a_day));
            let order_id = world.placed(number).await;
            let twice = day * self.payments_a_day + place;
            let second = match twice % self.paid_twice_every {
                0 => Some(world.placed(number).await),
                _ => None,
            };
            for order_id in std::iter::once(order_id).chain(second) {
                world.simulator.pay(&order_id).await.unwrap();
            }
        }
    }
}

/// Amounts that no case of the simulator is about, and that differ.
fn draft(number: &str, place: i64) -> NoticeDraft {
    let mut notice = payable(number);
    notice.key = key(number);
    notice.fee = fen(20_000 + place * 7 % 900 * 100);
    notice.items[0].fee = notice.fee;
    NoticeDraft { notice, state_given: true }
}
