//! The columns of a statement and the titles that they go by, in English as the sources list them and in Chinese.

/// A column that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    TransactionTime,
    Appid,
    MchId,
    SubMchId,
    TransId,
    OrderId,
    Openid,
    TradeType,
    Status,
    BankType,
    FeeType,
    TotalFee,
    CouponFee,
    RefundOrderId,
    RefundOutId,
    RefundFee,
    CouponRefundFee,
    RefundType,
    RefundStatus,
    Desc,
    ServiceFee,
    Rate,
    RegionCode,
    PaymentNoticeNo,
    DepartmentCode,
    PaymentNoticeType,
    BankId,
}

/// The columns and their titles. The first title is the one that faults name; what stands in brackets in a file is not compared.
const TITLES: [(Column, &[&str]); Column::COUNT] = [
    (Column::TransactionTime, &["Transaction time", "交易时间"]),
    (Column::Appid, &["Official Account ID", "公众账号ID"]),
    (Column::MchId, &["merchant ID", "商户号"]),
    (Column::SubMchId, &["sub-merchant ID", "子商户号", "特约商户号"]),
    (Column::TransId, &["Weixin order No.", "WeChat order No.", "微信订单号"]),
    (Column::OrderId, &["merchant order No.", "商户订单号"]),
    (Column::Openid, &["user ID", "用户标识"]),
    (Column::TradeType, &["transaction type", "交易类型"]),
    (Column::Status, &["transaction status", "交易状态"]),
    (Column::BankType, &["paying bank", "付款银行"]),
    (Column::FeeType, &["currency type", "货币种类"]),
    (Column::TotalFee, &["total amount", "总金额"]),
    (Column::CouponFee, &["amount of company red packets", "企业红包金额", "代金券或立减优惠金额"]),
    (Column::RefundOrderId, &["Weixin refund order No.", "WeChat refund order No.", "微信退款单号"]),
    (Column::RefundOutId, &["merchant refund order No.", "商户退款单号"]),
    (Column::RefundFee, &["refund amount", "退款金额"]),
    (
        Column::CouponRefundFee,
        &["refund amount of company red packets", "企业红包退款金额", "代金券或立减优惠退款金额"],
    ),
    (Column::RefundType, &["refund type", "退款类型"]),
    (Column::RefundStatus, &["refund status", "退款状态"]),
    (Column::Desc, &["product name", "商品名称"]),
    (Column::ServiceFee, &["service fee", "手续费"]),
    (Column::Rate, &["rate", "费率"]),
    (Column::RegionCode, &["code of the region", "区划编码", "行政区划编码", "区划代码", "行政区划代码"]),
    (
        Column::PaymentNoticeNo,
        &["payment notice No.", "缴费通知书编号", "缴款通知书编号", "缴费通知书编号或平台订单号", "缴费通知单编号"],
    ),
    (Column::DepartmentCode, &["code of the collection entity", "执收单位编码", "执收单位代码"]),
    (Column::PaymentNoticeType, &["type of the payment notice", "缴费通知书类型", "缴款通知书类型", "缴费通知单类型"]),
    (Column::BankId, &["bank ID", "银行编号", "银行编码", "银行ID"]),
];

impl Column {
    /// How many there are.
    pub(super) const COUNT: usize = Self::BankId as usize + 1;

    /// Without these a row tells nothing.
    pub(super) const REQUIRED: [Self; 4] = [Self::TransactionTime, Self::OrderId, Self::Status, Self::TotalFee];

    /// The column of a title in a file.
    pub(super) fn titled(title: &str) -> Option<Self> {
        let plain = plain(title);
        let row = TITLES.iter().find(|(_, titles)| titles.iter().any(|known| self::plain(known) == plain));
        row.map(|(column, _)| *column)
    }

    /// Its title in English.
    pub(super) fn title(self) -> &'static str {
        TITLES[self as usize].1[0]
    }
}

/// A title as it is compared: without case, backtick, white space, and what stands in brackets.
pub(super) fn plain(title: &str) -> String {
    let title = title.split(['(', '（']).next().unwrap_or_default();
    title.chars().filter(|c| !c.is_whitespace() && !"`\u{feff}\"".contains(*c)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_stands_in_its_place_and_each_title_is_of_one_column() {
        for (index, (column, titles)) in TITLES.iter().enumerate() {
            assert_eq!(*column as usize, index);
            for title in *titles {
                assert_eq!(Column::titled(title), Some(*column), "{title}");
            }
        }
    }

    #[test]
    fn titles_are_compared_without_their_trimmings() {
        assert_eq!(Column::titled(" payment notice No. (or platform order No.)"), Some(Column::PaymentNoticeNo));
        assert_eq!(Column::titled("`公众账号id"), Some(Column::Appid));
        assert_eq!(Column::titled("总金额（元）"), Some(Column::TotalFee));
        assert_eq!(Column::titled("exchange rate"), None);
    }
}
