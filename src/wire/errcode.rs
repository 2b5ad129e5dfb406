//! The errcodes of callback replies (protocol §5; source §6.2.1, §6.2.2, §6.3.1).

use serde::{Deserialize, Serialize};

/// An errcode that a callback reply may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Errcode {
    /// 0. Query: unpaid and payable. Notification: recorded.
    Ok,
    /// 210. Invalid data format.
    InvalidFormat,
    /// 211. The entity or item is suspended.
    EntitySuspended,
    /// 231. The notice does not exist.
    NoticeNotFound,
    /// 232. Already paid.
    AlreadyPaid,
    /// 233. The notice is canceled.
    NoticeCanceled,
    /// 235. Late payment is not allowed.
    LatePaymentNotAllowed,
    /// 236. Payment through this bank is not supported.
    BankNotSupported,
    /// 296. Notice error.
    NoticeError,
    /// 297. Payment is suspended for now.
    PaymentSuspended,
    /// 298. Decryption failed.
    DecryptionFailed,
    /// 299. System error.
    SystemError,
    /// 300. Invalid signature.
    InvalidSignature,
}

/// Whether the platform refunds the citizen when the reply to a paid notification carries an errcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefundRule {
    /// It does not.
    Never,
    /// It does.
    Always,
    /// It does when the reply's `order_id` is not the notified one.
    WhenOrderDiffers,
}

/// The language of errmsg.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Locale {
    /// Chinese.
    #[default]
    #[serde(rename = "zh-CN")]
    Chinese,
    /// English.
    #[serde(rename = "en")]
    English,
}

struct Row {
    errcode: Errcode,
    code: i64,
    refunds: RefundRule,
    chinese: &'static str,
    english: &'static str,
}

const fn row(errcode: Errcode, code: i64, refunds: RefundRule, chinese: &'static str, english: &'static str) -> Row {
    Row { errcode, code, refunds, chinese, english }
}

/// In the order of the enum's variants, which a test checks.
const TABLE: [Row; 13] = {
    use RefundRule::{Always, Never, WhenOrderDiffers};
    [
        row(Errcode::Ok, 0, Never, "成功", "ok"),
        row(Errcode::InvalidFormat, 210, Never, "数据格式错误", "invalid data format"),
        row(Errcode::EntitySuspended, 211, Always, "执收单位或项目已暂停缴费", "the entity or item is suspended"),
        row(Errcode::NoticeNotFound, 231, Always, "缴费通知书不存在", "the payment notice does not exist"),
        row(Errcode::AlreadyPaid, 232, WhenOrderDiffers, "缴费通知书已缴款", "the payment notice is already paid"),
        row(Errcode::NoticeCanceled, 233, Always, "缴费通知书已作废", "the payment notice is canceled"),
        row(Errcode::LatePaymentNotAllowed, 235, Always, "已逾期,不允许缴款", "late payment is not allowed"),
        row(
            Errcode::BankNotSupported,
            236,
            Always,
            "不支持通过该银行缴款",
            "payment through this bank is not supported",
        ),
        row(Errcode::NoticeError, 296, Always, "缴费通知书信息有误", "the payment notice is in error"),
        row(Errcode::PaymentSuspended, 297, Never, "暂停缴费", "payment is suspended for now"),
        row(Errcode::DecryptionFailed, 298, Never, "解密失败", "decryption failed"),
        row(Errcode::SystemError, 299, Never, "系统错误", "system error"),
        row(Errcode::InvalidSignature, 300, Never, "签名无效", "invalid signature"),
    ]
};

impl Errcode {
    /// Every errcode, by rising code.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.errcode)
    }

    const fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> i64 {
        self.row().code
    }

    /// The errcode of a number; `None` for a number that the protocol does not list.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        TABLE.iter().find(|row| row.code == code).map(|row| row.errcode)
    }

    /// What it means, as it stands in errmsg.
    #[must_use]
    pub const fn message(self, locale: Locale) -> &'static str {
        match locale {
            Locale::Chinese => self.row().chinese,
            Locale::English => self.row().english,
        }
    }

    /// Whether the platform refunds on it when it answers a paid notification.
    #[must_use]
    pub const fn refunds(self) -> RefundRule {
        self.row().refunds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_in_the_order_of_the_variants() {
        for errcode in Errcode::all() {
            assert_eq!(errcode.row().errcode, errcode);
            assert_eq!(Errcode::from_code(errcode.code()), Some(errcode));
        }
        assert_eq!(Errcode::from_code(1), None);
    }

    #[test]
    fn the_platform_refunds_on_seven_codes() {
        let refunding: Vec<i64> =
            Errcode::all().filter(|e| e.refunds() != RefundRule::Never).map(Errcode::code).collect();
        assert_eq!(refunding, [211, 231, 232, 233, 235, 236, 296]);
    }
}
