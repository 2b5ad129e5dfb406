//! Downloading a statement: a csv, a zip, or the JSON of a refusal in its place, and downloads that break off.

use nontax_gateway::domain::StatementKind;
use nontax_gateway::envelope::sha256_hex;
use nontax_gateway::platform::{DOWNLOAD_BILL, PlatformError, Statement};
use nontax_gateway::wire::DownloadBillRequest;
use serde_json::json;

use crate::platform_replies::patient_client;
use crate::stub_platform::{OrderReply, StubPlatform, TOKEN, http};
use crate::weixin::APPID;

fn request() -> DownloadBillRequest {
    DownloadBillRequest { appid: APPID.into(), bill_date: "20170925".into(), ..Default::default() }
}

async fn downloaded(platform: &StubPlatform) -> (Result<Statement, PlatformError>, Vec<u8>) {
    let mut file = Vec::new();
    let outcome = patient_client(platform).download_bill(&request(), &mut file).await;
    (outcome, file)
}

fn refused(errcode: i64) -> OrderReply {
    OrderReply::Raw(http("200 OK", &format!("\u{feff}{}", json!({ "errcode": errcode, "errmsg": "no" }))))
}

#[tokio::test]
async fn a_file_comes_whole_with_its_kind_and_digest() {
    let csv = format!("交易时间,公众账号ID\n{}", "`2017-09-25 09:39:03,`wx1\n".repeat(100_000));
    let platform = StubPlatform::start(OrderReply::Raw(http("200 OK", &csv))).await;
    let (statement, file) = downloaded(&platform).await;
    let statement = statement.unwrap();
    assert_eq!((statement.kind, statement.size_bytes), (StatementKind::Csv, csv.len() as u64));
    assert_eq!(file, csv.as_bytes());
    assert_eq!(statement.sha256, sha256_hex(csv.as_bytes()));
    platform.answers(OrderReply::Raw(http("200 OK", "PK\u{3}\u{4}zip")));
    let (statement, file) = downloaded(&platform).await;
    assert_eq!((statement.unwrap().kind, file.as_slice()), (StatementKind::Zip, &b"PK\x03\x04zip"[..]));
}

#[tokio::test]
async fn a_refusal_in_place_of_the_file_is_a_refusal_and_writes_nothing() {
    let platform = StubPlatform::start(refused(9_205_201)).await;
    let (outcome, file) = downloaded(&platform).await;
    assert_eq!(outcome.unwrap_err().errcode(), Some(9_205_201));
    assert_eq!((file.len(), platform.calls(DOWNLOAD_BILL)), (0, 1));
}

#[tokio::test]
async fn what_fails_before_the_file_begins_is_asked_again() {
    let platform = StubPlatform::start(refused(1)).await;
    let busy = OrderReply::Raw(http("503 Busy", ""));
    platform.answers_at(DOWNLOAD_BILL, [refused(42_001), busy, refused(-1), OrderReply::Raw(http("200 OK", "a,b\n"))]);
    let (outcome, file) = downloaded(&platform).await;
    assert_eq!((outcome.unwrap().size_bytes, file.as_slice()), (4, &b"a,b\n"[..]));
    assert_eq!((platform.calls(DOWNLOAD_BILL), platform.token_requests()), (4, 2));
    platform.answers_at(DOWNLOAD_BILL, [refused(42_001)]);
    assert_eq!(downloaded(&platform).await.0.unwrap_err().errcode(), Some(42_001));
    assert_eq!(platform.calls(DOWNLOAD_BILL), 6, "a fresh token is tried once");
}

#[tokio::test]
async fn a_file_that_breaks_off_is_an_error_and_is_not_begun_again() {
    let platform = StubPlatform::start(refused(1)).await;
    let cut = format!("HTTP/1.1 200 OK\r\ncontent-length: 50000\r\n\r\n{}", "`a,`b\n".repeat(100));
    platform.answers_at(DOWNLOAD_BILL, [OrderReply::Raw(cut.into_bytes())]);
    let (outcome, _) = downloaded(&platform).await;
    assert!(matches!(outcome, Err(PlatformError::Unreachable { .. })), "{outcome:?}");
    assert_eq!(platform.calls(DOWNLOAD_BILL), 1);
}

#[tokio::test]
async fn what_is_no_file_is_an_error_that_says_what_was_received() {
    let platform = StubPlatform::start(refused(1)).await;
    let html = format!("<html>{TOKEN}</html>");
    for (bytes, word) in [
        (http("200 OK", ""), "empty"),
        (http("200 OK", &html), "HTML"),
        (http("403 Forbidden", "a,b\n"), "403"),
        (http("200 OK", r#"{"errcode":0,"errmsg":"ok"}"#), "no file"),
        (http("200 OK", r#"{"errcode":"#), "breaks off"),
    ] {
        platform.answers(OrderReply::Raw(bytes));
        let (outcome, file) = downloaded(&platform).await;
        let told = outcome.unwrap_err().to_string();
        assert!(told.contains(word) && !told.contains(TOKEN) && file.is_empty(), "{told}");
    }
}
