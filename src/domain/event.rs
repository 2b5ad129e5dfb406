//! What the feed tells: the kinds of events with the members of their bodies, and which events keep their order.

use serde_json::Value;

/// The version of what an event's body holds. Members are only ever added under one version.
pub const EVENT_VERSION: u32 = 1;

/// A kind of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventKind {
    /// Its name, a noun and what became of it.
    pub name: &'static str,
    /// What each body of this kind holds; a member without a value is null.
    pub members: &'static [&'static str],
}

const SETTLED: &[&str] = &["notice", "order_id", "fee", "pay_finish_time", "reason"];
const MOVED: &[&str] = &["notice", "reason"];
const PAYMENT: &[&str] = &["order_id", "notice", "fee", "pay_finish_time", "because"];
const REFUND: &[&str] = &[
    "order_id",
    "notice",
    "refund_order_id",
    "refund_fee",
    "refunded_fee",
    "full",
    "refund_finish_time",
    "refund_out_id",
    "requested_here",
];
const REFUND_REQUEST: &[&str] = &[
    "order_id",
    "notice",
    "refund_out_id",
    "refund_order_id",
    "refund_fee",
    "refund_finish_time",
    "errcode",
    "requested_by",
];
const ORDER: &[&str] = &["order_id", "notice", "subject", "fee", "expires_at", "requested_by"];
const MICROPAY: &[&str] = &["order_id", "errcode", "cause"];
const SUSPENSION: &[&str] = &["reason"];
const DISCREPANCY: &[&str] =
    &["discrepancy_id", "day", "kind", "order_id", "refund_order_id", "stated_fee", "booked_fee", "state", "reason"];

/// Every kind, as docs/events.md explains them.
pub const EVENT_KINDS: [EventKind; 25] = [
    EventKind { name: "notice.paid", members: SETTLED },
    EventKind { name: "notice.reopened", members: SETTLED },
    EventKind { name: "notice.unpaid", members: MOVED },
    EventKind { name: "notice.canceled", members: MOVED },
    EventKind { name: "notice.suspended", members: MOVED },
    EventKind { name: "notice.restored", members: MOVED },
    EventKind { name: "payment.recorded", members: PAYMENT },
    EventKind { name: "payment.refused", members: PAYMENT },
    EventKind { name: "payment.held", members: PAYMENT },
    EventKind { name: "refund.recorded", members: REFUND },
    EventKind { name: "refund.requested", members: REFUND_REQUEST },
    EventKind { name: "refund.accepted", members: REFUND_REQUEST },
    EventKind { name: "refund.refunded", members: REFUND_REQUEST },
    EventKind { name: "refund.refused", members: REFUND_REQUEST },
    EventKind { name: "order.placed", members: ORDER },
    EventKind { name: "order.expired", members: &["order_id"] },
    EventKind { name: "micropay.paid", members: MICROPAY },
    EventKind { name: "micropay.failed", members: MICROPAY },
    EventKind { name: "micropay.closed", members: MICROPAY },
    EventKind { name: "micropay.refunded", members: MICROPAY },
    EventKind { name: "micropay.needs_person", members: MICROPAY },
    EventKind { name: "suspension.begun", members: &["reason", "from", "until"] },
    EventKind { name: "suspension.ended", members: SUSPENSION },
    EventKind { name: "discrepancy.opened", members: DISCREPANCY },
    EventKind { name: "discrepancy.closed", members: DISCREPANCY },
];

/// The events of one key come in the order in which they happened, in the feed and in deliveries: those of a notice, of whatever
/// kind they are; of what is about no notice, those of one subject.
#[must_use]
pub fn ordering_key(kind: &str, subject: &str, body: &Value) -> String {
    if kind.starts_with("notice.") {
        return subject.to_owned();
    }
    let part = |name: &str| body["notice"][name].as_str();
    match (part("region_code"), part("department_code"), part("payment_notice_no")) {
        (Some(region), Some(department), Some(number)) => format!("{region}/{department}/{number}"),
        _ => subject.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;

    use super::*;
    use crate::domain::NoticeKey;

    #[test]
    fn what_is_about_a_notice_is_ordered_with_it() {
        let key = NoticeKey::new("440100", "001002", "1").unwrap().to_string();
        let notice = json!({ "region_code": "440100", "department_code": "001002", "payment_notice_no": "1" });
        assert_eq!(ordering_key("notice.paid", &key, &json!({})), key);
        assert_eq!(ordering_key("refund.recorded", "A", &json!({ "notice": notice })), key);
        assert_eq!(ordering_key("payment.recorded", "A", &json!({ "notice": null })), "A");
        assert_eq!(ordering_key("suspension.begun", "item:1", &json!({ "reason": "r" })), "item:1");
    }

    #[test]
    fn every_kind_is_there_once_and_has_its_section_in_the_document() {
        let document = include_str!("../../docs/events.md");
        let names: HashSet<_> = EVENT_KINDS.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), EVENT_KINDS.len());
        let rows: Vec<_> = document
            .lines()
            .filter(|line| line.split('`').nth(1).is_some_and(|name| line.starts_with('|') && name.contains('.')))
            .collect();
        for EventKind { name, members } in EVENT_KINDS {
            let row = rows.iter().find(|row| row.starts_with(&format!("| `{name}` |")));
            let row = row.unwrap_or_else(|| panic!("{name} has no row"));
            let told: Vec<_> =
                row.split('|').nth(2).unwrap().split(", ").map(|word| word.trim().trim_matches('`')).collect();
            assert_eq!(told, members, "{name}");
        }
        assert_eq!(rows.len(), EVENT_KINDS.len(), "a kind that the code does not know");
    }
}
