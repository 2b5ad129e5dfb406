//! Statements of every kind, whole and broken.

use std::io::{Cursor, Write as _};

use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;
use crate::app::notice_file::lines::MAX_LINE_BYTES;
use crate::app::statement::SummaryDifference;

const TITLES: &str = "交易时间,公众账号ID,商户号,子商户号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,总金额,\
     企业红包金额,微信退款单号,商户退款单号,退款金额,企业红包退款金额,退款类型,退款状态,商品名称,手续费,费率,区划编码,\
     缴费通知书编号(或平台订单号),执收单位编码,缴费通知书类型,银行编号";

const SUMMARY_TITLES: &str = "总交易单数,总交易额,总退款金额,总企业红包退款金额,手续费总金额";

/// What a test reads a file as.
#[derive(Debug, Default, PartialEq, Eq)]
struct ReadFile {
    rows: Vec<StatementRow>,
    bad: Vec<String>,
    report: StatementReport,
}

fn read(bytes: impl Into<Vec<u8>>) -> Result<ReadFile, StatementError> {
    read_from(Cursor::new(bytes.into()))
}

fn read_from(source: impl Read + Send + 'static) -> Result<ReadFile, StatementError> {
    let mut reader = StatementReader::open(source)?;
    let mut file = ReadFile::default();
    while let Some(row) = reader.read_row()? {
        match row {
            Ok(row) => file.rows.push(row),
            Err(bad) => file.bad.push(bad.to_string()),
        }
    }
    file.report = reader.report().clone();
    Ok(file)
}

fn paid(order_id: &str, yuan: &str) -> String {
    format!(
        "`2017-09-25 09:39:03,`wxc971985892358997,`1800004561,`1900016021,`42000,`{order_id},`,`JSAPI,`SUCCESS,`CFT,`CNY,`{yuan},\
         `0.00,`0,`0,`0.00,`0.00,`,`,`广东, 非税,`0.00000,`0.00%,`440000,`1713372142,`118610002,`1,`test_470690267\r\n"
    )
}

fn refunded(order_id: &str, yuan: &str) -> String {
    paid(order_id, "9.00").replace("`SUCCESS", "`REFUND").replace("`0,`0,`0.00,", &format!("`R{order_id},`0,`{yuan},"))
}

