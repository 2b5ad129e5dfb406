//! The statement of one merchant account and one day in China, as csv (source §6.1.5).

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

use super::cases::TEST_BANK_ID;
use super::order::{Order, Payment, Refund};
use crate::wire::TRADE_TYPE_JSAPI;

/// The first line, as the sources list the titles.
const HEADER: &str = "Transaction time, Official Account ID, merchant ID, sub-merchant ID, Weixin order No., merchant order No., \
     user ID, transaction type, transaction status, paying bank, currency type, total amount, amount of company red packets, \
     Weixin refund order No., merchant refund order No., refund amount, refund amount of company red packets, refund type, \
     refund status, product name, service fee, rate, code of the region, payment notice No. (or platform order No.), code of \
     the collection entity, type of the payment notice, bank ID";

/// The last line but one.
const SUMMARY_HEADER: &str = "Total transaction numbers, total transaction amount, total refund amount, total refund amount of \
     company red packets, total service fees";

/// The platform's own Official Account, as in the sources' sample.
const PLATFORM_APPID: &str = "wxc971985892358997";

/// The platform's own merchant account, as in the sources' sample.
const PLATFORM_MCH_ID: &str = "1800004561";

/// Which rows a statement has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BillType {
    /// Payments and refunds.
    All,
    /// Payments.
    Success,
    /// Refunds.
    Refund,
}

/// What a row tells of.
enum Row<'a> {
    Payment(&'a Order, &'a Payment),
    Refund(&'a Order, &'a Payment, &'a Refund),
}

/// The csv text. Refunds that are on their way are not in it. A payment's row is of the day of payment, a refund's of the day when
/// the money was back; it repeats the order's total, which the summary counts for payments only.
pub(super) fn csv<'a>(
    orders: impl Iterator<Item = &'a Order>,
    mch_id: &str,
    day: Date,
    kind: BillType,
    now: i64,
) -> String {
    let mut rows: Vec<Row<'a>> = orders.flat_map(|order| rows_of(order, kind, now)).collect();
    rows.retain(|row| day_of(row.time()) == Some(day));
    rows.sort_by_key(Row::time);
    let (mut paid, mut refunded) = (0, 0);
    let mut text = format!("{HEADER}\n");
    for row in &rows {
        paid += row.paid_fee();
        refunded += row.refunded_fee();
        line(&mut text, &row.cells(mch_id));
    }
    text.push_str(SUMMARY_HEADER);
    text.push('\n');
    line(&mut text, &[rows.len().to_string(), yuan(paid), yuan(refunded), yuan(0), "0.00000".to_owned()]);
    text
}

/// The day in China at a time in Unix seconds, which has kept UTC+8 all year since 1991.
pub(super) fn day_of(time: i64) -> Option<Date> {
    Some(Timestamp::from_second(time).ok()?.to_zoned(TimeZone::fixed(Offset::constant(8))).date())
}

fn rows_of(order: &Order, kind: BillType, now: i64) -> Vec<Row<'_>> {
    let Some(payment) = &order.payment else { return Vec::new() };
    let payments = (kind != BillType::Refund).then_some(Row::Payment(order, payment));
    let refunds = payment.refunds.iter().filter(|refund| kind != BillType::Success && refund.is_done(now));
    payments.into_iter().chain(refunds.map(|refund| Row::Refund(order, payment, refund))).collect()
}

