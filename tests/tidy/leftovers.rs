//! Names that say nothing, files that do not say what they are for, and what was left lying about.

use super::masking::words;
use super::source::Source;
use super::{Breach, found};

/// Modules of these names collect what has no home.
const EMPTY_MODULES: [&str; 7] = ["utils", "util", "helpers", "helper", "common", "types", "misc"];

/// Types with these endings do not say what they are.
const EMPTY_ENDINGS: [&str; 6] = ["Manager", "Helper", "Util", "Utils", "Impl", "Service"];

/// Functions that begin with these do not say what they do.
const EMPTY_VERBS: [&str; 3] = ["process", "handle", "manage"];

/// Code that has no place in what is committed. Put together here, so that this file does not hold it.
const UNFINISHED_CODE: [&str; 4] =
    [concat!("todo", "!"), concat!("dbg", "!"), concat!("unimplemented", "!"), concat!("[al", "low(")];

/// Remarks that have no place in what is committed.
const UNFINISHED_REMARKS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Every file starts with a line that says what it is for.
pub(crate) fn files_say_what_they_are_for(source: &Source) -> Vec<Breach> {
    let says = source.text.lines().next().is_some_and(|line| line.starts_with("//! ") && line.len() > 8);
    if says {
        return Vec::new();
    }
    vec![Breach {
        file: source.file.clone(),
        line: 1,
        rule: "the file does not say what it is for".to_owned(),
        cure: "Start it with a line `//! …`",
    }]
}

/// Modules, types and functions have names that say something.
pub(crate) fn names_say_something(source: &Source) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut report = |line, what: &str, name: &str, cure| {
        breaches.push(Breach {
            file: source.file.clone(),
            line,
            rule: format!("the {what} {name} has an empty name"),
            cure,
        });
    };
    let mut file_names = source.file.split('/').map(|part| part.trim_end_matches(".rs"));
    if let Some(name) = file_names.find(|name| EMPTY_MODULES.contains(name)) {
        report(1, "module", name, "Call it by its subject");
    }
    let mut keyword = "";
    for (at, word) in words(&source.code) {
        let line = source.line(at);
        match keyword {
            "mod" if EMPTY_MODULES.contains(&word) => report(line, "module", word, "Call it by its subject"),
            "struct" | "enum" | "trait" | "type" if EMPTY_ENDINGS.iter().any(|ending| word.ends_with(ending)) => {
                report(line, "type", word, "Call it by what it is");
            }
            "fn" if EMPTY_VERBS.contains(&word.split('_').next().unwrap_or(word)) => {
                report(
                    line,
                    "function",
                    word,
                    "Call it by what it does: record, answer, seal, open, verify, reconcile, report",
                );
            }
            _ => {}
        }
        keyword = word;
    }
    breaches
}

/// Nothing unfinished is committed, and lints are silenced only with a reason.
pub(crate) fn nothing_is_left_over(source: &Source) -> Vec<Breach> {
    let code = UNFINISHED_CODE.iter().flat_map(|needle| source.code.match_indices(needle));
    let remarks = words(&source.text).filter(|(_, word)| UNFINISHED_REMARKS.contains(word));
    code.chain(remarks)
        .map(|(at, word)| Breach {
            file: source.file.clone(),
            line: source.line(at),
            rule: format!("\"{word}\" is left over"),
            cure: "Finish it, or open an issue; silence a lint with #[expect(…, reason = \"…\")]",
        })
        .collect()
}

#[test]
fn a_file_without_a_heading_is_found() {
    assert_eq!(found(files_say_what_they_are_for, "src/a.rs", "use b;\n").len(), 1);
    assert!(found(files_say_what_they_are_for, "src/a.rs", "//! What it is for.\n").is_empty());
}

#[test]
fn empty_names_are_found() {
    let bad = "mod helpers;\nstruct KeyManager;\nfn handle_callback() {}\nuse hyper::service::Service;\nimpl Service for A {}\n";
    assert_eq!(
        found(names_say_something, "src/utils/a.rs", bad),
        [
            "1: the module utils has an empty name",
            "1: the module helpers has an empty name",
            "2: the type KeyManager has an empty name",
            "3: the function handle_callback has an empty name"
        ]
    );
    assert!(found(names_say_something, "src/a.rs", "struct KeyRing;\nfn handles() {}\n").is_empty());
}

#[test]
fn leftovers_are_found() {
    for needle in UNFINISHED_CODE {
        assert_eq!(found(nothing_is_left_over, "src/a.rs", &format!("\n#{needle}")).len(), 1, "{needle}");
        assert!(found(nothing_is_left_over, "src/a.rs", &format!("// {needle}")).is_empty(), "{needle}");
    }
    for needle in UNFINISHED_REMARKS {
        assert_eq!(found(nothing_is_left_over, "src/a.rs", &format!("a\n// {needle}: b")).len(), 1, "{needle}");
    }
}
