//! What came from the far side in place of a reply, told so that it can be recognised and nothing in it is given away.

use std::fmt;

use crate::wire::InvalidJson;

/// How much of it is shown.
const SHOWN_CHARS: usize = 80;

/// The shortest unbroken run of letters, digits, - and _ that is masked: an AppSecret has 32, a token 100 and more, an openid 28.
const MASKED_CHARS: usize = 24;

/// What stands for a masked run.
const MASK: &str = "***";

/// Describes bytes that are not the reply they should be. Nothing of a JSON document is shown: it may name a payer.
pub(super) fn describe(reply: &[u8], error: &InvalidJson) -> String {
    let start = reply.strip_prefix("\u{feff}".as_bytes()).unwrap_or(reply).trim_ascii_start();
    match start.first() {
        None => "it is empty".to_owned(),
        Some(b'<') => format!("it looks like HTML in place of JSON, from a proxy perhaps: {:?}", shown(start)),
        Some(b'{' | b'[' | b'"' | b'0'..=b'9' | b'-') => {
            let said = if ends(error) { "it is JSON that breaks off" } else { "it is JSON" };
            format!("{said}, {} bytes: {error}", reply.len())
        }
        Some(_) if matches!(error, InvalidJson::NotUtf8 { .. }) => {
            format!("it is no text, {} bytes: {error}", reply.len())
        }
        Some(_) => format!("it is no JSON: {:?}", shown(start)),
    }
}

fn ends(error: &InvalidJson) -> bool {
    matches!(error, InvalidJson::Shape { problem, .. } if problem.starts_with("EOF"))
}

/// The start of a text, masked.
pub(super) fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(&text[..text.len().min(64 * SHOWN_CHARS)]);
    masked(&text).chars().take(SHOWN_CHARS).collect()
}

/// A text without what looks like a secret, and without what a terminal would obey.
fn masked(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        masked.push_str(if length >= MASKED_CHARS { MASK } else { &rest[..length] });
        let mut following = rest[length..].chars();
        masked.extend(following.next().map(|c| if c.is_control() { ' ' } else { c }));
        rest = following.as_str();
    }
    masked
}

/// The words of a refusal, of a length that fits a line of a log.
pub(super) fn errmsg(text: &str) -> String {
    /// The platform's are under 100 characters with their request id.
    const MAX_ERRMSG_CHARS: usize = 300;
    text.chars().filter(|c| !c.is_control()).take(MAX_ERRMSG_CHARS).collect()
}

/// What a response of another HTTP status says.
pub(super) fn with_status(status: impl fmt::Display, location: Option<&str>, reply: &[u8]) -> String {
    match location {
        // Without its query: it may hold a token.
        Some(location) => {
            let target = location.split(['?', '#']).next().unwrap_or_default();
            format!("HTTP status {status}, a redirect to {:?}, which is not followed", shown(target.as_bytes()))
        }
        None if reply.trim_ascii().is_empty() => format!("HTTP status {status} without a body"),
        None if reply.trim_ascii_start().starts_with(b"{") => format!("HTTP status {status} with a JSON object"),
        None => format!("HTTP status {status}: {:?}", shown(reply.trim_ascii_start())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{GetOrderReply, from_json};

    fn told(reply: &[u8]) -> String {
        describe(reply, &from_json::<GetOrderReply>(reply).unwrap_err())
    }

    #[test]
    fn what_was_received_can_be_recognised() {
        assert_eq!(told(b" \n"), "it is empty");
        let html = told("<html>\u{1b}[31m请登录</html>".as_bytes());
        assert!(html.contains("HTML") && html.contains("请登录") && !html.contains('\u{1b}'), "{html}");
        assert!(
            told(br#"{"errcode":0,"desc":"#).starts_with("it is JSON that breaks off, 20 bytes: EOF"),
            "{}",
            told(br#"{"errcode":0,"desc":"#)
        );
        assert!(told(br#"{"errcode":"zero"}"#).starts_with("it is JSON, 18 bytes: "));
        assert_eq!(told(b"Bad Gateway"), r#"it is no JSON: "Bad Gateway""#);
        assert!(told(b"\xff\xfe").starts_with("it is no text, 2 bytes"));
    }

    #[test]
    fn no_secret_and_no_name_is_shown_and_little_of_anything() {
        let token = "90_SECRET-secret_SECRET-secret_SECRET";
        assert!(!told(format!("<a href=/x?access_token={token}>").as_bytes()).contains("SECRET"));
        assert!(!told(format!("error for {token}").as_bytes()).contains("SECRET"));
        assert!(!told(r#"{"errcode":["叶红梅"]}"#.as_bytes()).contains('叶'));
        assert!(told("<p>啊</p>".repeat(1000).as_bytes()).chars().count() < 200);
        let redirect = with_status("302 Found", Some("https://x/login?access_token=SECRET"), b"");
        assert!(redirect.contains("https://x/login") && !redirect.contains("SECRET"), "{redirect}");
        assert_eq!(errmsg(&"x\n".repeat(500)).len(), 300);
    }
}
