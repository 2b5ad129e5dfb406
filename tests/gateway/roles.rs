//! The table of roles and modes (protocol §1), over HTTP and on both stores: who answers what with which errcode.

use nontax_gateway::domain::{Duties, Mode, Notice, NoticeState, Role, Suspension, SuspensionScope};
use nontax_gateway::store::Store;

use crate::book::{NOON, at, author, import, party, payable};
use crate::served::{Served, Setup};
use crate::stores::{TestStore, on_both_stores};
use crate::weixin::{KEY, OTHER, OTHER_KEY, WEIXIN, envelope, envelope_with, paid, refunded};

on_both_stores!(every_combination_answers_as_its_duties_say);

/// What a party answers: to a query for a notice that it holds, to a payment of a notice that it does not hold, and to a
/// payment with something against it.
struct Row {
    role: Role,
    mode: Mode,
    query: i64,
    unknown_notice: i64,
    refuses: bool,
}

const TABLE: [Row; 8] = {
    const fn row(role: Role, mode: Mode, query: i64, unknown_notice: i64, refuses: bool) -> Row {
        Row { role, mode, query, unknown_notice, refuses }
    }
    [
        row(Role::Finance, Mode::DirectFinance, 0, 231, true),
        row(Role::Bank, Mode::DirectBank, 0, 231, true),
        row(Role::Bank, Mode::DirectFinance, 231, 0, false),
        row(Role::Finance, Mode::DirectBusiness, 0, 0, true),
        row(Role::Bank, Mode::DirectBusiness, 0, 0, true),
        row(Role::GovernmentUnit, Mode::DirectFinance, 231, 0, false),
        row(Role::GovernmentUnit, Mode::DirectBank, 231, 0, false),
        row(Role::GovernmentUnit, Mode::DirectBusiness, 231, 0, false),
    ]
};

async fn every_combination_answers_as_its_duties_say(test: TestStore) {
    assert!(Duties::of(Role::Finance, Mode::DirectBank).is_err());
    for (place, row) in TABLE.iter().enumerate() {
        let setup = Setup { role: row.role, mode: row.mode, ..Setup::default() };
        let served = setup.serve(&test.store).await;
        // All share one book, each with notices and orders of its own.
        let id = |name: &str| format!("{name}-{place}");
        answers(&*test.store, &served, row, id).await;
        envelope_faults_are_told(&served).await;
    }
}

async fn answers(store: &dyn Store, served: &Served, row: &Row, id: impl Fn(&str) -> String) {
    let label = format!("{} in {}", row.role, row.mode);
    let or_recorded = |errcode: i64| if row.refuses { errcode } else { 0 };
    import(store, payable(&id("due"))).await;
    import(store, Notice { state: NoticeState::Canceled, ..payable(&id("canceled")) }).await;

    assert_eq!(served.queried(&id("due")).await, row.query, "{label}");
    assert_eq!(served.queried(&id("nowhere")).await, 231, "{label}");
    assert_eq!(served.notified(&paid(&id("A"), &id("nowhere"))).await, row.unknown_notice, "{label}");
    assert_eq!(served.notified(&paid(&id("A"), &id("nowhere"))).await, row.unknown_notice, "{label}");
    assert_eq!(served.notified(&paid(&id("B"), &id("due"))).await, 0, "{label}");
    assert_eq!(served.notified(&paid(&id("B"), &id("due"))).await, 0, "{label}");
    assert_eq!(served.notified(&paid(&id("C"), &id("due"))).await, or_recorded(232), "{label}");
    assert_eq!(served.notified(&paid(&id("D"), &id("canceled"))).await, or_recorded(233), "{label}");
    assert_eq!(served.notified(&refunded(&id("B"))).await, 0, "{label}");

    // 297 is not in the vocabulary of those that only record.
    let everything = Suspension::new(SuspensionScope::Everything, "year's end".into());
    store.suspend(party(), everything, author(), at(NOON)).await.unwrap();
    assert_eq!(served.notified(&paid(&id("E"), &id("else"))).await, or_recorded(297), "{label}");
    assert!(
        store.lift_suspension(party(), SuspensionScope::Everything, "done".into(), author(), at(NOON)).await.unwrap()
    );

    // A government unit may not be told when the citizen paid.
    let mut timeless = paid(&id("F"), &id("timeless"));
    timeless.as_object_mut().unwrap().remove("pay_finish_time");
    let expected = if row.role == Role::GovernmentUnit { 0 } else { 210 };
    assert_eq!(served.notified(&timeless).await, expected, "{label}");
}

/// Of every role: the platform's test calls check for them.
async fn envelope_faults_are_told(served: &Served) {
    let plaintext = paid("A", "1").to_string();
    let mut misaddressed = envelope(plaintext.as_bytes());
    misaddressed["appid"] = "wx0000000000000000".into();
    let cases = [
        (misaddressed, 210),
        (envelope_with(OTHER_KEY, &WEIXIN, plaintext.as_bytes()), 298),
        (envelope_with(KEY, &OTHER, plaintext.as_bytes()), 300),
    ];
    for (envelope, errcode) in cases {
        for callback in ["notification", "receivables"] {
            let reply = served.post(callback, envelope.to_string().into_bytes()).await;
            assert_eq!(reply.opened()["errcode"], errcode);
        }
    }
}
