//! Payments at the counter, run over both stores against a platform that keeps a ledger.

use std::sync::Arc;
use std::time::Duration;

use nontax_gateway::app::{
    MicropayError, MicropayNext, MicropayOutcome, MicropayRunner, Party, TokenKeeper, resume_micropays,
};
use nontax_gateway::domain::{Duties, MicropayKey, MicropayPace, Mode, OnRefusal, PartyName, Role};
use nontax_gateway::platform::{AppSecret, Https, PlatformClient, TokenMode, TokenRequest};
use nontax_gateway::wire::{Locale, MicropayRequest};

use crate::counter_platform::{Act, CounterPlatform, payment};
use crate::database::{eventually, execute, texts};
use crate::stores::{TestStore, on_both_stores, open};

const CODE: &str = "134971951305811268";

const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// A cashier who is served in milliseconds.
fn pace() -> MicropayPace {
    MicropayPace {
        after_system_error: Duration::from_millis(20),
        password_interval: Duration::from_millis(20),
        limit: Duration::from_millis(600),
        look_interval: Duration::from_millis(20),
        watch_interval: Duration::from_millis(20),
        ..MicropayPace::default()
    }
}

fn runner(test: &TestStore, pace: MicropayPace) -> MicropayRunner {
    MicropayRunner::new(Arc::clone(&test.store), pace, CALL_TIMEOUT)
}

fn party(platform: &CounterPlatform) -> Arc<Party> {
    let timeout = Duration::from_secs(10);
    let https = Https::new(&platform.url, timeout).unwrap();
    let appid = "wx5f6e43071809a9dd";
    let request = TokenRequest {
        https: https.clone(),
        appid: appid.to_owned(),
        secret: AppSecret::new("secret"),
        mode: TokenMode::Stable,
    };
    let tokens = Arc::new(TokenKeeper::alone(request));
    Arc::new(Party {
        name: PartyName::new("counter").unwrap(),
        appid: appid.to_owned(),
        role: Role::GovernmentUnit,
        duties: Duties::of(Role::GovernmentUnit, Mode::DirectBusiness).unwrap(),
        on_refusal: OnRefusal::Refund,
        locale: Locale::default(),
        key_ring: crate::weixin::key_ring(),
        platform: Some(PlatformClient::new(https, appid.to_owned(), tokens, timeout)),
        live_source: None,
    })
}

fn key(text: &str) -> MicropayKey {
    MicropayKey::new(text).unwrap()
}

fn request(number: &str, code: &str) -> MicropayRequest {
    serde_json::from_value(payment(number, code)).unwrap()
}

async fn pay(runner: &MicropayRunner, party: &Party, name: &str) -> Result<MicropayOutcome, MicropayError> {
    runner.begin(party, &key(name), &request("N1", CODE)).await?;
    runner.follow(party, &key(name), &|_| {}).await
}

/// Does what a serving gateway does until the payment has ended.
async fn watched_to_the_end(runner: &MicropayRunner, party: &Arc<Party>, name: &str) -> MicropayOutcome {
    eventually("the payment ended", || async {
        resume_micropays(runner, std::slice::from_ref(party)).await.unwrap();
        let outcome = runner.outcome(party, &key(name)).await.unwrap();
        outcome.ended.then_some(outcome)
    })
    .await
}

async fn the_first_order_is_named_until_it_is_paid(test: TestStore) {
    let platform = CounterPlatform::start(&[Act::SystemError, Act::Password, Act::Password, Act::Pay]).await;
    let outcome = pay(&runner(&test, pace()), &party(&platform), "k").await.unwrap();
    assert_eq!(
        (outcome.state, outcome.order_id.as_deref(), outcome.next),
        ("paid", Some("ORDER1"), MicropayNext::Done)
    );
    assert_eq!((outcome.attempts, platform.charges(), platform.orders().len()), (4, 1, 1));
    let steps = texts(&test, "SELECT step FROM micropay_step ORDER BY step_id").await;
    let expected =
        ["begin", "call", "system_error", "call", "password_required", "call", "password_required", "call", "paid"];
    assert_eq!(steps, expected);
    assert_eq!(texts(&test, "SELECT kind FROM outbox").await, ["micropay.paid"]);
    // The payer's code is gone.
    assert_eq!(texts(&test, "SELECT COALESCE(auth_code, 'gone') FROM micropay").await, ["gone"]);
    let kept = texts(&test, "SELECT request FROM micropay").await;
    assert!(!kept[0].contains(CODE) && kept[0].contains("办证缴费"), "{kept:?}");
}

async fn what_nobody_told_is_asked(test: TestStore) {
    let platform = CounterPlatform::start(&[Act::PayAndHangUp]).await;
    let outcome = pay(&runner(&test, pace()), &party(&platform), "k").await.unwrap();
    assert_eq!((outcome.state, outcome.order_id.as_deref(), outcome.attempts), ("paid", Some("ORDER1"), 1));
    assert_eq!(platform.charges(), 1);
}

