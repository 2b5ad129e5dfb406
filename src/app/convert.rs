//! Between the shapes on the wire and the types of the rules.

use jiff::Timestamp;

use super::Fault;
use crate::domain::{
    BankId, Fen, InvalidIdentifier, Item, Notice, NoticeKey, NoticeType, OrderDetails, OrderId, OrderSource,
};
use crate::wire::{FEE_TYPE_CNY, GetOrderReply, PaymentStatusNotification, ReceivablesItem, ReceivablesReply};

/// An amount of a field.
pub(super) fn fen(field: &str, amount: i64) -> Result<Fen, Fault> {
    Fen::new(amount).ok_or_else(|| Fault::Field(format!("{field} is negative")))
}

/// An instant of a field; 0 means that it has not happened.
pub(super) fn instant(field: &str, seconds: Option<i64>) -> Result<Option<Timestamp>, Fault> {
    match seconds {
        None | Some(0) => Ok(None),
        Some(seconds) if seconds < 0 => Err(Fault::Field(format!("{field} is negative"))),
        Some(seconds) => {
            let instant = Timestamp::from_second(seconds);
            instant.map(Some).map_err(|_| Fault::Field(format!("{field} is not a time in Unix seconds")))
        }
    }
}

/// An item as the rules know it.
///
/// # Errors
/// [`Fault::Field`] for a negative amount.
pub fn item_from_wire(item: &ReceivablesItem) -> Result<Item, Fault> {
    let optional = |field, amount: Option<i64>| amount.map(|amount| fen(field, amount)).transpose();
    Ok(Item {
        no: item.no,
        item_id: item.item_id.clone(),
        item_name: item.item_name.clone(),
        overdue: optional("overdue", item.overdue)?,
        penalty: optional("penalty", item.penalty)?,
        fee: fen("fee", item.fee)?,
    })
}

/// An item as it stands on the wire.
#[must_use]
pub fn item_to_wire(item: &Item) -> ReceivablesItem {
    ReceivablesItem {
        no: item.no,
        item_id: item.item_id.clone(),
        item_name: item.item_name.clone(),
        overdue: item.overdue.map(Fen::get),
        penalty: item.penalty.map(Fen::get),
        fee: item.fee.get(),
    }
}

/// The reply for a notice that may be paid, but for errcode and errmsg.
pub(super) fn notice_to_reply(notice: &Notice) -> ReceivablesReply {
    ReceivablesReply {
        region_code: Some(notice.key.region_code.to_string()),
        payment_notice_no: Some(notice.key.payment_notice_no.to_string()),
        department_code: Some(notice.key.department_code.to_string()),
        department_name: Some(notice.department_name.clone()),
        payment_notice_type: Some(notice.payment_notice_type.code()),
        user_name: notice.user_name.clone(),
        payment_notice_create_time: notice.payment_notice_create_time.map(Timestamp::as_second),
        payment_expire_date: notice.payment_expire_date.map(|date| date.to_string()),
        fee: Some(notice.fee.get()),
        items: notice.items.iter().map(item_to_wire).collect(),
        ..ReceivablesReply::default()
    }
}

/// The order's details, when the notification itself tells them: notice, region, entity and fee, all four.
pub(super) fn details_from_notification(
    notification: &PaymentStatusNotification,
) -> Result<Option<OrderDetails>, Fault> {
    let told =
        (&notification.region_code, &notification.department_code, &notification.payment_notice_no, notification.fee);
    let (Some(region_code), Some(department_code), Some(payment_notice_no), Some(fee)) = told else {
        return Ok(None);
    };
    Ok(Some(OrderDetails {
        notice: Some(NoticeKey::new(region_code, department_code, payment_notice_no)?),
        fee: fen("fee", fee)?,
        bank_id: bank_id(notification.bank_id.as_deref())?,
        department_name: None,
        payment_notice_type: None,
        items: Vec::new(),
        source: OrderSource::Notification,
    }))
}

/// The order's details from the platform's reply. What is missing in it is the platform's fault, not the notification's.
/// `department_code` is the collection entity, from the reply or, where it leaves it out, from the book.
pub(super) fn details_from_platform(
    order_id: &OrderId,
    reply: &GetOrderReply,
    department_code: Option<&str>,
) -> Result<OrderDetails, String> {
    if reply.order_id.as_deref().is_some_and(|told| told != order_id.as_str()) {
        return Err("it is about another order".to_owned());
    }
    if let Some(other) = reply.fee_type.filter(|fee_type| *fee_type != FEE_TYPE_CNY) {
        return Err(format!("fee_type is {other}: only {FEE_TYPE_CNY}, CNY, can pay a notice"));
    }
    let fee = reply.fee.and_then(Fen::new).ok_or("fee is missing or negative")?;
    let notice = match (&reply.payment_notice_no, &reply.region_code, department_code) {
        (Some(number), Some(region), Some(department)) => {
            Some(NoticeKey::new(region, department, number).map_err(|e| e.to_string())?)
        }
        (Some(_), None, _) => return Err("region_code is missing".to_owned()),
        // An order for something else than a notice, or for a notice of which the book holds none.
        (None, _, _) | (Some(_), Some(_), None) => None,
    };
    let items: Result<Vec<Item>, Fault> = reply.items.iter().map(item_from_wire).collect();
    Ok(OrderDetails {
        notice,
        fee,
        bank_id: bank_id(reply.bank_id.as_deref()).map_err(|e| e.to_string())?,
        department_name: reply.department_name.clone(),
        payment_notice_type: reply.payment_notice_type.and_then(NoticeType::from_code),
        items: items.map_err(|e| e.to_string())?,
        source: OrderSource::Platform,
    })
}

fn bank_id(text: Option<&str>) -> Result<Option<BankId>, InvalidIdentifier> {
    text.map(BankId::new).transpose()
}
