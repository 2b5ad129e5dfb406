//! Tests of the reader: whole files in, notices and refused lines out.

use std::io::BufReader;

use super::*;
use crate::app::notice_file::notice_to_json;
use crate::domain::{LatePayment, NoticeState, NoticeType};

const LINE: &str = r#"{"region_code":"440000","department_code":"143605002004","department_name":"广州市公安局","payment_notice_no":"440204190185356","payment_notice_type":"2","user_name":"叶*梅","payment_notice_create_time":"1700000000","payment_expire_date":"20231130","fee":"20000","items":[{"no":1,"item_id":"103050101","item_name":"罚款","overdue":"","penalty":500,"fee":" 20000"}],"late_payment":"allowed","bank_ids":["1001",1002]}"#;

const CSV: &str = "\u{feff}fee,payment_notice_no,region_code,department_code,department_name,items,bank_ids,status
20000,440204190185356,440000,143605002004,\"广州市公安局\",\"[{\"\"no\"\":1,\"\"item_id\"\":\"\"1\"\",
 \"\"item_name\"\":\"\"罚款\"\",\"\"fee\"\":20000}]\",1001;1002,paid
";

fn read_with(bytes: &[u8], options: ReadOptions) -> Vec<Result<NoticeDraft, RefusedLine>> {
    let mut reader = NoticeReader::open(BufReader::new(bytes), options).unwrap();
    std::iter::from_fn(|| reader.read_notice().unwrap()).collect()
}

fn read(bytes: &[u8]) -> Vec<Result<NoticeDraft, RefusedLine>> {
    read_with(bytes, ReadOptions::default())
}

fn only_refusal(text: &str) -> RefusedLine {
    let mut found = read(text.as_bytes());
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0).unwrap_err()
}

#[test]
fn a_json_line_with_everything() {
    let found = read(LINE.as_bytes());
    let draft = found[0].as_ref().unwrap();
    assert_eq!(draft.notice.payment_notice_type, NoticeType::Penalty);
    assert_eq!(draft.notice.late_payment, LatePayment::Allowed);
    assert_eq!(draft.notice.fee.get(), 20_000);
    assert_eq!(draft.notice.bank_ids.len(), 2);
    assert_eq!(draft.notice.items[0].overdue, None);
    assert!(!draft.state_given);
}

#[test]
fn what_is_shown_can_be_imported() {
    let draft = read(LINE.as_bytes()).remove(0).unwrap();
    let shown = serde_json::to_string(&notice_to_json(&draft.notice)).unwrap();
    let again = read(shown.as_bytes()).remove(0).unwrap();
    assert_eq!(again.notice, draft.notice);
    assert!(again.state_given);
}

#[test]
fn csv_in_any_order_of_columns_with_a_cell_over_two_lines() {
    let found = read(CSV.as_bytes());
    assert_eq!(found.len(), 1);
    let draft = found[0].as_ref().unwrap();
    assert_eq!(draft.notice.state, NoticeState::Paid { order_id: None });
    assert_eq!(draft.notice.bank_ids.len(), 2);
    assert_eq!(draft.notice.items[0].item_name, "罚款");
    assert!(draft.state_given);
}

#[test]
fn gbk_says_the_same_as_utf8() {
    for text in [LINE, CSV.trim_start_matches('\u{feff}')] {
        let (gbk, _, _) = encoding_rs::GBK.encode(text);
        let expected = read(text.as_bytes());
        assert_eq!(read(&gbk), expected);
        assert_eq!(read_with(&gbk, ReadOptions { encoding: Encoding::Gbk, format: None }), expected);
        assert!(expected[0].is_ok());
    }
}

#[test]
fn refused_lines_name_line_field_and_cause() {
    let change = |from: &str, to: &str| {
        let text = LINE.replace(from, to);
        assert_ne!(text, LINE, "{from}");
        only_refusal(&text)
    };
    let cases = [
        (change("\"fee\":\"20000\"", "\"fee\":\"200.00\""), "fee", "20000 for 200.00 yuan"),
        (change("\"fee\":\"20000\"", "\"fee\":-1"), "fee", "fen"),
        (change("\"fee\":\"20000\"", "\"fee\":1"), "fee", "1 fen but the items' fees add up to 20000"),
        (change("\"fee\":\"20000\"", "\"fee\":\"\""), "fee", "is missing"),
        (change("20231130", "20231131"), "payment_expire_date", "YYYYMMDD"),
        (change("1700000000", "1700000000000"), "payment_notice_create_time", "milliseconds"),
        (change("\"no\":1", "\"no\":1,\"fees\":1"), "items[0].fees", "did you mean fee?"),
        (change("罚款", ""), "items[0].item_name", "is missing"),
        (change("广州", "a\\u0000b"), "department_name", "control character"),
        (change("\"440204190185356\"", "\"4.40204E+14\""), "payment_notice_no", "spreadsheet"),
        (change("\"late_payment\":\"allowed\"", "\"late_payment\":\"yes\""), "late_payment", "refused or allowed"),
        (change("late_payment", "late_paymnt"), "late_paymnt", "did you mean late_payment?"),
        (change("\"bank_ids\"", "\"fee\":1,\"bank_ids\""), "fee", "twice"),
        (change("\"payment_notice_type\":\"2\"", "\"payment_notice_type\":3"), "payment_notice_type", "2 a penalty"),
    ];
    for (refused, field, cause) in cases {
        assert_eq!(refused.line, 1);
        assert_eq!(refused.field.as_deref(), Some(field), "{refused}");
        assert!(refused.cause.contains(cause), "{refused}");
    }
}

#[test]
fn broken_json_tells_the_column_and_the_next_line_is_read() {
    let found = read(format!("{{\"fee\": oops}}\n\n{LINE}\n").as_bytes());
    assert_eq!(found.len(), 2);
    let refused = found[0].as_ref().unwrap_err();
    assert!(refused.to_string().starts_with("1: not a JSON object"), "{refused}");
    assert!(refused.cause.contains("column 9"), "{refused}");
    assert!(found[1].is_ok());
}

#[test]
fn an_open_quote_costs_one_row() {
    let header = CSV.lines().next().unwrap();
    let rest = CSV.split_once('\n').unwrap().1.replace(",\n ", ",");
    let found = read(format!("{header}\n{rest}1,\"2,3\n{rest}").as_bytes());
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found[1].as_ref().unwrap_err().line, 3);
    assert!(found[0].is_ok() && found[2].is_ok());
}

#[test]
fn files_of_which_no_line_can_be_read_say_so() {
    let open = |bytes: &[u8]| NoticeReader::open(BufReader::new(bytes), ReadOptions::default()).err().unwrap();
    assert!(matches!(open(b"\xff\xfef\0e\0e\0"), NoticeFileError::Utf16));
    assert!(matches!(open(b" [{}]"), NoticeFileError::JsonArray));
    let unknown = open(b"region_code,department_code,department_name,payment_notice_no,fee,items,expires_date\n");
    assert!(unknown.to_string().contains("expires_date: there is no such field"), "{unknown}");
    let missing = open(b"region_code,fee\n").to_string();
    assert!(missing.contains("department_code: the header lacks this column"), "{missing}");
    let csv = ReadOptions { format: Some(FileFormat::Csv), ..ReadOptions::default() };
    assert!(NoticeReader::open(BufReader::new(&b""[..]), csv).is_err());
    assert!(read(b"").is_empty());
}