fn statement(rows: &[String], summary: &str) -> String {
    format!("{TITLES}\r\n{}{SUMMARY_TITLES}\r\n{summary}\r\n", rows.concat())
}

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        let method = if bytes.len() < 100 { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn payments_and_refunds_add_up_to_the_summary() {
    let text = statement(&[paid("A", "0.02"), refunded("B", "3.50"), paid("C", "1")], "`3,`1.02,`3.50,`0.00,`0.00000");
    let file = read(text).unwrap();
    let ids: Vec<_> = file.rows.iter().map(|row| row.order_id.as_str()).collect();
    assert_eq!((ids, file.bad.len()), (vec!["A", "B", "C"], 0));
    assert_eq!(file.rows[1].refund.as_ref().map(|refund| refund.refund_fee), Some(350));
    assert!(file.report.is_clean(), "{:?}", file.report);
    assert_eq!(file.report.files[0].totals.total_fee, 102);
}

#[test]
fn a_summary_that_says_otherwise_is_told() {
    let file = read(statement(&[paid("A", "0.02")], "`2,`0.02,`0,`0,`0")).unwrap();
    let found: Vec<_> = file.report.files[0].differences().collect();
    assert_eq!(found, [SummaryDifference { total: "rows", stated: 2, counted: 1 }]);
    assert!(!file.report.is_clean());
    // Whether rows of refunds count among the payments, nobody says.
    for (summary, is_clean) in
        [("`2,`0.02", true), ("`1,`0.02", true), ("`2,`9.02", true), ("`2,`9.00", false), ("`0,`0.02", false)]
    {
        let file = read(statement(&[paid("A", "0.02"), refunded("B", "1")], &format!("{summary},`1,`0,`0"))).unwrap();
        assert_eq!(file.report.is_clean(), is_clean, "{summary}");
    }
    // A file that breaks off after its rows is not clean either.
    let cut = read(format!("{TITLES}\n{}", paid("A", "0.02"))).unwrap();
    assert!(!cut.report.is_clean() && cut.rows.len() == 1);
}

#[test]
fn an_empty_day_has_no_rows() {
    assert!(read(statement(&[], "`0,`0.00,`0.00,`0.00,`0.00000")).unwrap().report.is_clean());
    assert_eq!(read(TITLES).unwrap().rows, []);
    assert!(matches!(read(""), Err(StatementError::Empty)));
    assert!(matches!(read("\u{feff} \r\n"), Err(StatementError::Empty)));
}

#[test]
fn a_bad_row_is_told_with_its_place_and_the_rest_is_read() {
    let long = format!("`{}\r\n", "x".repeat(MAX_LINE_BYTES));
    let rows = [paid("A", "0.02"), paid("B", "-1.00"), "`broken off\r\n".into(), long, paid("C", "0.02")];
    let file = read(statement(&rows, "`5,`0.04,`0,`0,`0")).unwrap();
    assert_eq!(file.rows.len(), 2);
    assert_eq!(file.bad[0], "3: total amount: \"-1.00\" is negative");
    assert!(file.bad[1].starts_with("4: the row has 1 cells") && file.bad[2].starts_with("5: the line is longer"));
    assert_eq!((file.report.row_count(), file.report.bad_row_count()), (2, 3));
    let behind = read(statement(&[], "`0,`0,`0,`0,`0\n`1")).unwrap();
    assert!(behind.bad[0].contains("behind the summary"), "{:?}", behind.bad);
}

#[test]
fn utf_8_with_a_mark_and_gbk_are_the_same_statement() {
    let text = statement(&[paid("A", "0.02"), paid("B", "1.00")], "`2,`1.02,`0,`0,`0");
    let plain = read(text.as_str()).unwrap();
    assert_eq!(plain.rows[0].desc.as_deref(), Some("广东, 非税"));
    assert_eq!(read(format!("\u{feff}{text}")).unwrap(), plain);
    let (gbk, _, _) = encoding_rs::GBK.encode(&text);
    assert_eq!(read(gbk.into_owned()).unwrap(), plain);
    let utf_16 = b"\xff\xfea\0".to_vec();
    assert!(matches!(read(utf_16), Err(StatementError::NotAStatement(_))));
    let within_a_character = text.find("广东").unwrap() + 1;
    let cut = read(&text.as_bytes()[..within_a_character]).unwrap();
    assert_eq!((cut.rows.len(), cut.bad.len(), cut.report.is_clean()), (0, 1, false));
}

#[test]
fn a_character_of_gbk_may_end_with_a_backtick() {
    // 0x8160 is a character whose second byte is a backtick.
    let name = encoding_rs::GBK.decode(b"\x81\x60").0.into_owned();
    let text = statement(&[paid("A", "0.02").replace("广东, 非税", &format!("a,{name}b"))], "`1,`0.02,`0,`0,`0");
    let (gbk, _, _) = encoding_rs::GBK.encode(&text);
    let file = read(gbk.into_owned()).unwrap();
    assert_eq!(file.rows[0].desc, Some(format!("a,{name}b")));
}

#[test]
fn what_stands_in_place_of_a_statement_is_told() {
    let refused = read("\u{feff}{\"errcode\":9205201,\"errmsg\":\"no bill\"}").unwrap_err();
    assert!(matches!(&refused, StatementError::Refused { errcode: 9_205_201, errmsg } if errmsg == "no bill"));
    for (text, word) in [("{}", "JSON"), ("<html>", "HTML"), ("a,b\n", "Transaction time is not in the header")] {
        assert!(read(text).unwrap_err().to_string().contains(word), "{text}");
    }
}

#[test]
fn a_zip_is_read_entry_by_entry() {
    let one = statement(&[paid("A", "0.02")], "`1,`0.02,`0,`0,`0");
    let other = statement(&[paid("B", "-1")], "`1,`1,`0,`0,`0");
    let entries: [(&str, &[u8]); 4] =
        [("1.csv", one.as_bytes()), ("dir/2.csv", other.as_bytes()), ("note.txt", b"hello"), ("4.csv", one.as_bytes())];
    let file = read(zipped(&entries)).unwrap();
    assert_eq!(file.rows.len(), 2);
    assert_eq!(file.bad[0], "dir/2.csv:2: total amount: \"-1\" is negative");
    assert!(file.bad[1].starts_with("note.txt:1: Transaction time: is not in the header"), "{:?}", file.bad);
    let names: Vec<_> = file.report.files.iter().filter_map(|file| file.entry.as_deref()).collect();
    assert_eq!(names, ["1.csv", "dir/2.csv", "note.txt", "4.csv"]);
    assert!(read(zipped(&[])).unwrap().report.is_clean());
}

#[test]
fn a_zip_that_is_broken_is_no_statement() {
    let one = statement(&[paid("A", "0.02")], "`1,`0.02,`0,`0,`0");
    let whole = zipped(&[("1.csv", one.as_bytes())]);
    assert!(matches!(read(&whole[..whole.len() - 30]), Err(StatementError::Zip(_))));
    let mut flipped = whole.clone();
    let middle = 30 + "1.csv".len() + 40;
    flipped[middle] ^= 0x55;
    assert!(matches!(read(flipped), Err(StatementError::Io { .. })));
    let stored = zipped(&[("1.csv", b"abc,def")]);
    let at = stored.windows(3).position(|bytes| bytes == b"abc").unwrap();
    let changed = [&stored[..at], b"xbc", &stored[at + 3..]].concat();
    assert!(matches!(read(changed), Err(StatementError::Io { .. })), "its checksum tells");
}

/// Gives a source in pieces of the lengths that are named, over and over.
struct Pieces {
    bytes: Cursor<Vec<u8>>,
    lengths: Vec<usize>,
    next: usize,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.lengths[self.next % self.lengths.len()].min(buffer.len());
        self.next += 1;
        self.bytes.read(&mut buffer[..length])
    }
}

