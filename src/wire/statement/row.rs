//! One row: a payment, or a refund.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::cells::{Cells, fault};
use super::column::Column;
use super::header::StatementHeader;
use super::{StatementFault, repeated};

/// `transaction status` of a payment.
pub const STATEMENT_STATUS_SUCCESS: &str = "SUCCESS";

/// `transaction status` of a refund.
pub const STATEMENT_STATUS_REFUND: &str = "REFUND";

/// China's time, all year since 1991.
const CHINA: Offset = Offset::constant(8);

/// A row of a statement. Amounts are whole fen and never negative. Cells that are empty are absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementRow {
    /// When it was paid or refunded.
    pub transaction_at: Timestamp,
    /// The Official Account, often the platform's own.
    pub appid: Option<String>,
    /// The merchant account, often the platform's own.
    pub mch_id: Option<String>,
    /// The merchant account that the money went to.
    pub sub_mch_id: Option<String>,
    /// The number of the payment ("Weixin order No.").
    pub trans_id: Option<String>,
    /// The platform's order ("merchant order No."). Never empty.
    pub order_id: String,
    /// The payer's openid.
    pub openid: Option<String>,
    /// `JSAPI` and the like.
    pub trade_type: Option<String>,
    /// `SUCCESS` of a payment, `REFUND` of a refund. Words that nobody listed survive.
    pub status: String,
    /// The paying bank.
    pub bank_type: Option<String>,
    /// The currency.
    pub fee_type: Option<String>,
    /// The amount of the order, which the row of a refund repeats.
    pub total_fee: i64,
    /// What of it company red packets paid.
    pub coupon_fee: i64,
    /// The refund that this row is of.
    pub refund: Option<StatementRefund>,
    /// The product's name.
    pub desc: Option<String>,
    /// The service fee in 1/1000 fen; what was given back is negative.
    pub service_fee_millifen: i64,
    /// The rate of the service fee, with its percent sign.
    pub rate: Option<String>,
    /// The region.
    pub region_code: Option<String>,
    /// The payment notice, or the number of an order that was placed without one.
    pub payment_notice_no: Option<String>,
    /// The collection entity.
    pub department_code: Option<String>,
    /// `1` or `2`.
    pub payment_notice_type: Option<String>,
    /// The collecting bank.
    pub bank_id: Option<String>,
}

/// The refund that a row is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementRefund {
    /// The platform's number of it ("Weixin refund order No."). Never empty.
    pub refund_order_id: String,
    /// The number of whoever asked for it ("merchant refund order No.").
    pub refund_out_id: Option<String>,
    /// How much, in fen.
    pub refund_fee: i64,
    /// What of it went back into company red packets, in fen.
    pub coupon_refund_fee: i64,
    /// Where it went: `ORIGINAL` and the like.
    pub refund_type: Option<String>,
    /// `SUCCESS`, `PROCESSING` and the like.
    pub refund_status: Option<String>,
}

impl StatementHeader {
    /// Reads a row under this header.
    ///
    /// # Errors
    /// [`StatementFault`] names the first cell that cannot be what its column says, or tells what is wrong with the line.
    pub fn row(&self, line: &str) -> Result<StatementRow, StatementFault> {
        let cells = Cells::of(self, line)?;
        Ok(StatementRow {
            transaction_at: instant(&cells)?,
            appid: cells.optional(Column::Appid),
            mch_id: cells.optional(Column::MchId),
            sub_mch_id: cells.optional(Column::SubMchId),
            trans_id: cells.optional(Column::TransId),
            order_id: cells.required(Column::OrderId)?.to_owned(),
            openid: cells.optional(Column::Openid),
            trade_type: cells.optional(Column::TradeType),
            status: cells.required(Column::Status)?.to_owned(),
            bank_type: cells.optional(Column::BankType),
            fee_type: cells.optional(Column::FeeType),
            total_fee: cells.required(Column::TotalFee).and_then(|_| cells.fen(Column::TotalFee))?,
            coupon_fee: cells.fen(Column::CouponFee)?,
            refund: refund(&cells)?,
            desc: cells.optional(Column::Desc),
            service_fee_millifen: cells.millifen(Column::ServiceFee)?,
            rate: cells.rate(Column::Rate)?,
            region_code: cells.optional(Column::RegionCode),
            payment_notice_no: cells.optional(Column::PaymentNoticeNo),
            department_code: cells.optional(Column::DepartmentCode),
            payment_notice_type: cells.optional(Column::PaymentNoticeType),
            bank_id: cells.optional(Column::BankId),
        })
    }
}

/// The time in China, `2017-06-01 15:33:10`.
fn instant(cells: &Cells<'_>) -> Result<Timestamp, StatementFault> {
    let text = cells.required(Column::TransactionTime)?;
    let wrong = || fault(Column::TransactionTime, format!("{} is no time such as 2017-06-01 15:33:10", repeated(text)));
    let time: DateTime = text.parse().map_err(|_| wrong())?;
    // A date alone would be read as midnight.
    if text.len() != "2017-06-01 15:33:10".len() {
        return Err(wrong());
    }
    CHINA.to_timestamp(time).map_err(|_| wrong())
}

/// A row is of a refund when it names one. A row that contradicts itself is nobody's.
fn refund(cells: &Cells<'_>) -> Result<Option<StatementRefund>, StatementFault> {
    let refund_fee = cells.fen(Column::RefundFee)?;
    let status = cells.text(Column::Status);
    let Some(refund_order_id) = cells.number(Column::RefundOrderId) else {
        return match (status, refund_fee) {
            (STATEMENT_STATUS_REFUND, _) => Err(fault(Column::RefundOrderId, "is missing in the row of a refund")),
            (_, 0) => Ok(None),
            _ => Err(fault(Column::RefundOrderId, "is missing in a row that has a refund amount")),
        };
    };
    if status == STATEMENT_STATUS_SUCCESS {
        return Err(fault(Column::Status, "is SUCCESS in a row that names a refund"));
    }
    Ok(Some(StatementRefund {
        refund_order_id: refund_order_id.to_owned(),
        refund_out_id: cells.number(Column::RefundOutId).map(str::to_owned),
        refund_fee,
        coupon_refund_fee: cells.fen(Column::CouponRefundFee)?,
        refund_type: cells.optional(Column::RefundType),
        refund_status: cells.optional(Column::RefundStatus),
    }))
}

#[cfg(test)]
#[path = "row_tests.rs"]
mod tests;
