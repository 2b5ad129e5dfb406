//! Rooms and floors: a room imports from lower floors only.

use super::masking::words;
use super::source::Source;
use super::{Breach, Rule};

/// Every room, and the rooms that it may import from. `cli` stands on top of everything.
const ROOMS: [(&str, &[&str]); 11] = [
    ("wire", &[]),
    ("envelope", &["wire"]),
    ("domain", &[]),
    ("store", &["domain"]),
    ("platform", &["wire", "domain"]),
    ("webhook", &[]),
    ("config", &["domain", "envelope", "platform", "webhook", "wire"]),
    ("simulator", &["wire", "envelope"]),
    ("app", &["domain", "store", "platform", "webhook", "wire", "envelope"]),
    ("server", &["domain", "wire", "envelope", "store", "platform", "config", "app"]),
    ("cli", &["domain", "wire", "envelope", "store", "platform", "webhook", "config", "app", "server", "simulator"]),
];

/// Floor 0: pure.
const PURE_ROOMS: [&str; 3] = ["wire", "envelope", "domain"];

/// Crates that floor 0 does not know.
const IMPURE_CRATES: [&str; 9] =
    ["tokio", "axum", "hyper", "tower", "sqlx", "reqwest", "tracing", "getrandom", "OsRng"];

/// Paths through which a clock, randomness or the environment would come in.
const IMPURE_PATHS: [&str; 8] = [
    "std::time::SystemTime",
    "std::env",
    "std::fs",
    "std::net",
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
];

/// A room imports only from the rooms that the table allows.
pub(crate) fn imports_from_lower_floors_only(source: &Source) -> Vec<Breach> {
    let module = source.module();
    let Some(room) = module.first().copied() else { return Vec::new() };
    let mut breaches = Vec::new();
    let mut report = |line, rule| {
        breaches.push(Breach {
            file: source.file.clone(),
            line,
            rule,
            cure: "Move the code to the floor that needs it, or pass in what it asks for (docs/ARCHITECTURE.md, rooms and floors)",
        });
    };
    let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        report(1, format!("the room \"{room}\" has no row in the table of tests/tidy/floors.rs"));
        return breaches;
    };
    for (at, path) in paths(&source.code, &module) {
        let line = source.line(at);
        let Some(target) = path.first().filter(|target| **target != room) else { continue };
        if !source.is_test_code(line) && ROOMS.iter().any(|(name, _)| name == target) && !allowed.contains(target) {
            report(line, format!("\"{room}\" imports from \"{target}\""));
        }
    }
    breaches
}

/// Every path in `code` that starts at the crate's root or climbs out with `super`, from the root, with braces unfolded.
fn paths<'a>(code: &'a str, module: &[&'a str]) -> Vec<(usize, Vec<&'a str>)> {
    let mut found = Vec::new();
    for (at, word) in words(code) {
        let rest = &code[at + word.len()..];
        let inside = code[..at].ends_with("::");
        if !rest.starts_with("::") || inside {
            continue;
        }
        match word {
            "crate" | "nontax_gateway" => unfold(rest, at + word.len(), &[], &mut found),
            "super" => {
                let (climbed, rest) = climb(rest);
                unfold(rest, code.len() - rest.len(), &module[..module.len().saturating_sub(climbed)], &mut found);
            }
            _ => {}
        }
    }
    found
}

/// How many `super` there are from here on, with the one before `rest`, and what follows them.
fn climb(mut rest: &str) -> (usize, &str) {
    let mut climbed = 1;
    while let Some(after) = rest.strip_prefix("::super") {
        climbed += 1;
        rest = after;
    }
    (climbed, rest)
}

/// Adds the paths that `rest`, which starts with `::` at `at`, leads to from `base`. Only their first segments matter.
fn unfold<'a>(rest: &'a str, at: usize, base: &[&'a str], found: &mut Vec<(usize, Vec<&'a str>)>) {
    let rest = &rest[2..];
    if !base.is_empty() {
        found.push((at, base.to_vec()));
    } else if let Some(group) = rest.strip_prefix('{') {
        // `use crate::{domain::{A, B}, wire}`: the first word of each part at the outer depth.
        let (mut depth, mut starts_a_part) = (0_usize, true);
        for (offset, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => starts_a_part = true,
                _ if depth == 0 && starts_a_part && !character.is_whitespace() => {
                    starts_a_part = false;
                    let place = at + "::{".len() + offset;
                    found.extend(words(&group[offset..]).next().map(|(_, word)| (place, vec![word])));
                }
                _ => {}
            }
        }
    } else {
        found.extend(words(rest).next().map(|(_, word)| (at, vec![word])));
    }
}

