//! Tests of the commands about notices, from the words on the line to what is printed.

use std::io::Write as _;
use std::sync::Arc;

use clap::Parser;
use jiff::Timestamp;

use super::*;
use crate::domain::{NoticeState, OrderId, OrderState, Payment, Refund, RefundKind, SuspensionScope};
use crate::store::notices_in_memory::NoticesInMemory;
use crate::store::{NoticeHistory, OrderRecord};

#[derive(Debug, Parser)]
struct Words {
    #[command(subcommand)]
    command: NoticeCommand,
}

struct Ran {
    outcome: Result<(), Failure>,
    out: String,
    err: String,
}

async fn run_words(store: &Arc<NoticesInMemory>, words: &[&str], input: &str) -> Ran {
    let words = Words::try_parse_from(["notice"].iter().chain(words)).unwrap();
    let parties = [PartyName::new("gz-finance").unwrap()];
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut console = Console { input: &mut input.as_bytes(), out: &mut out, err: &mut err, watched: false };
    let outcome = run(&words.command, &**store, &parties, &mut console).await;
    Ran { outcome, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

fn line(department: &str, number: &str) -> String {
    format!(
        r#"{{"region_code":"440000","department_code":"{department}","department_name":"公安局","payment_notice_no":"{number}","user_name":"叶红梅","fee":100,"items":[{{"no":1,"item_id":"i","item_name":"罚款","fee":100}}]}}"#
    ) + "\n"
}

async fn store_with(lines: &[(&str, &str)]) -> Arc<NoticesInMemory> {
    let store = Arc::new(NoticesInMemory::default());
    let input: String = lines.iter().map(|(department, number)| line(department, number)).collect();
    let ran = run_words(&store, &["import", "--party", "gz-finance", "-"], &input).await;
    assert!(ran.outcome.is_ok(), "{ran:?}", ran = ran.err);
    store
}

fn state_of(store: &NoticesInMemory, number: &str) -> NoticeState {
    let records = store.records.lock().unwrap();
    records.values().find(|record| record.notice.key.payment_notice_no.as_str() == number).unwrap().notice.state.clone()
}

#[tokio::test]
async fn good_lines_go_in_and_refused_ones_are_told() {
    let store = Arc::new(NoticesInMemory::default());
    let mut file = tempfile::Builder::new().suffix(".jsonl").tempfile().unwrap();
    write!(file, "{}{{\"fee\":1}}\n{}", line("d", "1"), line("d", "2")).unwrap();
    let name = file.path().to_str().unwrap();
    let ran = run_words(&store, &["import", "--party", "gz-finance", name], "").await;
    assert_eq!(ran.outcome.unwrap_err().exit(), Exit::Failure);
    assert_eq!(ran.err, format!("{name}:2: payment_notice_no: is missing\n"));
    assert!(ran.out.starts_with("2 notices added, 0 updated"), "{}", ran.out);
    assert_eq!(store.records.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_dry_run_writes_nothing() {
    let store = Arc::new(NoticesInMemory::default());
    let ran = run_words(&store, &["import", "--dry-run", "--party", "gz-finance", "-"], &line("d", "1")).await;
    assert!(ran.outcome.is_ok());
    assert!(ran.out.contains("nothing was written: 1 notices"), "{}", ran.out);
    assert!(store.batches.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_unknown_party_is_told_the_known_ones() {
    let store = Arc::new(NoticesInMemory::default());
    let ran = run_words(&store, &["import", "--party", "gz", "-"], "").await;
    let failure = ran.outcome.unwrap_err();
    assert_eq!(failure.exit(), Exit::Usage);
    assert!(format!("{failure:?}").contains("gz-finance"));
}

#[tokio::test]
async fn a_notice_is_canceled_and_restored_with_a_reason() {
    let store = store_with(&[("d", "1")]).await;
    let reason = ["--party", "gz-finance", "1", "--reason", "made out twice"];
    let ran = run_words(&store, &[&["cancel"][..], &reason].concat(), "").await;
    assert_eq!(ran.out, "notice 440000/d/1: unpaid -> canceled\n");
    assert_eq!(state_of(&store, "1"), NoticeState::Canceled);
    let ran = run_words(&store, &[&["suspend"][..], &reason].concat(), "").await;
    let failure = format!("{:?}", ran.outcome.unwrap_err());
    assert!(failure.contains("a notice that is canceled cannot be suspended; nothing was changed"), "{failure}");
    run_words(&store, &[&["restore"][..], &reason].concat(), "").await.outcome.unwrap();
    assert_eq!(state_of(&store, "1"), NoticeState::Unpaid);
    assert_eq!(store.history.lock().unwrap().changes[0].cause, "made out twice");
    let ran = run_words(&store, &["cancel", "--party", "gz-finance", "1", "--reason", " "], "").await;
    assert_eq!(ran.outcome.unwrap_err().exit(), Exit::Usage);
}

#[tokio::test]
async fn an_ambiguous_number_lists_the_candidates() {
    let store = store_with(&[("d1", "1"), ("d2", "1")]).await;
    let words = ["cancel", "--party", "gz-finance", "1", "--reason", "r"];
    let failure = format!("{:?}", run_words(&store, &words, "").await.outcome.unwrap_err());
    assert!(failure.contains("--department d1") && failure.contains("--department d2"), "{failure}");
    assert_eq!(state_of(&store, "1"), NoticeState::Unpaid);
    let ran = run_words(&store, &[&words[..], &["--department", "d2"]].concat(), "").await;
    assert_eq!(ran.out, "notice 440000/d2/1: unpaid -> canceled\n");
    let failure = run_words(&store, &[&words[..], &["--department", "d3"]].concat(), "").await.outcome.unwrap_err();
    assert!(format!("{failure:?}").contains("elsewhere"), "{failure:?}");
}

#[tokio::test]
async fn everything_a_department_or_an_item_is_suspended_and_restored() {
    let store = store_with(&[("d", "1")]).await;
    let scopes = [
        (&["--everything"][..], SuspensionScope::Everything),
        (&["--all-of-department", "d"], SuspensionScope::Department(crate::domain::DepartmentCode::new("d").unwrap())),
        (&["--all-with-item", "i"], SuspensionScope::Item("i".to_owned())),
    ];
    for (scope_words, scope) in scopes {
        let words = [scope_words, &["--party", "gz-finance", "--reason", "r"]].concat();
        run_words(&store, &[&["suspend"][..], &words].concat(), "").await.outcome.unwrap();
        assert_eq!(store.suspensions.lock().unwrap()[0].scope, scope);
        let shown = run_words(&store, &["show", "--party", "gz-finance", "1"], "").await.out;
        assert!(shown.contains("suspended (2"), "{shown}");
        run_words(&store, &[&["restore"][..], &words].concat(), "").await.outcome.unwrap();
        let again = run_words(&store, &[&["restore"][..], &words].concat(), "").await;
        assert!(format!("{:?}", again.outcome.unwrap_err()).contains("is not suspended"));
    }
}

#[tokio::test]
async fn a_suspension_for_a_time_is_told_and_listed() {
    let store = store_with(&[("d", "1")]).await;
    let words = ["suspend", "--party", "gz-finance", "--reason", "closing", "--everything"];
    let times = ["--from", "2999-12-31T22:00:00+08:00", "--until", "3000-01-01T08:00:00+08:00"];
    let ran = run_words(&store, &[&words[..], &times].concat(), "").await;
    ran.outcome.unwrap();
    assert!(ran.out.contains("from 2999-12-31T14:00:00Z until 3000-01-01T00:00:00Z"), "{}", ran.out);
    let listed = run_words(&store, &["suspensions", "--party", "gz-finance"], "").await;
    assert_eq!(listed.out, "", "it is not in force");
    let all = run_words(&store, &["suspensions", "--party", "gz-finance", "--all"], "").await.out;
    assert!(all.starts_with("everything (not in force): closing, from 2999-12-31T14:00:00Z"), "{all}");
    let json = run_words(&store, &["suspensions", "--party", "gz-finance", "--all", "--format", "json"], "").await.out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["scope"], &json["in_force"]), (&"everything".into(), &false.into()));
    let backwards = ["--from", "3000-01-01T08:00:00+08:00", "--until", "2999-12-31T22:00:00+08:00"];
    let refused = run_words(&store, &[&words[..], &backwards].concat(), "").await.outcome.unwrap_err();
    assert!(format!("{refused:?}").contains("not after its start"), "{refused:?}");
}

#[test]
fn a_suspension_is_of_one_thing_and_of_something() {
    let parse = |words: &[&str]| Words::try_parse_from(["notice", "suspend", "--party", "p"].iter().chain(words));
    for wrong in [
        &["--reason", "r"][..],
        &["1", "--everything", "--reason", "r"],
        &["--everything", "--region", "440000", "--reason", "r"],
        &["--everything"],
        &["1", "--from", "2999-12-31T22:00:00+08:00", "--reason", "r"],
    ] {
        assert!(parse(wrong).is_err(), "{wrong:?}");
    }
}

#[tokio::test]
async fn all_that_is_known_is_shown() {
    let store = store_with(&[("d", "1")]).await;
    let at = Timestamp::from_second(1_700_000_000).unwrap();
    let order_id = OrderId::new("A1").unwrap();
    let payment = Payment {
        order_id: order_id.clone(),
        fee: crate::domain::Fen::new(100),
        pay_channel: "wx_nontax".to_owned(),
        pay_finish_time: Some(at),
        disposition: crate::domain::Disposition::Held { because: crate::domain::Objection::Late },
    };
    let refunds = vec![Refund { kind: RefundKind::Full, refund_finish_time: Some(at) }];
    let order = OrderRecord { order_id, details: None, state: OrderState::Refunded, payment: Some(payment), refunds };
    *store.history.lock().unwrap() = NoticeHistory { orders: vec![order], changes: Vec::new() };
    let text = run_words(&store, &["show", "--party", "gz-finance", "1"], "").await.out;
    for part in ["notice 440000/d/1", "叶*梅", "1.00 yuan", "order A1: refunded", "held, 235", "2023-11-15 06:13:20"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json = run_words(&store, &["show", "--party", "gz-finance", "1", "--format", "json"], "").await.out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["notices"][0]["notice"]["user_name"], "叶*梅");
    assert_eq!(json["notices"][0]["orders"][0]["payment"]["errcode"], 235);
    assert!(!text.contains("叶红梅") && !json.to_string().contains("叶红梅"), "the store has the whole name");
    assert_eq!(json["notices"][0]["orders"][0]["refunds"][0]["refund_finish_time"], 1_700_000_000);
}
