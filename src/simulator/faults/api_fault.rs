//! What can go wrong with a reply of the platform's APIs.

use std::time::Duration;

use super::kind::{Kind, LONGEST_WAIT, Number, Problem, milliseconds, named, span};

/// A fault of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulator) enum ApiFault {
    /// The call is refused with an errcode, and nothing is done.
    Errcode(i64),
    /// The call is redirected without end, and nothing is done.
    RedirectLoop,
    /// An error page with this HTTP status.
    Status(u16),
    /// A page with HTTP status 200.
    Html,
    /// A reply without a body.
    Empty,
    /// JSON that ends in its middle.
    Cut,
    /// Every value is wrapped in a list.
    WrongType,
    /// A reply that is larger than anybody should read.
    Huge,
    /// The reply comes late.
    Delay(Duration),
    /// The reply comes byte by byte, with this pause.
    SlowBytes(Duration),
    /// The connection ends without a reply.
    Drop,
    /// The connection ends without a reply, after a long time.
    Hang,
}

const KINDS: &[Kind<ApiFault>] = &[
    Kind {
        name: "errcode",
        number: Some(Number { key: "errcode", least: -1, most: 9_999_999, default: None }),
        make: ApiFault::Errcode,
    },
    Kind { name: "redirect_loop", number: None, make: |_| ApiFault::RedirectLoop },
    Kind {
        name: "status",
        number: Some(Number { key: "status", least: 400, most: 599, default: Some(502) }),
        make: |status| ApiFault::Status(u16::try_from(status).unwrap_or(502)),
    },
    Kind { name: "html", number: None, make: |_| ApiFault::Html },
    Kind { name: "empty", number: None, make: |_| ApiFault::Empty },
    Kind { name: "cut", number: None, make: |_| ApiFault::Cut },
    Kind { name: "wrong_type", number: None, make: |_| ApiFault::WrongType },
    Kind { name: "huge", number: None, make: |_| ApiFault::Huge },
    Kind { name: "delay", number: Some(milliseconds(1000)), make: |number| ApiFault::Delay(span(number)) },
    Kind { name: "slow_bytes", number: Some(milliseconds(20)), make: |number| ApiFault::SlowBytes(span(number)) },
    Kind { name: "drop", number: None, make: |_| ApiFault::Drop },
    Kind { name: "hang", number: None, make: |_| ApiFault::Hang },
];

impl ApiFault {
    pub(super) fn kind(name: &str) -> Result<&'static Kind<Self>, Problem> {
        named(KINDS, name)
    }

    /// The fault of a name and a number in text.
    ///
    /// # Errors
    /// What the name or the number must be.
    pub(in crate::simulator) fn read(name: &str, number: Option<&str>) -> Result<Self, Problem> {
        let kind = Self::kind(name)?;
        // A text that is no number is out of every range.
        kind.fault(number.map(|text| text.trim().parse().unwrap_or(i64::MIN)))
    }

    /// The names of all faults.
    #[cfg(test)]
    pub(in crate::simulator) fn names() -> impl Iterator<Item = &'static str> {
        KINDS.iter().map(|kind| kind.name)
    }

    /// How long nothing is said before the end, where nothing else is.
    pub(in crate::simulator) const fn silence(self) -> Duration {
        match self {
            Self::Hang => LONGEST_WAIT,
            Self::Delay(time) => time,
            _ => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_read_with_its_number() {
        assert_eq!(ApiFault::read("errcode", Some("-1")), Ok(ApiFault::Errcode(-1)));
        assert_eq!(ApiFault::read("status", None), Ok(ApiFault::Status(502)));
        assert_eq!(ApiFault::read("delay", Some(" 30 ")), Ok(ApiFault::Delay(Duration::from_millis(30))));
        assert_eq!(ApiFault::read("html", Some("1")), Err(Problem::NoNumber("html")));
        for (name, number) in
            [("errcode", None), ("errcode", Some("x")), ("status", Some("200")), ("delay", Some("30001"))]
        {
            assert!(matches!(ApiFault::read(name, number), Err(Problem::Number { .. })), "{name} {number:?}");
        }
        assert!(ApiFault::read("reorder", None).unwrap_err().to_string().contains("redirect_loop"));
    }
}
