//! The journals and the outbox, read as an auditor reads them, and that nobody can change what they say.

use serde_json::Value;

use crate::book::{import, payable};
use crate::database::{execute, texts};
use crate::served::Setup;
use crate::stores::{TestStore, on_both_stores};
use crate::weixin::{KEY, OTHER, envelope, envelope_with, paid, query, refunded};
use nontax_gateway::envelope::sha256_hex;

on_both_stores!(
    every_callback_leaves_one_row,
    what_changed_is_journaled_with_it,
    a_refusal_leaves_its_event_and_a_repeat_leaves_none,
    a_correlation_id_is_kept_to_what_a_log_can_show,
    rows_cannot_be_changed_or_removed,
);

async fn every_callback_leaves_one_row(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let served = Setup::default().serve(&test.store).await;
    let genuine = |plaintext: Value| envelope(plaintext.to_string().as_bytes()).to_string().into_bytes();
    let forged = envelope_with(KEY, &OTHER, query("1").to_string().as_bytes()).to_string().into_bytes();
    let calls = [
        ("receivables", genuine(query("1")), "440100/001002/1 answered 0 aes-1"),
        ("notification", genuine(paid("A", "1")), "A recorded 0 aes-1"),
        ("notification", genuine(paid("A", "1")), "A already_recorded 0 aes-1"),
        ("notification", genuine(paid("B", "1")), "B refused 232 aes-1"),
        ("notification", genuine(Value::Null), "- invalid_format 210 aes-1"),
        ("receivables", forged, "- invalid_signature 300 -"),
        ("receivables", b"nonsense".to_vec(), "- invalid_envelope 210 -"),
        ("receivables", Vec::new(), "- invalid_envelope 210 -"),
    ];
    for (callback, body, _) in &calls {
        assert_eq!(served.post(callback, body.clone()).await.status, 200);
    }
    served.stopped().await;
    let rows = texts(
        &test,
        "SELECT party || ' ' || kind || ' ' || wxnontaxstr || ' ' || peer || ' ' || body_digest || ' ' || \
                COALESCE(subject, '-') || ' ' || outcome || ' ' || CAST(errcode AS TEXT) || ' ' || COALESCE(key_id, '-') \
         FROM callback_journal",
    )
    .await;
    let mut expected: Vec<String> = calls
        .iter()
        .map(|(callback, body, rest)| {
            format!("gz-finance {callback} 2ba37f90d155d390 127.0.0.1 {} {rest}", sha256_hex(body))
        })
        .collect();
    let mut rows = rows;
    rows.sort();
    expected.sort();
    assert_eq!(rows, expected);
    let odd =
        "SELECT CAST(callback_id AS TEXT) FROM callback_journal WHERE duration_us <= 0 OR received_at <= 1767240000000";
    assert_eq!(texts(&test, odd).await, Vec::<String>::new());
}

const STATE_ROWS: &str = "SELECT subject_kind || ' ' || subject || ' ' || step || ' ' || from_state || '>' || to_state \
                          || ' ' || cause FROM state_journal WHERE cause = '2ba37f90d155d390' ORDER BY change_id";

const EVENTS: &str =
    "SELECT kind || ' ' || subject || ' ' || body FROM outbox WHERE kind <> 'notice.imported' ORDER BY event_id";

