//! One row of the statement on its way through the sort: from the wire, and as compact bytes that sort by order.

use jiff::Timestamp;

use crate::domain::{Fen, InvalidIdentifier, OrderId, RefundOrderId, StatedOrder, StatedPayment, StatedRefund};
use crate::wire::{STATEMENT_STATUS_REFUND, STATEMENT_STATUS_SUCCESS, StatementRow};

/// Ends a text in the bytes of a row. No identifier holds one, and it sorts before every letter.
const END_OF_TEXT: u8 = 0;

/// A row, as far as it is compared with the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StatedRow {
    pub(super) order_id: OrderId,
    pub(super) event: StatedEvent,
    /// What the row says that the order pays.
    pub(super) pays: String,
}

/// What a row tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StatedEvent {
    Payment(StatedPayment),
    Refund(StatedRefund),
}

impl StatedRow {
    /// Reads a row of the wire; `None` for one that tells neither of a payment nor of a refund.
    ///
    /// # Errors
    /// [`InvalidIdentifier`] when a number cannot be one.
    pub(super) fn from_wire(row: &StatementRow) -> Result<Option<Self>, InvalidIdentifier> {
        let fen = |amount| Fen::new(amount).unwrap_or_default();
        let event = match (&row.refund, row.status.as_str()) {
            (Some(refund), _) => StatedEvent::Refund(StatedRefund {
                refund_order_id: RefundOrderId::new(&refund.refund_order_id)?,
                refund_out_id: refund.refund_out_id.as_deref().map(plain),
                fee: fen(refund.refund_fee),
                at: row.transaction_at,
                is_done: refund.refund_status.as_deref().is_none_or(|status| status == STATEMENT_STATUS_SUCCESS),
            }),
            (None, STATEMENT_STATUS_SUCCESS) => {
                StatedEvent::Payment(StatedPayment { fee: fen(row.total_fee), at: row.transaction_at })
            }
            // A refund that names no number cannot be told from others.
            (None, STATEMENT_STATUS_REFUND) => return RefundOrderId::new("").map(|_| None),
            (None, _) => return Ok(None),
        };
        let cell = |text: &Option<String>| text.as_deref().map(plain).unwrap_or_default();
        let pays = [cell(&row.region_code), cell(&row.department_code), cell(&row.payment_notice_no)].join("/");
        Ok(Some(Self { order_id: OrderId::new(&row.order_id)?, event, pays }))
    }

    /// Adds the row to an order.
    pub(super) fn add_to(self, order: &mut StatedOrder) {
        match self.event {
            StatedEvent::Payment(payment) => order.payments.push(payment),
            StatedEvent::Refund(refund) => order.refunds.push(refund),
        }
    }

    /// Appends the row's bytes. Rows compare by them as their orders do.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        text(bytes, self.order_id.as_str());
        let (kind, fee, at) = match &self.event {
            StatedEvent::Payment(payment) => (0, payment.fee, payment.at),
            StatedEvent::Refund(refund) => (1 + u8::from(refund.is_done), refund.fee, refund.at),
        };
        bytes.push(kind);
        bytes.extend(at.as_second().to_be_bytes());
        bytes.extend(fee.get().to_be_bytes());
        if let StatedEvent::Refund(refund) = &self.event {
            text(bytes, refund.refund_order_id.as_str());
            text(bytes, refund.refund_out_id.as_deref().unwrap_or_default());
        }
        text(bytes, &self.pays);
    }

    /// Reads what [`Self::write`] wrote; `None` for anything else.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(bytes);
        let order_id = OrderId::new(bytes.text()?).ok()?;
        let kind = bytes.array::<1>()?[0];
        let at = Timestamp::from_second(i64::from_be_bytes(bytes.array()?)).ok()?;
        let fee = Fen::new(i64::from_be_bytes(bytes.array()?))?;
        let event = match kind {
            0 => StatedEvent::Payment(StatedPayment { fee, at }),
            kind => {
                let refund_order_id = RefundOrderId::new(bytes.text()?).ok()?;
                let refund_out_id = Some(bytes.text()?.to_owned()).filter(|number| !number.is_empty());
                StatedEvent::Refund(StatedRefund { refund_order_id, refund_out_id, fee, at, is_done: kind == 2 })
            }
        };
        Some(Self { order_id, event, pays: bytes.text()?.to_owned() })
    }
}

/// Text without what ends a text.
fn plain(text: &str) -> String {
    text.replace(char::from(END_OF_TEXT), "")
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(text.as_bytes());
    bytes.push(END_OF_TEXT);
}

/// Bytes that are read from their beginning.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn text(&mut self) -> Option<&'a str> {
        let end = self.0.iter().position(|byte| *byte == END_OF_TEXT)?;
        let text = std::str::from_utf8(&self.0[..end]).ok()?;
        self.0 = &self.0[end + 1..];
        Some(text)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }
}
