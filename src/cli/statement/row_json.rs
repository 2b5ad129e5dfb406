//! Statements as JSON, for programs. The platform's fields bear its names and are in fen; ours that end in `_at` are RFC 3339.
//! The payer's openid is left out: nothing that is done with a statement needs it.

use serde_json::{Value, json};

use crate::app::statement::{BadRow, CsvReport, StatementReport};
use crate::store::StatementFile;
use crate::wire::StatementRow;

pub(super) fn file_to_json(file: &StatementFile) -> Value {
    json!({
        "party": file.key.party.as_str(),
        "bill_date": file.key.bill_date.to_string(),
        "mch_id": file.key.mch_id,
        "bill_type": file.key.bill_type.name(),
        "kind": file.kind.name(),
        "size_bytes": file.size_bytes,
        "sha256": file.sha256,
        "fetched_at": file.fetched_at.to_string(),
        "seen_at": file.seen_at.to_string(),
        "pruned_at": file.pruned_at.map(|at| at.to_string()),
    })
}

pub(super) fn row_to_json(row: &StatementRow) -> Value {
    let refund = row.refund.as_ref().map(|refund| {
        json!({
            "refund_order_id": refund.refund_order_id,
            "refund_out_id": refund.refund_out_id,
            "refund_fee": refund.refund_fee,
            "coupon_refund_fee": refund.coupon_refund_fee,
            "refund_type": refund.refund_type,
            "refund_status": refund.refund_status,
        })
    });
    json!({
        "transaction_at": row.transaction_at.to_string(),
        "appid": row.appid,
        "mch_id": row.mch_id,
        "sub_mch_id": row.sub_mch_id,
        "trans_id": row.trans_id,
        "order_id": row.order_id,
        "trade_type": row.trade_type,
        "status": row.status,
        "bank_type": row.bank_type,
        "fee_type": row.fee_type,
        "total_fee": row.total_fee,
        "coupon_fee": row.coupon_fee,
        "refund": refund,
        "desc": row.desc,
        "service_fee_millifen": row.service_fee_millifen,
        "rate": row.rate,
        "region_code": row.region_code,
        "payment_notice_no": row.payment_notice_no,
        "department_code": row.department_code,
        "payment_notice_type": row.payment_notice_type,
        "bank_id": row.bank_id,
    })
}

pub(super) fn bad_row_to_json(bad: &BadRow) -> Value {
    json!({ "entry": bad.entry, "line": bad.line, "column": bad.column, "cause": bad.cause })
}

pub(super) fn report_to_json(report: &StatementReport) -> Value {
    json!({
        "clean": report.is_clean(),
        "rows": report.row_count(),
        "bad_rows": report.bad_row_count(),
        "files": report.files.iter().map(csv_to_json).collect::<Value>(),
    })
}

fn csv_to_json(csv: &CsvReport) -> Value {
    let differences = csv.differences().map(
        |difference| json!({ "total": difference.total, "stated": difference.stated, "counted": difference.counted }),
    );
    json!({
        "entry": csv.entry,
        "rows": csv.row_count,
        "refund_rows": csv.refund_row_count,
        "bad_rows": csv.bad_row_count,
        "total_fee": csv.totals.total_fee,
        "refund_fee": csv.totals.refund_fee,
        "coupon_refund_fee": csv.totals.coupon_refund_fee,
        "service_fee_millifen": csv.totals.service_fee_millifen,
        "has_summary": csv.summary.is_some(),
        "differences": differences.collect::<Value>(),
    })
}
