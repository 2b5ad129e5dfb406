//! Names and numbers that identify things, checked once where they come in.

use std::fmt;

/// Longest identifier in bytes. The platform's are under 40; the limit keeps hostile text out of indexes.
const MAX_IDENTIFIER_BYTES: usize = 128;

/// Text that cannot be an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct InvalidIdentifier {
    /// The field as the protocol spells it.
    pub field: &'static str,
    problem: &'static str,
}

impl InvalidIdentifier {
    pub(super) const fn new(field: &'static str, problem: &'static str) -> Self {
        Self { field, problem }
    }
}

fn check(field: &'static str, text: &str) -> Result<(), InvalidIdentifier> {
    let problem = if text.is_empty() {
        "is empty"
    } else if text.len() > MAX_IDENTIFIER_BYTES {
        "is longer than 128 bytes"
    } else if text.chars().any(char::is_control) {
        "holds a control character"
    } else {
        return Ok(());
    };
    Err(InvalidIdentifier { field, problem })
}

macro_rules! identifier {
    ($(#[$meta:meta])* $name:ident, $field:literal) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Checks and keeps `text`, without blanks around it.
            ///
            /// # Errors
            /// [`InvalidIdentifier`] when nothing is left, or it is longer than 128 bytes, or holds a control character.
            pub fn new(text: &str) -> Result<Self, InvalidIdentifier> {
                let text = text.trim();
                check($field, text)?;
                Ok(Self(text.to_owned()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier!(
    /// The name of an accessing party, as configured here and as it stands in the callback URLs.
    PartyName, "party"
);
identifier!(
    /// An order of the platform (`order_id`).
    OrderId, "order_id"
);
identifier!(
    /// A refund of the platform (`refund_order_id`).
    RefundOrderId, "refund_order_id"
);
identifier!(
    /// Our own number of a refund that we ask for (`refund_out_id`).
    RefundOutId, "refund_out_id"
);
identifier!(
    /// A bank, by the globally unique id that the platform assigns (`bank_id`).
    BankId, "bank_id"
);
identifier!(
    /// An administrative region (`region_code`).
    RegionCode, "region_code"
);
identifier!(
    /// A collection entity (`department_code`).
    DepartmentCode, "department_code"
);
identifier!(
    /// What a caller knows one payment at the counter by, so that a repeat is known as one.
    MicropayKey, "key"
);
identifier!(
    /// The number of a payment notice (`payment_notice_no`).
    PaymentNoticeNo, "payment_notice_no"
);

/// What identifies a notice of a party (§11.7): region, collection entity and number together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeKey {
    /// `region_code`.
    pub region_code: RegionCode,
    /// `department_code`.
    pub department_code: DepartmentCode,
    /// `payment_notice_no`.
    pub payment_notice_no: PaymentNoticeNo,
}

impl NoticeKey {
    /// Checks the three parts.
    ///
    /// # Errors
    /// [`InvalidIdentifier`] names the first part that is not an identifier.
    pub fn new(region_code: &str, department_code: &str, payment_notice_no: &str) -> Result<Self, InvalidIdentifier> {
        Ok(Self {
            region_code: RegionCode::new(region_code)?,
            department_code: DepartmentCode::new(department_code)?,
            payment_notice_no: PaymentNoticeNo::new(payment_notice_no)?,
        })
    }
}

/// `440000/143605002004/440204190185356`.
impl fmt::Display for NoticeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.region_code, self.department_code, self.payment_notice_no)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_around_are_dropped_and_the_rest_is_checked() {
        assert_eq!(PaymentNoticeNo::new(" 08111639088").unwrap().as_str(), "08111639088");
        for wrong in ["", "   ", "a\u{0}b", &"9".repeat(129)] {
            assert!(OrderId::new(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(OrderId::new("").unwrap_err().to_string(), "order_id is empty");
    }
}