impl Row<'_> {
    const fn time(&self) -> i64 {
        match self {
            Self::Payment(_, payment) => payment.finished_at,
            Self::Refund(_, _, refund) => refund.finished_at,
        }
    }

    const fn paid_fee(&self) -> i64 {
        match self {
            Self::Payment(order, _) => order.fee,
            Self::Refund(..) => 0,
        }
    }

    const fn refunded_fee(&self) -> i64 {
        match self {
            Self::Payment(..) => 0,
            Self::Refund(_, _, refund) => refund.fee,
        }
    }

    fn cells(&self, mch_id: &str) -> [String; 27] {
        let (order, payment, refund) = match self {
            Self::Payment(order, payment) => (order, payment, None),
            Self::Refund(order, payment, refund) => (order, payment, Some(refund)),
        };
        let request = &order.request;
        let or_none = |text: &Option<String>| text.clone().unwrap_or_default();
        let trade_type = request.trade_type.as_deref().unwrap_or(TRADE_TYPE_JSAPI);
        let of_refund = |text: &dyn Fn(&Refund) -> String, otherwise: &str| {
            refund.map_or_else(|| otherwise.to_owned(), |refund| text(refund))
        };
        [
            time_text(self.time()),
            PLATFORM_APPID.to_owned(),
            PLATFORM_MCH_ID.to_owned(),
            mch_id.to_owned(),
            payment.trans_id.clone(),
            order.order_id.clone(),
            or_none(&request.openid),
            trade_type.to_owned(),
            if refund.is_some() { "REFUND" } else { "SUCCESS" }.to_owned(),
            "CFT".to_owned(),
            "CNY".to_owned(),
            yuan(order.fee),
            yuan(0),
            of_refund(&|refund| refund.refund_order_id.clone(), "0"),
            of_refund(&|refund| refund.refund_out_id.clone().unwrap_or_else(|| refund.refund_order_id.clone()), "0"),
            yuan(self.refunded_fee()),
            yuan(0),
            of_refund(&|_| "ORIGINAL".to_owned(), ""),
            of_refund(&|_| "SUCCESS".to_owned(), ""),
            request.desc.clone(),
            "0.00000".to_owned(),
            "0.00%".to_owned(),
            request.region_code.clone(),
            request.payment_notice_no.clone().or_else(|| request.order_no.clone()).unwrap_or_default(),
            request.department_code.clone(),
            request.payment_notice_type.map(|kind| kind.to_string()).unwrap_or_default(),
            request.bank_id.clone().unwrap_or_else(|| TEST_BANK_ID.to_owned()),
        ]
    }
}

/// One line: each cell after a backtick. Nothing is quoted, so that a line break in a cell would end the row.
fn line(text: &mut String, cells: &[String]) {
    let cells: Vec<String> = cells.iter().map(|cell| format!("`{}", cell.replace(['\r', '\n'], " "))).collect();
    text.push_str(&cells.join(","));
    text.push('\n');
}

/// Fen as yuan with two decimals.
fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

fn time_text(time: i64) -> String {
    let timestamp = Timestamp::from_second(time).unwrap_or_default();
    timestamp.to_zoned(TimeZone::fixed(Offset::constant(8))).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::order::tests::order;
    use crate::simulator::placement;
    use crate::wire::{RefundRequest, UnifiedOrderRequest};

    /// 2017-09-25 23:59:00 in China.
    const LATE: i64 = 1_506_355_140;

    fn paid_late() -> Order {
        let request = UnifiedOrderRequest { desc: "two\nlines, one cell".into(), ..placement::tests::request() };
        let mut order = Order { created_at: LATE, request, ..order(1_234) };
        order.pay(LATE, "wx_nontax".into(), LATE).unwrap();
        let part = RefundRequest {
            reason: "r".into(),
            refund_fee: Some(34),
            refund_out_id: Some("part-1".into()),
            ..Default::default()
        };
        order.refund(&part, LATE, 60).unwrap();
        order
    }

    fn lines(kind: BillType, day: &str, now: i64) -> Vec<String> {
        let order = paid_late();
        csv(std::iter::once(&order), "1900016021", day.parse().unwrap(), kind, now).lines().map(str::to_owned).collect()
    }

    #[test]
    fn each_row_is_of_its_day_in_china_and_of_its_type() {
        assert_eq!(lines(BillType::All, "2017-09-25", LATE + 60).len(), 4);
        assert_eq!(lines(BillType::Refund, "2017-09-25", LATE + 60)[2], "`0,`0.00,`0.00,`0.00,`0.00000");
        let refunded = lines(BillType::All, "2017-09-26", LATE + 60);
        assert!(
            refunded[1].starts_with("`2017-09-26 00:00:00,`") && refunded[1].contains(",`REFUND,`"),
            "{refunded:?}"
        );
        assert!(refunded[1].contains(",`part-1,`0.34,`0.00,`ORIGINAL,`SUCCESS,`"), "{refunded:?}");
        assert_eq!(refunded[3], "`1,`0.00,`0.34,`0.00,`0.00000");
        assert_eq!(lines(BillType::All, "2017-09-26", LATE + 59).len(), 3);
        assert_eq!(lines(BillType::Success, "2017-09-26", LATE + 60).len(), 3);
    }

    #[test]
    fn a_row_has_a_cell_for_each_title() {
        let lines = lines(BillType::Success, "2017-09-25", LATE + 60);
        assert_eq!(lines[0].split(", ").count(), 27);
        assert_eq!(lines[1].split(",`").count(), 27);
        assert!(
            lines[1]
                .contains(",`CNY,`12.34,`0.00,`0,`0,`0.00,`0.00,`,`,`two lines, one cell,`0.00000,`0.00%,`440000,`")
        );
        assert_eq!((lines[2].as_str(), lines[3].as_str()), (SUMMARY_HEADER, "`1,`12.34,`0.00,`0.00,`0.00000"));
    }
}