async fn a_used_code_is_no_proof_that_nothing_was_paid(test: TestStore) {
    let platform = CounterPlatform::start(&[Act::SystemErrorButPaid]).await;
    let outcome = pay(&runner(&test, pace()), &party(&platform), "k").await.unwrap();
    // The second call is told 9207009, for the first one used the code.
    assert_eq!(outcome.errcode, None);
    assert_eq!((outcome.state, outcome.order_id.as_deref(), outcome.attempts), ("paid", Some("ORDER1"), 2));
    assert_eq!(platform.charges(), 1);
}

async fn a_refusal_is_told_with_what_to_do(test: TestStore) {
    for (name, errcode, next, zh) in [
        ("a", 9_207_005, MicropayNext::AnotherCard, "余额不足，请换卡重试"),
        ("b", 9_207_004, MicropayNext::ScanAgain, "二维码已过期，请在微信中刷新后重试"),
        ("c", 9_207_003, MicropayNext::StartAgain, "支付失败，请重试"),
    ] {
        let platform = CounterPlatform::start(&[Act::Refuse(errcode)]).await;
        let outcome = pay(&runner(&test, pace()), &party(&platform), name).await.unwrap();
        assert_eq!((outcome.state, outcome.errcode, outcome.next), ("failed", Some(errcode), next));
        assert_eq!(outcome.message_zh, zh);
    }
}

async fn one_key_is_one_payment(test: TestStore) {
    let platform = CounterPlatform::start(&[Act::Password, Act::Password, Act::Password, Act::Pay]).await;
    let (runner, party) = (runner(&test, pace()), party(&platform));
    let others = MicropayRunner::new(open(&test.url).await, pace(), CALL_TIMEOUT);
    let (one, same, elsewhere) =
        tokio::join!(pay(&runner, &party, "k"), pay(&runner, &party, "k"), pay(&others, &party, "k"));
    let one = one.unwrap();
    assert_eq!((&one, &one), (&same.unwrap(), &elsewhere.unwrap()));
    assert_eq!((one.state, one.attempts, platform.charges()), ("paid", 4, 1));
    // A repeat is told the same, and nothing is called.
    let calls = platform.calls();
    assert_eq!((pay(&runner, &party, "k").await.unwrap(), platform.calls()), (one, calls));
    let other = runner.begin(&party, &key("k"), &request("N1", "134971951305811269")).await;
    assert!(matches!(other, Err(MicropayError::OtherContent(_))), "{other:?}");
}

async fn one_notice_has_one_payment_under_way(test: TestStore) {
    let platform = CounterPlatform::start(&[Act::Pay]).await;
    let (runner, party) = (runner(&test, pace()), party(&platform));
    runner.begin(&party, &key("one"), &request("N1", CODE)).await.unwrap();
    let other = runner.begin(&party, &key("two"), &request("N1", "134971951305811269")).await;
    assert!(matches!(&other, Err(MicropayError::UnderWay(under_way)) if *under_way == key("one")), "{other:?}");
    runner.begin(&party, &key("three"), &request("N2", "134971951305811269")).await.unwrap();
}

async fn what_is_paid_is_not_paid_again_under_another_key(test: TestStore) {
    let platform = CounterPlatform::start(&[Act::Pay]).await;
    let (runner, party) = (runner(&test, pace()), party(&platform));
    for (start, order_no) in [("11", None), ("12", Some("O1"))] {
        let request = |code: &str| {
            let order_no = order_no.map(str::to_owned);
            let payment_notice_no = order_no.is_none().then(|| "N1".to_owned());
            MicropayRequest { payment_notice_no, order_no, ..request("N1", code) }
        };
        let (first, fresh) = (format!("{start}4971951305811268"), format!("{start}4971951305811269"));
        runner.begin(&party, &key(start), &request(&first)).await.unwrap();
        let paid = runner.follow(&party, &key(start), &|_| {}).await.unwrap();
        assert_eq!(paid.state, "paid");
        let again = runner.begin(&party, &key("again"), &request(&fresh)).await;
        assert!(
            matches!(&again, Err(MicropayError::AlreadyPaid { order_id }) if *order_id == paid.order_id),
            "{again:?}"
        );
    }
    assert_eq!(platform.charges(), 2);
}

async fn what_was_refunded_may_be_paid_again(test: TestStore) {
    let platform = CounterPlatform::start(&[Act::Pay]).await;
    let (runner, party) = (runner(&test, pace()), party(&platform));
    pay(&runner, &party, "one").await.unwrap();
    let refunded = "INSERT INTO platform_order (party, order_id, payment_notice_no, region_code, department_code, items, state, \
                    created_at, updated_at) VALUES ('counter', 'ORDER1', 'N1', '440100', '001002', '[]', 'refunded', 0, 0)";
    execute(&test.url, refunded).await.unwrap();
    runner.begin(&party, &key("two"), &request("N1", "134971951305811269")).await.unwrap();
}

