//! What an order and a payment at the counter have in common: what is paid, to whom, for which notice.

use super::Findings;
use crate::wire::{MicropayRequest, ReceivablesItem, UnifiedOrderRequest};

/// The rules in words.
macro_rules! payable_rules {
    ($($more:literal),+ $(,)?) => {
        &[
            "appid, desc, department_code, department_name and region_code are there",
            "fee is above 0 and is the sum of the items' fee",
            "there is at least one item; each has item_id and item_name, and no amount is negative",
            "payment_notice_create_time is there, in Unix seconds",
            "exactly one of payment_notice_no and order_no is there",
            "payment_notice_type is 1 or 2, payment_expire_date a day as YYYYMMDD, where they are there",
            "numbers and codes have at most 128 bytes, no blanks around them and no control characters",
            $($more),+
        ]
    };
}
pub(super) use payable_rules;

/// The fields that both requests have.
pub(super) struct Payable<'a> {
    appid: &'a str,
    identifiers: [(&'static str, Option<&'a str>); 3],
    desc: &'a str,
    fee: Option<i64>,
    user_name: Option<&'a str>,
    items: &'a [ReceivablesItem],
    payment_notice_create_time: Option<i64>,
    payment_expire_date: Option<&'a str>,
    payment_notice_no: Option<&'a str>,
    order_no: Option<&'a str>,
    department_code: &'a str,
    department_name: &'a str,
    payment_notice_type: Option<i64>,
    region_code: &'a str,
}

macro_rules! payable_part {
    ($($request:ty),+) => {
        $(impl<'a> From<&'a $request> for Payable<'a> {
            fn from(request: &'a $request) -> Self {
                Self {
                    appid: &request.appid,
                    identifiers: [
                        ("bank_id", request.bank_id.as_deref()),
                        ("bank_account", request.bank_account.as_deref()),
                        ("mch_id", request.mch_id.as_deref()),
                    ],
                    desc: &request.desc,
                    fee: request.fee,
                    user_name: request.user_name.as_deref(),
                    items: &request.items,
                    payment_notice_create_time: request.payment_notice_create_time,
                    payment_expire_date: request.payment_expire_date.as_deref(),
                    payment_notice_no: request.payment_notice_no.as_deref(),
                    order_no: request.order_no.as_deref(),
                    department_code: &request.department_code,
                    department_name: &request.department_name,
                    payment_notice_type: request.payment_notice_type,
                    region_code: &request.region_code,
                }
            }
        })+
    };
}

payable_part!(UnifiedOrderRequest, MicropayRequest);

impl Payable<'_> {
    pub(super) fn check(&self, findings: &mut Findings) {
        findings.identifier("appid", self.appid);
        for (field, text) in self.identifiers {
            findings.optional_identifier(field, text);
        }
        findings.text("desc", self.desc);
        findings.notice_or_order(self.payment_notice_no, self.order_no);
        findings.identifier("department_code", self.department_code);
        findings.text("department_name", self.department_name);
        findings.payment_notice_type(self.payment_notice_type);
        findings.identifier("region_code", self.region_code);
        findings.optional_text("user_name", self.user_name);
        findings.unix_seconds("payment_notice_create_time", self.payment_notice_create_time);
        findings.date("payment_expire_date", self.payment_expire_date);
        self.check_amounts(findings);
    }

    fn check_amounts(&self, findings: &mut Findings) {
        for (index, item) in self.items.iter().enumerate() {
            let field = |name: &str| format!("items[{index}].{name}");
            findings.identifier(&field("item_id"), &item.item_id);
            findings.text(&field("item_name"), &item.item_name);
            for (name, amount) in [("overdue", item.overdue), ("penalty", item.penalty), ("fee", Some(item.fee))] {
                if amount.is_some_and(|amount| amount < 0) {
                    findings.report(field(name), "must not be negative: give an amount in fen");
                }
            }
        }
        if self.items.is_empty() {
            findings.report("items", "is required: give at least one item");
        }
        match self.fee {
            None => findings.report("fee", "is required: give the total in fen"),
            Some(fee) if fee <= 0 => findings.report("fee", "must be above 0: give the total in fen"),
            Some(_) if self.items.is_empty() => {}
            Some(fee) => match self.items.iter().try_fold(0_i64, |sum, item| sum.checked_add(item.fee)) {
                Some(sum) if sum == fee => {}
                Some(sum) => findings.report(
                    "fee",
                    format!(
                        "must be the sum of the items' fee: it is {fee}, they add up to {sum}; correct one of them"
                    ),
                ),
                None => findings.report("fee", "must be the sum of the items' fee, which is larger than any amount"),
            },
        }
    }
}
