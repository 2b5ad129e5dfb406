//! Rust text with comments and literals blanked out, so that words in them are not taken for code.

/// Replaces comments and the insides of literals with spaces. Lines and columns (in bytes) stay where they are.
pub(crate) fn masked(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => find(bytes, at, b"\n"),
            b'/' if bytes[at..].starts_with(b"/*") => end_of_block_comment(bytes, at),
            b'"' => end_of_string(bytes, at),
            b'r' | b'b' | b'c' if !follows_identifier(bytes, at) => end_of_raw_string(bytes, at).unwrap_or(at),
            b'\'' => end_of_character(bytes, at).unwrap_or(at),
            _ => at,
        };
        for byte in &mut code[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end.max(at + 1);
    }
    String::from_utf8_lossy(&code).into_owned()
}

fn follows_identifier(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}

fn find(bytes: &[u8], from: usize, needle: &[u8]) -> usize {
    let found = bytes[from..].windows(needle.len()).position(|window| window == needle);
    found.map_or(bytes.len(), |offset| from + offset)
}

fn end_of_block_comment(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at.min(bytes.len())
}

fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

/// The end of `r"…"`, `r#"…"#`, `br"…"`; `None` when no raw string starts here.
fn end_of_raw_string(bytes: &[u8], start: usize) -> Option<usize> {
    let prefix = bytes[start..].iter().take_while(|byte| b"rbc".contains(byte)).count();
    if !bytes[start..start + prefix].contains(&b'r') {
        return None;
    }
    let hashes = bytes[start + prefix..].iter().take_while(|byte| **byte == b'#').count();
    let open = start + prefix + hashes;
    if bytes.get(open) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(1 + hashes, b'#');
    Some((find(bytes, open + 1, &close) + close.len()).min(bytes.len()))
}

/// The end of a character literal; `None` for a lifetime.
fn end_of_character(bytes: &[u8], start: usize) -> Option<usize> {
    if bytes.get(start + 1) == Some(&b'\\') {
        let close = find(bytes, start + 3, b"'");
        return Some((close + 1).min(bytes.len()));
    }
    let first = std::str::from_utf8(&bytes[start + 1..]).ok()?.chars().next()?;
    let close = start + 1 + first.len_utf8();
    (bytes.get(close) == Some(&b'\'')).then_some(close + 1)
}

/// The line of a place, from 1.
pub(crate) fn line_of(code: &str, at: usize) -> usize {
    1 + code[..at].matches('\n').count()
}

/// The place of the brace that closes the one at `open`.
pub(crate) fn matching_brace(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (offset, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(offset);
        }
    }
    None
}

/// The identifiers and keywords of some code, with their places.
pub(crate) fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut at = 0;
    std::iter::from_fn(move || {
        let bytes = code.as_bytes();
        let start = at + bytes[at..].iter().position(is_part)?;
        let length = bytes[start..].iter().take_while(|byte| is_part(byte)).count();
        at = start + length;
        Some((start, &code[start..at]))
    })
}

#[test]
fn comments_and_literals_are_blanked_and_code_stays() {
    let text = "a /* { /* */ } */ b // }\nc \"\\\"{\" r#\"}\"\"# b'{' '\\'' '款' 'x: d";
    let code = masked(text);
    assert_eq!(code.len(), text.len());
    assert!(!code.contains(['{', '}', '"', '/']), "{code}");
    assert_eq!(words(&code).map(|(_, word)| word).collect::<Vec<_>>(), ["a", "b", "c", "b", "x", "d"]);
    assert_eq!(line_of(&code, code.find('c').unwrap()), 2);
}
