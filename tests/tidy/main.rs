//! Keeps the house in order: floors, sizes, names and leftovers, read from the text of the sources.
//!
//! A breach is reported as `file:line: rule. What to do.` The tables stand at the head of each module.

mod floors;
mod leftovers;
mod masking;
mod sizes;
mod source;

use std::fmt;

use source::Source;

/// One breach of a rule.
struct Breach {
    file: String,
    line: usize,
    rule: String,
    cure: &'static str,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}. {}", self.file, self.line, self.rule, self.cure)
    }
}

/// A rule: what it finds in one file.
type Rule = fn(&Source) -> Vec<Breach>;

const RULES: [Rule; 8] = [
    floors::imports_from_lower_floors_only,
    floors::floor_0_is_pure,
    floors::facts_come_from_a_store,
    sizes::files_are_short,
    sizes::functions_fit_a_screen,
    leftovers::files_say_what_they_are_for,
    leftovers::names_say_something,
    leftovers::nothing_is_left_over,
];

#[test]
fn the_house_is_in_order() {
    let sources = source::read_all();
    assert!(sources.len() > 30, "only {} sources were found: is this the root of the repository?", sources.len());
    let breaches: Vec<String> = sources
        .iter()
        .flat_map(|source| RULES.iter().flat_map(|rule| rule(source)))
        .map(|breach| breach.to_string())
        .collect();
    assert!(breaches.is_empty(), "{} breaches of the house rules:\n{}\n", breaches.len(), breaches.join("\n"));
}

/// The breaches of `rule` in a file of that name and text, as `line: rule`.
fn found(rule: Rule, file: &str, text: &str) -> Vec<String> {
    let source = Source::new(file, text.to_owned(), false);
    rule(&source).into_iter().map(|breach| format!("{}: {}", breach.line, breach.rule)).collect()
}
