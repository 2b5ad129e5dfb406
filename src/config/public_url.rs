//! `server.public_url`: the base under which Weixin reaches this gateway's callbacks.

use super::platform::is_loopback;
use super::section::{Section, Setting};

/// Reads the key.
pub(super) fn read(section: &mut Section<'_>) -> Option<String> {
    let Setting { value, place, .. } = section.text("public_url").filter(|setting| setting.sound)?;
    match check_public_url(&value) {
        Ok(url) => Some(url),
        Err(cause) => {
            section.error("public_url", place.as_ref(), cause, "write public_url = \"https://pay.example.gov.cn\"");
            None
        }
    }
}

/// The base that a text names, without a slash at its end.
///
/// # Errors
/// What is wrong with it, to stand behind the key.
pub fn check_public_url(url: &str) -> Result<String, &'static str> {
    match url.split_once("://") {
        Some(("https" | "http", rest)) if rest.is_empty() || rest.starts_with(['/', ':']) => Err("it names no host"),
        Some(("https" | "http", rest)) if rest.contains(['?', '#', '@', ' ']) => {
            Err("only a scheme, a host, a port and a path may stand in it")
        }
        Some(("https" | "http", rest)) if rest.contains("/callback/") => {
            Err("the path of a callback is added to it: it ends before /callback/")
        }
        Some(("http", rest)) if !is_loopback(rest) => {
            Err("http is taken for a loopback address only: Weixin calls over the internet")
        }
        Some(("https" | "http", _)) => Ok(url.trim_end_matches('/').to_owned()),
        _ => Err("it does not begin with https://"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_has_no_slash_at_its_end() {
        assert_eq!(check_public_url("https://pay.example/nontax/").unwrap(), "https://pay.example/nontax");
        assert_eq!(check_public_url("http://127.0.0.1:8080").unwrap(), "http://127.0.0.1:8080");
    }

    #[test]
    fn what_weixin_cannot_call_is_refused() {
        for url in ["pay.example", "https://", "https://:443", "ftp://pay.example", "http://pay.example"] {
            assert!(check_public_url(url).is_err(), "{url}");
        }
        let callback = "https://pay.example/callback/gz-finance/notification";
        assert!(check_public_url(callback).unwrap_err().contains("ends before /callback/"));
    }
}
