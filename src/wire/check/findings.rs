//! The rules that several requests share, and where their breaches are gathered.

// No part of it opens a connection: it is how an address is written.
use core::net::IpAddr;

use jiff::civil::Date;

use super::RequestProblem;

/// Longest identifier in bytes. The platform's are under 40, and no longer one is kept in the book.
const MAX_IDENTIFIER_BYTES: usize = 128;

/// Longest text for people in bytes: far above what fits a phone's screen.
const MAX_TEXT_BYTES: usize = 1024;

/// Longest URL in bytes, as browsers and Weixin's pages take them.
const MAX_URL_BYTES: usize = 2048;

/// The largest time that is taken for seconds: the year 5138. Milliseconds are above it.
const MAX_UNIX_SECONDS: i64 = 99_999_999_999;

const REQUIRED: &str = "is required: fill it in";

/// The problems found so far.
#[derive(Default)]
pub(super) struct Findings(Vec<RequestProblem>);

impl Findings {
    pub(super) fn into_problems(self) -> Vec<RequestProblem> {
        self.0
    }

    pub(super) fn report(&mut self, field: impl Into<String>, rule: impl Into<String>) {
        self.0.push(RequestProblem { field: field.into(), rule: rule.into() });
    }

    fn report_if(&mut self, broken: bool, field: &str, rule: &str) {
        if broken {
            self.report(field, rule);
        }
    }

    /// A code or number that must be there.
    pub(super) fn identifier(&mut self, field: &str, text: &str) {
        if self.is_there(field, text) {
            self.optional_identifier(field, Some(text));
        }
    }

    /// A code or number that may be there.
    pub(super) fn optional_identifier(&mut self, field: &str, text: Option<&str>) {
        let Some(text) = text else { return };
        self.report_if(text != text.trim(), field, "has blanks around it: drop them");
        self.bounded(field, text, MAX_IDENTIFIER_BYTES);
    }

    /// A text for people that must be there.
    pub(super) fn text(&mut self, field: &str, text: &str) {
        if self.is_there(field, text) {
            self.optional_text(field, Some(text));
        }
    }

    /// A text for people that may be there.
    pub(super) fn optional_text(&mut self, field: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.bounded(field, text, MAX_TEXT_BYTES);
        }
    }

    fn is_there(&mut self, field: &str, text: &str) -> bool {
        let there = !text.trim().is_empty();
        self.report_if(!there, field, REQUIRED);
        there
    }

    fn bounded(&mut self, field: &str, text: &str, max_bytes: usize) {
        if text.len() > max_bytes {
            self.report(field, format!("is longer than {max_bytes} bytes: shorten it"));
        }
        self.report_if(text.chars().any(char::is_control), field, "holds a control character: remove it");
    }

    /// A URL that must be there.
    pub(super) fn url(&mut self, field: &str, text: &str) {
        if self.is_there(field, text) {
            self.optional_url(field, Some(text));
        }
    }

    /// A URL that may be there.
    pub(super) fn optional_url(&mut self, field: &str, text: Option<&str>) {
        let Some(text) = text else { return };
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
        let broken = host.is_none_or(|host| host.is_empty() || host.starts_with(':')) || text.contains([' ', '\\']);
        self.report_if(broken, field, "must be a whole URL: write https:// (or http://), a host and a path");
        self.bounded(field, text, MAX_URL_BYTES);
    }

    /// A number that must be there.
    pub(super) fn number(&mut self, field: &str, number: Option<i64>) {
        self.report_if(number.is_none(), field, REQUIRED);
    }

    /// An instant that must be there, in Unix seconds.
    pub(super) fn unix_seconds(&mut self, field: &str, seconds: Option<i64>) {
        match seconds {
            None => self.report(field, REQUIRED),
            Some(seconds) => self.report_if(
                !(1..=MAX_UNIX_SECONDS).contains(&seconds),
                field,
                "must be Unix seconds above 0: milliseconds are too large, divide them by 1000",
            ),
        }
    }

    /// A day that must be there, or may be absent when it is `None`.
    pub(super) fn date(&mut self, field: &str, text: Option<&str>) {
        let Some(text) = text else { return };
        self.report_if(!is_date(text), field, "must be a day that exists, written YYYYMMDD: 20170903");
    }

    /// The payer's address.
    pub(super) fn ip(&mut self, field: &str, text: &str) {
        let broken = text.parse::<IpAddr>().is_err();
        self.report_if(broken, field, "must be the user's IP address: ask for it on the user's page (source §8)");
    }

    /// One of the words that the platform knows.
    pub(super) fn word(&mut self, field: &str, text: &str, known: &[&str]) {
        if !known.contains(&text) {
            self.report(field, format!("must be one of {}: choose one", known.join(", ")));
        }
    }

    /// 1 general, 2 penalty, when it is there.
    pub(super) fn payment_notice_type(&mut self, kind: Option<i64>) {
        let broken = kind.is_some_and(|kind| !matches!(kind, 1 | 2));
        self.report_if(broken, "payment_notice_type", "must be 1 (general) or 2 (penalty): choose one or leave it out");
    }

    /// What is paid for: a notice or an order of the business system.
    pub(super) fn notice_or_order(&mut self, payment_notice_no: Option<&str>, order_no: Option<&str>) {
        self.optional_identifier("payment_notice_no", payment_notice_no);
        self.optional_identifier("order_no", order_no);
        let rule = match (is_given(payment_notice_no), is_given(order_no)) {
            (true, true) => "must not stand beside order_no: keep one of the two",
            (false, false) => "is required when there is no order_no: fill in one of the two",
            _ => return,
        };
        self.report("payment_notice_no", rule);
    }
}

/// Whether an optional text is there and says something.
pub(super) fn is_given(text: Option<&str>) -> bool {
    text.is_some_and(|text| !text.trim().is_empty())
}

fn is_date(text: &str) -> bool {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    match (text[..4].parse(), text[4..6].parse(), text[6..].parse()) {
        (Ok(year), Ok(month), Ok(day)) => Date::new(year, month, day).is_ok(),
        _ => false,
    }
}