async fn what_changed_is_journaled_with_it(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let served = Setup::default().serve(&test.store).await;
    assert_eq!(served.notified(&paid("A", "1")).await, 0);
    // There already, with the reply: not written later.
    let rows = texts(&test, STATE_ROWS).await;
    assert_eq!(
        rows,
        [
            "notice 440100/001002/1 settle unpaid>paid 2ba37f90d155d390",
            "payment A record >settles 2ba37f90d155d390",
            "order A notify open>paid 2ba37f90d155d390",
        ]
    );
    let outcomes = texts(&test, "SELECT outcome FROM callback_journal").await;
    assert_eq!(outcomes, ["recorded"]);
    let events = texts(&test, EVENTS).await;
    assert_eq!(events.len(), 1, "{events:?}");
    let event = events[0].strip_prefix("notice.paid 440100/001002/1 ").unwrap();
    let event: Value = serde_json::from_str(event).unwrap();
    assert_eq!((&event["order_id"], &event["notice"]["payment_notice_no"]), (&"A".into(), &"1".into()));

    assert_eq!(served.notified(&refunded("A")).await, 0);
    let rows = texts(&test, STATE_ROWS).await;
    assert!(rows.contains(&"notice 440100/001002/1 reopen paid>unpaid 2ba37f90d155d390".to_owned()), "{rows:?}");
    assert!(rows.contains(&"order A notify paid>refunded 2ba37f90d155d390".to_owned()), "{rows:?}");
    let kinds = texts(&test, "SELECT kind FROM outbox WHERE kind <> 'notice.imported' ORDER BY kind").await;
    assert_eq!(kinds, ["notice.paid", "notice.reopened", "refund.recorded"]);
}

async fn a_refusal_leaves_its_event_and_a_repeat_leaves_none(test: TestStore) {
    let served = Setup::default().serve(&test.store).await;
    for _ in 0..3 {
        assert_eq!(served.notified(&paid("A", "nowhere")).await, 231);
    }
    let events = texts(&test, EVENTS).await;
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0].starts_with("payment.refused A "), "{events:?}");
    assert!(events[0].contains("notice_unknown"), "{events:?}");
    let outcomes = texts(&test, "SELECT outcome FROM callback_journal").await;
    assert_eq!(outcomes, ["refused"; 3]);
}

async fn a_correlation_id_is_kept_to_what_a_log_can_show(test: TestStore) {
    let served = Setup::default().serve(&test.store).await;
    let body = envelope(query("1").to_string().as_bytes()).to_string();
    for query in ["?a=1&wxnontaxstr=2ba3-7f_9.0&b=2", "?wxnontaxstr=%0a<b>\u{53f6}", "?wxnontaxstr=", "?other=1", ""] {
        let url = format!("http://{}/callback/gz-finance/receivables{query}", served.callbacks);
        assert_eq!(served.client.post(url).body(body.clone()).send().await.unwrap().status(), 200);
    }
    let long = format!("http://{}/callback/gz-finance/receivables?wxnontaxstr={}", served.callbacks, "a".repeat(2000));
    assert_eq!(served.client.post(long).body(body).send().await.unwrap().status(), 200);
    served.stopped().await;
    let kept = texts(&test, "SELECT COALESCE(wxnontaxstr, '-') FROM callback_journal ORDER BY callback_id").await;
    assert_eq!(kept[..1], ["2ba3-7f_9.0"]);
    assert!(kept[1].chars().all(|c| c.is_ascii_alphanumeric()), "{kept:?}");
    assert_eq!(kept[2..5], ["-", "-", "-"]);
    assert_eq!(kept[5], "a".repeat(64));
}

async fn rows_cannot_be_changed_or_removed(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let served = Setup::default().serve(&test.store).await;
    assert_eq!(served.notified(&paid("A", "1")).await, 0);
    let mut statements = vec![
        "UPDATE callback_journal SET errcode = 1",
        "DELETE FROM callback_journal",
        "UPDATE state_journal SET cause = 'nothing'",
        "DELETE FROM state_journal",
    ];
    if test.url.starts_with("postgres") {
        statements.extend(["TRUNCATE callback_journal", "TRUNCATE state_journal", "TRUNCATE callback_journal CASCADE"]);
    } else {
        // Its delete triggers do not see a row that is replaced.
        statements.extend([
            "REPLACE INTO callback_journal SELECT * FROM callback_journal",
            "REPLACE INTO state_journal SELECT * FROM state_journal",
        ]);
    }
    for statement in statements {
        let error = execute(&test.url, statement).await.expect_err(statement);
        assert!(error.contains("append-only"), "{statement}: {error}");
    }
    assert_eq!(texts(&test, "SELECT outcome FROM callback_journal").await, ["recorded"]);
}
