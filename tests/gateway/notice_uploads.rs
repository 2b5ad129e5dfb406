//! Notices that a system uploads, a line each, and what it is told of every line.

use nontax_gateway::domain::Scope;
use serde_json::{Value, json};

use crate::bearers::let_in;
use crate::book::{import, notice, party};
use crate::served::{Served, Setup};
use crate::stores::{TestStore, on_both_stores};

on_both_stores!(
    each_line_is_told_and_the_good_ones_are_in,
    what_cannot_be_read_is_told_before_or_at_its_place,
    many_lines_are_taken_by_a_caller_who_reads_afterwards,
);

fn line(number: &str, fee: i64) -> String {
    json!({ "region_code": "440100", "department_code": "001002", "department_name": "管理局",
        "payment_notice_no": number, "fee": fee,
        "items": [{ "no": 1, "item_id": "1", "item_name": "罚款", "fee": fee }] })
    .to_string()
        + "\n"
}

async fn upload(served: &Served, bearer: &str, body: impl Into<reqwest::Body>) -> (u16, Vec<Value>) {
    let url = format!("http://{}/admin/v1/notices?party=gz-finance", served.admin);
    let response = served.client.post(url).bearer_auth(bearer).body(body).send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        crate::openapi::check("POST", "/admin/v1/notices", status, line);
    }
    (status, lines)
}

async fn each_line_is_told_and_the_good_ones_are_in(test: TestStore) {
    let mut paid = notice("paid");
    paid.state = nontax_gateway::domain::NoticeState::Paid { order_id: None };
    import(&*test.store, paid).await;
    import(&*test.store, notice("held")).await;
    let served = Setup::default().serve(&test.store).await;
    let bearer = let_in(&test.store, "erp", &[Scope::Notices], &[]).await;
    let lines =
        [line("new", 5), line("held", 7), "\n".into(), line("paid", 5), line("wrong", 0), line("new", 6)].concat();
    let (status, told) = upload(&served, &bearer, lines).await;
    let key = |number: &str| format!("440100/001002/{number}");
    let expected = [
        json!({ "line": 1, "key": key("new"), "outcome": "added" }),
        json!({ "line": 2, "key": key("held"), "outcome": "updated" }),
        json!({ "line": 4, "key": key("paid"), "outcome": "kept_paid" }),
        json!({ "line": 5, "key": null, "outcome": "refused", "field": "fee", "cause": "fee is 0: there is nothing to pay" }),
        json!({ "line": 6, "key": key("new"), "outcome": "updated" }),
        json!({ "done": true, "added": 1, "updated": 2, "kept_paid": 1, "refused": 1 }),
    ];
    assert_eq!((status, told), (200, expected.to_vec()));
    assert_eq!(served.queried("held").await, 0);
    let page = test.store.list_changes(party(), None, nontax_gateway::store::Page::new(None, 9)).await.unwrap();
    let newest = &page.rows[0];
    assert_eq!((newest.by.who.as_str(), newest.by.came_from.as_str()), ("erp", "127.0.0.1"));
    let fees = [&newest.before, &newest.after].map(|shown| shown.as_ref().unwrap()["fee"].clone());
    assert_eq!((newest.action.as_str(), fees), ("notice.import", [json!(5), json!(6)]));
}

async fn what_cannot_be_read_is_told_before_or_at_its_place(test: TestStore) {
    let served = Setup::default().serve(&test.store).await;
    let bearer = let_in(&test.store, "erp", &[Scope::Notices], &[]).await;
    let (status, told) = upload(&served, &bearer, "[{}]").await;
    assert_eq!((status, &told[0]["error"]), (422, &json!("invalid_notices")));
    let (status, told) = upload(&served, &bearer, vec![b'x'; (1 << 20) + 1]).await;
    assert_eq!((status, &told[0]["error"]), (413, &json!("body_too_large")));
    assert_eq!(
        upload(&served, &bearer, "").await.1,
        [json!({ "done": true, "added": 0, "updated": 0, "kept_paid": 0, "refused": 0 })]
    );

    // Without a Content-Length the limit is met on the way: what was read before is in and told.
    let piece = (0..6_000).map(|number| line(&number.to_string(), 1)).collect::<String>();
    assert!(piece.len() > 1 << 20);
    let (status, told) = upload(&served, &bearer, unsized_body(piece)).await;
    let last = told.last().unwrap();
    assert_eq!((status, &last["done"], &last["error"]), (200, &json!(false), &json!("invalid_notices")));
    assert!(last["message"].as_str().unwrap().contains("max_import_bytes"), "{last}");
    assert!(told[..told.len() - 1].iter().all(|line| line["outcome"] == "added"));
    assert_eq!(served.queried("0").await, 0);
    let reader = let_in(&test.store, "desk", &[Scope::Read], &[]).await;
    assert_eq!(upload(&served, &reader, line("1", 1)).await.0, 403);
}

/// A body that is sent without its length.
fn unsized_body(text: String) -> reqwest::Body {
    let pieces: Vec<_> = text.into_bytes().chunks(60_000).map(bytes_of).collect();
    reqwest::Body::wrap(Pieces(pieces.into_iter()))
}

fn bytes_of(piece: &[u8]) -> axum::body::Bytes {
    axum::body::Bytes::copy_from_slice(piece)
}

struct Pieces(std::vec::IntoIter<axum::body::Bytes>);

impl hyper::body::Body for Pieces {
    type Data = axum::body::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
        std::task::Poll::Ready(self.0.next().map(|piece| Ok(hyper::body::Frame::data(piece))))
    }
}

async fn many_lines_are_taken_by_a_caller_who_reads_afterwards(test: TestStore) {
    let mut setup = Setup::default();
    setup.limits.max_import_bytes = 64 << 20;
    let served = setup.serve(&test.store).await;
    let bearer = let_in(&test.store, "erp", &[Scope::Notices], &[]).await;
    // Short refused lines make the most results for the fewest bytes.
    let lines = format!("{}{}", "{\n".repeat(50_000), line("1", 1));
    let (status, told) = upload(&served, &bearer, lines).await;
    assert_eq!((status, told.len()), (200, 50_002));
    assert_eq!(told[50_000]["outcome"], "added");
    assert_eq!(told[50_001]["refused"], 50_000);
}
