//! Rows as the sources show them, and rows that are broken.

use super::*;

const TITLES: &str = "Transaction time, Official Account ID, merchant ID, sub-merchant ID, Weixin order No., merchant order No., \
     user ID, transaction type, transaction status, paying bank, currency type, total amount, amount of company red packets, \
     Weixin refund order No., merchant refund order No., refund amount, refund amount of company red packets, refund type, \
     refund status, product name, service fee, rate, code of the region, payment notice No. (or platform order No.), code of \
     the collection entity, type of the payment notice, bank ID";

const PAID: &str = "`2017-09-25 09:39:03,`wxc971985892358997,`1800004561,`1900016021,`4200000022201709254109017673,`AQAAc_FX,`,\
     `JSAPI,`SUCCESS,`CFT,`CNY,`0.02,`0.00,`0,`0,`0.00,`0.00,`,`,`NTR payment, Guangdong,`0.00000,`0.00%,`440000,`1713372142,\
     `118610002,`1,`test_470690267";

fn header() -> StatementHeader {
    StatementHeader::read(TITLES).unwrap()
}

fn row(line: &str) -> Result<StatementRow, StatementFault> {
    header().row(line)
}

#[test]
fn a_payment_with_all_cells() {
    let row = row(PAID).unwrap();
    assert_eq!(row.transaction_at.to_string(), "2017-09-25T01:39:03Z");
    assert_eq!((row.order_id.as_str(), row.total_fee, row.refund), ("AQAAc_FX", 2, None));
    assert_eq!(row.trans_id.as_deref(), Some("4200000022201709254109017673"));
    assert_eq!((row.openid, row.desc.as_deref()), (None, Some("NTR payment, Guangdong")));
    assert_eq!((row.region_code.as_deref(), row.payment_notice_no.as_deref()), (Some("440000"), Some("1713372142")));
    assert_eq!((row.department_code.as_deref(), row.bank_id.as_deref()), (Some("118610002"), Some("test_470690267")));
}

#[test]
fn the_last_cell_may_be_missing_and_no_other() {
    let without_bank = PAID.rsplit_once(",`").unwrap().0;
    assert_eq!(row(without_bank).unwrap().bank_id, None);
    let shorter = without_bank.rsplit_once(",`").unwrap().0;
    assert!(row(shorter).unwrap_err().cause.contains("25 cells"));
}

#[test]
fn a_refund_names_its_order_and_itself() {
    let line = PAID
        .replace("`SUCCESS", "`REFUND")
        .replace("`0,`0,`0.00,`0.00,`,`", "`R1,`ours,`0.01,`0.00,`ORIGINAL,`SUCCESS");
    let row = row(&line).unwrap();
    let refund = row.refund.unwrap();
    assert_eq!((refund.refund_order_id.as_str(), refund.refund_out_id.as_deref()), ("R1", Some("ours")));
    assert_eq!((refund.refund_fee, refund.refund_status.as_deref(), row.total_fee), (1, Some("SUCCESS"), 2));
}

#[test]
fn a_row_that_contradicts_itself_is_refused() {
    for (from, to, column) in [
        ("`SUCCESS", "`REFUND", "Weixin refund order No."),
        ("`0,`0,`0.00", "`0,`0,`0.01", "Weixin refund order No."),
        ("`0,`0,`0.00", "`R1,`0,`0.01", "transaction status"),
    ] {
        assert_eq!(row(&PAID.replace(from, to)).unwrap_err().column, Some(column), "{to}");
    }
}

#[test]
fn a_broken_cell_is_told_by_the_title_of_its_column() {
    for (from, to, column) in [
        ("2017-09-25 09:39:03", "2017-09-25", "Transaction time"),
        ("2017-09-25 09:39:03", "2017-02-30 09:39:03", "Transaction time"),
        ("AQAAc_FX", " ", "merchant order No."),
        ("`0.02", "`-0.02", "total amount"),
        ("`0.02", "`0.021", "total amount"),
        ("`0.02", "`", "total amount"),
        ("`0.00%", "`0.00", "rate"),
        ("`0.00000", "`free", "service fee"),
    ] {
        assert_eq!(row(&PAID.replace(from, to)).unwrap_err().column, Some(column), "{to}");
    }
    assert_eq!(row(&PAID[1..]).unwrap_err().column, None);
}

#[test]
fn a_product_name_cannot_shift_the_cells_behind_it() {
    let without_bank = PAID.rsplit_once(",`").unwrap().0;
    for name in ["a,`b", "a,`0.00000", "a,`0.00000,`0.00%"] {
        for line in [PAID, without_bank] {
            let line = line.replace("NTR payment, Guangdong", name);
            assert!(row(&line).is_err(), "{line}");
        }
    }
}

#[test]
fn service_fees_are_finer_than_a_fen() {
    assert_eq!(row(&PAID.replace("`0.00000", "`-0.00612")).unwrap().service_fee_millifen, -612);
}

#[test]
fn words_that_nobody_listed_survive() {
    assert_eq!(row(&PAID.replace("SUCCESS", "REVOKED")).unwrap().status, "REVOKED");
}