/// Floor 0 knows no runtime, no I/O, no clock, no randomness and no environment.
pub(crate) fn floor_0_is_pure(source: &Source) -> Vec<Breach> {
    if !source.module().first().is_some_and(|room| PURE_ROOMS.contains(room)) {
        return Vec::new();
    }
    let crates = words(&source.code).filter(|(_, word)| IMPURE_CRATES.contains(word));
    let paths = IMPURE_PATHS.iter().flat_map(|path| source.code.match_indices(path));
    crates
        .chain(paths)
        .map(|(at, word)| (source.line(at), word))
        .filter(|(line, _)| !source.is_test_code(*line))
        .map(|(line, word)| Breach {
            file: source.file.clone(),
            line,
            rule: format!("floor 0 names \"{word}\""),
            cure: "Take the time, the random bytes or the data as an argument",
        })
        .collect()
}

/// The facts that a payment is judged by are put together in a store, from what it read under its locks.
pub(crate) fn facts_come_from_a_store(source: &Source) -> Vec<Breach> {
    if source.module().first() == Some(&"store") {
        return Vec::new();
    }
    let constructed = source.code.match_indices("NotificationFacts").filter(|(at, name)| {
        let before = source.code[..*at].trim_end_matches(|c: char| c == '&' || c.is_whitespace());
        let mentions = ["struct", "impl", "for", "let", "->"];
        source.code[at + name.len()..].trim_start().starts_with('{')
            && !mentions.iter().any(|word| before.ends_with(word))
    });
    constructed
        .map(|(at, _)| source.line(at))
        .filter(|line| !source.is_test_code(*line))
        .map(|line| Breach {
            file: source.file.clone(),
            line,
            rule: "NotificationFacts is constructed outside src/store".to_owned(),
            cure: "A refunding answer may follow only from what a store read in its transaction: call Book::record_notification",
        })
        .collect()
}

#[test]
fn a_forbidden_import_is_found_in_every_spelling() {
    let rule: Rule = imports_from_lower_floors_only;
    let bad = "use crate::store::Store;\nuse crate::{\n    domain::{A, B},\n    wire,\n};\nfn a(b: super::super::app::C) {}\n";
    assert_eq!(
        super::found(rule, "src/domain/notice.rs", bad),
        [
            "1: \"domain\" imports from \"store\"",
            "4: \"domain\" imports from \"wire\"",
            "6: \"domain\" imports from \"app\""
        ]
    );
    assert_eq!(
        super::found(rule, "src/simulator/orders.rs", "use crate::domain::Fen;")[0],
        "1: \"simulator\" imports from \"domain\""
    );
    assert!(super::found(rule, "src/attic/mod.rs", "")[0].contains("no row"));
}

#[test]
fn an_allowed_import_is_left_alone() {
    let rule: Rule = imports_from_lower_floors_only;
    let good = "//! [`crate::app`]\nuse crate::wire::X;\nuse super::cipher::Y;\n#[cfg(test)]\nmod tests {\n    use crate::store::Z;\n}\n";
    assert!(super::found(rule, "src/envelope/open.rs", good).is_empty());
    assert!(super::found(rule, "src/cli/serve.rs", "use crate::{server, simulator};").is_empty());
}

#[test]
fn a_clock_on_floor_0_is_found() {
    let bad = "fn a() {\n    let b = jiff::Timestamp::now();\n    tokio::spawn(b);\n}\n";
    let found = super::found(floor_0_is_pure, "src/domain/a.rs", bad);
    assert_eq!(found, ["3: floor 0 names \"tokio\"", "2: floor 0 names \"Timestamp::now\""]);
    assert!(super::found(floor_0_is_pure, "src/app/a.rs", bad).is_empty());
    assert!(super::found(floor_0_is_pure, "src/wire/a.rs", "// tokio\nconst A: &str = \"axum\";").is_empty());
}

#[test]
fn facts_made_up_outside_a_store_are_found() {
    let bad = "fn a() -> B {\n    let b = NotificationFacts { state };\n    decide(&NotificationFacts { state })\n}\n";
    let found = super::found(facts_come_from_a_store, "src/app/a.rs", bad);
    assert_eq!(found.iter().map(|breach| &breach[..1]).collect::<Vec<_>>(), ["2", "3"]);
    assert!(super::found(facts_come_from_a_store, "src/store/a.rs", bad).is_empty());
    assert!(super::found(facts_come_from_a_store, "src/domain/a.rs", "pub struct NotificationFacts {\n}\n").is_empty());
}
