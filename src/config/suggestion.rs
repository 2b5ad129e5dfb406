//! What was probably meant by a word that nobody knows.

use super::SECTIONS;

/// The cure for a key that its table does not have.
pub(super) fn for_unknown_key(name: &str, keys: &[&str]) -> String {
    if let Some(near) = nearest(name, keys.iter().copied()) {
        return format!("did you mean \"{near}\"?");
    }
    match SECTIONS.iter().find(|(_, keys)| keys.contains(&name)) {
        Some((section, _)) => format!("it belongs to {section}"),
        None => format!("the keys here are {}", keys.join(", ")),
    }
}

/// The word that was probably meant: at most a third of it written otherwise.
pub(super) fn nearest<'w>(written: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    words
        .map(|word| (strsim::damerau_levenshtein(&written.to_lowercase(), word), word))
        .filter(|(distance, word)| *distance <= word.chars().count().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}