prop_compose! {
    fn any_row()(refund in any::<bool>(), fen in 0_i64..1 << 40, id in "[A-Za-z0-9_-]{1,32}", name in "[^`\\r\\n]{0,20}") -> (String, String, i64, bool) {
        let yuan = format!("{}.{:02}", fen / 100, fen % 100);
        let line = if refund { refunded(&id, &yuan) } else { paid(&id, &yuan) };
        (line.replace("广东, 非税", &name), id, fen, refund)
    }
}

proptest! {
    #[test]
    fn rows_come_back_however_the_bytes_are_cut(
        rows in prop::collection::vec(any_row(), 0..20),
        lengths in prop::collection::vec(1_usize..50, 1..5),
        gbk in any::<bool>(),
        zip in any::<bool>(),
    ) {
        let lines: Vec<_> = rows.iter().map(|(line, ..)| line.clone()).collect();
        let sum = |refund| rows.iter().filter(|row| row.3 == refund).map(|row| row.2).sum::<i64>();
        let (paid, back) = (sum(false), sum(true));
        let yuan = |fen: i64| format!("{}.{:02}", fen / 100, fen % 100);
        let text = statement(&lines, &format!("`{},`{},`{},`0,`0", rows.len(), yuan(paid), yuan(back)));
        let bytes = if gbk { encoding_rs::GB18030.encode(&text).0.into_owned() } else { text.into_bytes() };
        let bytes = if zip { zipped(&[("a.csv", &bytes)]) } else { bytes };
        let file = read_from(Pieces { bytes: Cursor::new(bytes), lengths, next: 0 }).unwrap();
        prop_assert!(file.report.is_clean(), "{:?} {:?}", file.bad, file.report);
        let found: Vec<_> = file
            .rows
            .iter()
            .map(|row| match &row.refund {
                Some(refund) => (row.order_id.clone(), refund.refund_fee, true),
                None => (row.order_id.clone(), row.total_fee, false),
            })
            .collect();
        let expected: Vec<_> = rows.into_iter().map(|(_, id, fen, refund)| (id, fen, refund)).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn no_bytes_panic(start in prop::sample::select(vec!["", TITLES, "PK\u{3}\u{4}", "{"]), rest in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read([start.as_bytes(), b"\n", &rest].concat());
    }
}
