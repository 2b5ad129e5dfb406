//! Hides secrets in the text of a configuration before any of it can be shown in an error.
//!
//! Works on the text alone, so that it also works on a file that cannot be parsed, and keeps every byte's place, so that
//! the spans of a parsed file still fit.

use std::ops::Range;

/// `text` with the values of secret-looking keys and the passwords of URLs overwritten, byte for byte.
pub(super) fn redact(text: &str) -> String {
    let ranges: Vec<_> = secret_values(text).into_iter().chain(url_passwords(text)).collect();
    redact_ranges(text, &ranges)
}

/// `text` with the given byte ranges overwritten. Line ends stay, so that lines keep their numbers.
pub(super) fn redact_ranges(text: &str, ranges: &[Range<usize>]) -> String {
    let mut shown = String::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        if matches!(letter, '\r' | '\n') || !ranges.iter().any(|range| range.contains(&at)) {
            shown.push(letter);
        } else {
            (0..letter.len_utf8()).for_each(|_| shown.push('*'));
        }
    }
    shown
}

/// Whether the value of a key may be a secret, judged by the key's name. Misspelt and misplaced keys count, because
/// an operator who guesses a key's name wrong has written the secret all the same.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    if ["file", "env", "id", "mode", "url", "allow_small_key"].iter().any(|end| name.ends_with(end)) {
        return false;
    }
    let misspelt = ["value", "secret", "app_secret", "password"];
    name.ends_with("key")
        || ["secret", "passw", "pwd", "token"].iter().any(|part| name.contains(part))
        || misspelt.iter().any(|meant| strsim::damerau_levenshtein(&name, meant) <= 2)
}

/// Whether a text is written like the name of an environment variable, and not like a secret in the wrong place.
pub(super) fn is_variable_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase() || first == '_')
        && text.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
}

/// Whether this value of this key is hidden.
pub(super) fn hides(name: &str, value: &str) -> bool {
    is_secret_name(name) || (name.to_ascii_lowercase().ends_with("env") && !is_variable_name(value))
}

fn secret_values(text: &str) -> Vec<Range<usize>> {
    text.match_indices('=')
        .filter_map(|(equals, _)| {
            let name = name_before(&text[..equals]);
            let value = value_after(text, equals + 1);
            hides(name, &text[value.clone()]).then_some(value)
        })
        .collect()
}

/// The last part of the dotted key that ends a text.
fn name_before(text: &str) -> &str {
    let text = text.trim_end_matches([' ', '\t', '"', '\'']);
    let start = text.rfind(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '-');
    &text[start.map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8))..]
}

/// The inside of the string that starts at `from`; without a string, the rest of the line.
fn value_after(text: &str, from: usize) -> Range<usize> {
    let start = from + text[from..].find(|letter| !matches!(letter, ' ' | '\t')).unwrap_or(text.len() - from);
    let value = &text[start..];
    for quote in ["\"\"\"", "'''"] {
        if let Some(inside) = value.strip_prefix(quote) {
            return start + 3..start + 3 + inside.find(quote).unwrap_or(inside.len());
        }
    }
    let line_end = value.find(['\r', '\n']).unwrap_or(value.len());
    match value.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let mut escaped = false;
            let close = value[1..line_end].find(|letter| {
                let closes = letter == quote && !escaped;
                escaped = letter == '\\' && quote == '"' && !escaped;
                closes
            });
            start + 1..start + close.map_or(line_end, |close| close + 1)
        }
        // The keys inside a table are judged by their own names.
        Some('{' | '[') if value.trim_start_matches(['[', ' ', '\t']).starts_with('{') => start..start,
        _ => start..start + line_end,
    }
}

/// The password of `scheme://user:password@host`. It reaches to the last `@`, since an operator may forget to escape one.
fn url_passwords(text: &str) -> Vec<Range<usize>> {
    text.match_indices("://")
        .filter_map(|(at, _)| {
            let start = at + 3;
            let rest = &text[start..];
            let authority = &rest[..rest.find(['"', '\'', '\r', '\n']).unwrap_or(rest.len())];
            let user_info = &authority[..authority.rfind('@')?];
            Some(start + user_info.find(':')? + 1..start + user_info.len())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_secrets_however_they_are_written() {
        for text in [
            "app_secret = \"hunter2\"",
            "app_secret = 'hunter2'",
            "# app_secret = \"hunter2\"",
            "party.\"app_secret\"=hunter2",
            "value = \"\"\"\nhunter2\n\"\"\"",
            "keys = [{ value = \"hunter2\", encoding = \"raw\" }]",
            "password = \"a\\\"hunter2\"",
            "app_secrt = \"hunter2\"\nappsecret = \"hunter2\"",
            "app_secret = \"hunter2",
            "symmetric_key = [\"hunter2\"]",
            "symmetric_key = [{ encoding = \"raw\", value = \"hunter2\" }]",
            "app_secret_env = \"hunter2\"",
            "url = \"postgres://nontax:hunter2@db/nontax\"",
            "url = \"postgres://nontax:a@hunter2@db/nontax\"",
            "url = \"postgres://db/nontax?password=hunter2\"",
            "NONTAX__DATABASE__PASSWORD=hunter2",
        ] {
            let shown = redact(text);
            assert!(!shown.contains("hunter2"), "{text} -> {shown}");
            assert_eq!(shown.len(), text.len());
            assert_eq!(shown.lines().count(), text.lines().count());
        }
    }

    #[test]
    fn leaves_the_rest_as_it_is() {
        for text in [
            "listen = \"127.0.0.1:8080\"",
            "app_secret_file = \"secrets/app_secret\"",
            "app_secret_env = \"NONTAX_APP_SECRET\"",
            "token_mode = \"stable\"",
            "base_url = \"https://api.weixin.qq.com\"",
            "allow_small_key = true",
            "symmetric_key = [{ file = \"aes.key\" }]",
            "name = \"广州市财政局\" # 说明",
        ] {
            assert_eq!(redact(text), text);
        }
        assert_eq!(redact("app_secret = \"密\" # x"), "app_secret = \"***\" # x");
    }
}