async fn what_a_person_has_seen_to_may_be_paid_again(test: TestStore) {
    let platform = CounterPlatform::start(&[Act::Pay]).await;
    let (runner, party) = (runner(&test, pace()), party(&platform));
    runner.begin(&party, &key("one"), &request("N1", CODE)).await.unwrap();
    assert!(!runner.release(&party, &key("one"), "too early").await.unwrap());
    let ended =
        "UPDATE micropay SET state = 'needs_person', reason = 'no', next_at = NULL, ended_at = 1, auth_code = NULL";
    execute(&test.url, ended).await.unwrap();
    let again = runner.begin(&party, &key("two"), &request("N1", "134971951305811269")).await;
    assert!(matches!(&again, Err(MicropayError::UnderWay(under_way)) if *under_way == key("one")), "{again:?}");
    assert!(runner.release(&party, &key("one"), "no order was paid").await.unwrap());
    runner.begin(&party, &key("two"), &request("N1", "134971951305811269")).await.unwrap();
    let nobody = runner.release(&party, &key("nobody"), "r").await;
    assert!(matches!(nobody, Err(MicropayError::NotFound(_))), "{nobody:?}");
}

async fn an_errcode_that_nobody_lists_is_no_proof_that_nothing_was_paid(test: TestStore) {
    let platform = CounterPlatform::start(&[Act::RefuseButPaid(1_234_567)]).await;
    let outcome = pay(&runner(&test, pace()), &party(&platform), "k").await.unwrap();
    assert_eq!((outcome.state, outcome.order_id.as_deref(), outcome.attempts), ("paid", Some("ORDER1"), 1));
    assert_eq!(platform.charges(), 1);
}

async fn what_is_paid_too_late_goes_back(test: TestStore) {
    let platform = CounterPlatform::start(&[Act::Password]).await;
    let (runner, party) = (runner(&test, pace()), party(&platform));
    let outcome = pay(&runner, &party, "k").await.unwrap();
    assert_eq!((outcome.state, outcome.next), ("abandoned", MicropayNext::LeaveToTheGateway));
    platform.payer_pays();
    let ended = watched_to_the_end(&runner, &party, "k").await;
    assert_eq!((ended.state, platform.orders()["ORDER1"].status), ("refunded", 5));
}

async fn an_order_that_only_seems_to_be_the_payments_is_a_persons(test: TestStore) {
    let platform = CounterPlatform::start(&[Act::SystemErrorUnnamed]).await;
    let (runner, party) = (runner(&test, pace()), party(&platform));
    assert_eq!(pay(&runner, &party, "k").await.unwrap().state, "abandoned");
    platform.payer_pays();
    let ended = watched_to_the_end(&runner, &party, "k").await;
    assert_eq!((ended.state, platform.orders()["ORDER1"].status), ("needs_person", 3));
    assert!(ended.message_en.contains("nontax refund request --order-id ORDER1"), "{}", ended.message_en);
    // Nobody takes another payment for the notice before a person has looked.
    let again = runner.begin(&party, &key("again"), &request("N1", "134971951305811269")).await;
    assert!(matches!(again, Err(MicropayError::UnderWay(_))), "{again:?}");
}

async fn what_cannot_go_back_is_a_persons(test: TestStore) {
    let platform = CounterPlatform::start(&[Act::Password]).await;
    platform.refuse_refunds();
    let (runner, party) = (runner(&test, pace()), party(&platform));
    pay(&runner, &party, "k").await.unwrap();
    platform.payer_pays();
    let ended = watched_to_the_end(&runner, &party, "k").await;
    assert_eq!((ended.state, ended.next), ("needs_person", MicropayNext::CallAPerson));
    assert!(ended.message_en.contains("ORDER1") && ended.message_en.contains("9202002"), "{}", ended.message_en);
}

async fn a_cashier_who_gives_up_is_not_charged_for(test: TestStore) {
    let platform = CounterPlatform::start(&[Act::Password]).await;
    let patient = MicropayPace { limit: Duration::from_mins(1), ..pace() };
    let (runner, party) = (runner(&test, patient), party(&platform));
    let canceling = async {
        eventually("a call was made", || async { (platform.calls() > 0).then_some(()) }).await;
        runner.cancel(&party, &key("k")).await.unwrap();
    };
    let (outcome, ()) = tokio::join!(pay(&runner, &party, "k"), canceling);
    assert_eq!(outcome.unwrap().state, "abandoned");
    platform.orders_expire();
    assert_eq!(watched_to_the_end(&runner, &party, "k").await.state, "closed");
    assert_eq!(platform.charges(), 0);
}

on_both_stores!(
    the_first_order_is_named_until_it_is_paid,
    what_nobody_told_is_asked,
    a_used_code_is_no_proof_that_nothing_was_paid,
    a_refusal_is_told_with_what_to_do,
    one_key_is_one_payment,
    one_notice_has_one_payment_under_way,
    what_is_paid_is_not_paid_again_under_another_key,
    what_was_refunded_may_be_paid_again,
    what_a_person_has_seen_to_may_be_paid_again,
    an_errcode_that_nobody_lists_is_no_proof_that_nothing_was_paid,
    what_is_paid_too_late_goes_back,
    an_order_that_only_seems_to_be_the_payments_is_a_persons,
    what_cannot_go_back_is_a_persons,
    a_cashier_who_gives_up_is_not_charged_for,
);
