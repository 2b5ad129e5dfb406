//! A gateway and a simulated platform whose statement of a day is reconciled with the book.

use jiff::Timestamp;
use nontax_gateway::app::statement::{StatementWish, download_statement};
use nontax_gateway::app::{
    DiscrepancyResolution, Party, ReconcileContext, ReconcileOptions, ReconcileOutcome, ResolveError, reconcile_day,
    resolve_discrepancy,
};
use nontax_gateway::domain::{BillType, ChinaDate, Item, Mode, Notice, Role};
use nontax_gateway::simulator::{FaultScript, Settings};
use nontax_gateway::store::{DiscrepancyFilter, DiscrepancyRecord, DiscrepancySelection, SharedStore};

use crate::book::{fen, import, party, payable};
use crate::scripted_platform::party_at;
use crate::served::PlatformAccess;
use crate::simulated_world::World;
use crate::stores::TestStore;

/// What reconciliation is configured with in tests: fast, and patient enough for a slow machine.
pub(crate) fn options() -> ReconcileOptions {
    ReconcileOptions {
        calls_per_second: 1000,
        notification_wait: std::time::Duration::from_millis(400),
        ..ReconcileOptions::default()
    }
}

/// The world, and the party as its nightly job sees it.
pub(crate) struct Reconciled {
    pub(crate) world: World,
    pub(crate) store: SharedStore,
    pub(crate) party: Party,
    pub(crate) options: ReconcileOptions,
    /// The day that the platform's clock began on, which is yesterday.
    pub(crate) day: ChinaDate,
}

impl Reconciled {
    /// Starts both sides with a script of faults. It is noon of yesterday at the platform.
    pub(crate) async fn start(test: &TestStore, role: Role, faults: &str) -> Self {
        let script = FaultScript::parse(faults, "test").unwrap();
        let vary = |settings: &mut Settings| settings.faults = script;
        let world = World::start(&test.store, PlatformAccess::at(""), vary).await;
        let day = ChinaDate::at(Timestamp::now()).plus_days(-1);
        world.simulator.set_clock(day.instant_at(12).as_second());
        let store = SharedStore::clone(&test.store);
        let party = party_at(&world.url, role, Mode::DirectFinance);
        Self { world, store, party, options: options(), day }
    }

    /// An order for a new notice over an amount, whose last digits choose a story.
    pub(crate) async fn ordered(&self, number: &str, fee: i64) -> String {
        import(&*self.store, notice_over(number, fee)).await;
        self.world.placed(number).await
    }

    /// Takes the platform's statement of a day, as it is when that day is over.
    pub(crate) async fn download(&self, day: ChinaDate) {
        let wish = StatementWish { bill_date: day, mch_id: None, bill_type: BillType::All };
        let later = || day.plus_days(2).instant_at(0);
        download_statement(&*self.store, &self.party, &wish, &later).await.unwrap();
    }

    /// Reconciles a day whose statement was downloaded.
    pub(crate) async fn reconcile(&self, day: ChinaDate) -> ReconcileOutcome {
        reconcile_day(&self.context(), day).await.unwrap()
    }

    /// The day is over at the platform too, and its statement is taken.
    pub(crate) async fn begin_night(&self) {
        self.world.simulator.set_clock(Timestamp::now().as_second());
        self.download(self.day).await;
    }

    /// Reconciles the first day when it is over.
    pub(crate) async fn night(&self) -> ReconcileOutcome {
        self.begin_night().await;
        self.reconcile(self.day).await
    }

    pub(crate) fn context(&self) -> ReconcileContext<'_> {
        ReconcileContext { store: &self.store, party: &self.party, clock: &Timestamp::now, options: self.options }
    }

    /// Takes a person's word.
    pub(crate) async fn resolve(
        &self,
        discrepancy_id: i64,
        resolution: DiscrepancyResolution,
        word: (&str, &str),
    ) -> Result<DiscrepancyRecord, ResolveError> {
        resolve_discrepancy(&self.context(), discrepancy_id, resolution, word).await
    }

    /// All discrepancies of the party.
    pub(crate) async fn discrepancies(&self) -> Vec<DiscrepancyRecord> {
        let selection = DiscrepancySelection { day: None, filter: DiscrepancyFilter::All, after: 0, limit: 1000 };
        self.store.list_discrepancies(party(), selection).await.unwrap()
    }

    /// Kind, state and reason of each.
    pub(crate) async fn lines(&self) -> Vec<String> {
        let line = |found: &DiscrepancyRecord| {
            format!("{} {}: {}", found.kind.name(), found.state.name(), found.state.reason())
        };
        self.discrepancies().await.iter().map(line).collect()
    }
}

/// A payable notice over an amount.
pub(crate) fn notice_over(number: &str, fee: i64) -> Notice {
    let notice = payable(number);
    let items = vec![Item { fee: fen(fee), ..notice.items[0].clone() }];
    Notice { fee: fen(fee), items, ..notice }
}
