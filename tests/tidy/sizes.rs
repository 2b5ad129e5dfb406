//! Files are short, and functions fit a screen.

use super::masking::{matching_brace, words};
use super::source::Source;
use super::{Breach, found};

/// A file longer than this holds more than one subject.
const LONGEST_FILE_LINES: usize = 400;

/// A function longer than this does not fit a screen.
const LONGEST_FUNCTION_LINES: usize = 80;

/// No file is too long.
pub(crate) fn files_are_short(source: &Source) -> Vec<Breach> {
    let lines = source.text.lines().count();
    if lines <= LONGEST_FILE_LINES {
        return Vec::new();
    }
    vec![Breach {
        file: source.file.clone(),
        line: lines,
        rule: format!("the file has {lines} lines, more than {LONGEST_FILE_LINES}"),
        cure: "Split it by subject",
    }]
}

/// No function is too long.
pub(crate) fn functions_fit_a_screen(source: &Source) -> Vec<Breach> {
    let functions = words(&source.code).filter(|(_, word)| *word == "fn").filter_map(|(at, _)| {
        let (_, name) = words(&source.code[at + 2..]).next()?;
        // `fn(A) -> B` is a type.
        if source.code[at + 2..].trim_start().starts_with('(') {
            return None;
        }
        let close = matching_brace(&source.code, body(&source.code, at)?)?;
        Some((name, source.line(at), source.line(close)))
    });
    functions
        .map(|(name, first, last)| (name, first, last - first + 1))
        .filter(|(_, _, lines)| *lines > LONGEST_FUNCTION_LINES)
        .map(|(name, line, lines)| Breach {
            file: source.file.clone(),
            line,
            rule: format!("the function {name} has {lines} lines, more than {LONGEST_FUNCTION_LINES}"),
            cure: "Give its steps names of their own",
        })
        .collect()
}

/// The brace that opens the body of the function at `at`; `None` when it has none.
fn body(code: &str, at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (offset, byte) in code.bytes().enumerate().skip(at) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'{' if depth == 0 => return Some(offset),
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

#[test]
fn a_long_file_is_found() {
    assert!(found(files_are_short, "src/a.rs", &"\n".repeat(400)).is_empty());
    assert_eq!(found(files_are_short, "src/a.rs", &"\n".repeat(401)), ["401: the file has 401 lines, more than 400"]);
}

#[test]
fn a_long_function_is_found() {
    let of = |lines: usize| {
        format!("trait A {{ fn b(c: [u8; 2]); }}\nfn d(e: fn(u8)) {{\n{}}}\n", "f();\n".repeat(lines - 2))
    };
    assert!(found(functions_fit_a_screen, "src/a.rs", &of(80)).is_empty());
    assert_eq!(found(functions_fit_a_screen, "src/a.rs", &of(81)), ["2: the function d has 81 lines, more than 80"]);
}
