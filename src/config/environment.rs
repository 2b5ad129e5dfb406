//! Settings and secrets from environment variables: `NONTAX__SERVER__LISTEN` is `server.listen`.

use std::collections::BTreeMap;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::document::{Entry, Node, Table, Value};
use super::problem::Problems;
use super::source::{Place, Source};

/// What the name of an override begins with; two more underscores stand for every dot of the key.
const PREFIX: &str = "NONTAX__";

/// The environment variables of a process, or of a test.
#[derive(Default)]
pub struct Environment(BTreeMap<String, Zeroizing<String>>);

impl Environment {
    /// The variables of this process. What is not Unicode in them is replaced by U+FFFD, which no setting takes.
    #[must_use]
    pub fn of_this_process() -> Self {
        std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
            .collect()
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.as_str())
    }

    /// The overrides as a document.
    pub(super) fn overrides(&self, problems: &mut Problems) -> Table {
        let mut table = Table::default();
        for (name, value) in &self.0 {
            let Some(key) = name.strip_prefix(PREFIX) else { continue };
            let key = key.to_ascii_lowercase();
            let source = Arc::new(Source::variable(name, value));
            let place = Place::new(&source, name.len() + 1..name.len() + 1 + value.len());
            let name_place = Place::new(&source, 0..name.len());
            if key == "party" || key.starts_with("party__") {
                let cause = "parties cannot be set by environment variables".to_owned();
                let cure = "write [[party]] in a file; its secrets may name a variable (app_secret_env, env)";
                problems.error("party", Some(name_place), cause, cure);
                continue;
            }
            let parts: Vec<_> = key.split("__").collect();
            insert(&mut table, &parts, &name_place, Node { place, value: Value::Variable(value.to_string()) });
        }
        table
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name, Zeroizing::new(value))).collect())
    }
}

fn insert(table: &mut Table, parts: &[&str], name_place: &Place, node: Node) {
    let [first, rest @ ..] = parts else { return };
    if rest.is_empty() {
        table.0.push(Entry { name: (*first).to_owned(), name_place: name_place.clone(), node });
        return;
    }
    let is_table = |entry: &Entry| entry.name == *first && matches!(entry.node.value, Value::Table(_));
    let index = table.0.iter().position(is_table).unwrap_or_else(|| {
        let inner = Node { place: name_place.clone(), value: Value::Table(Table::default()) };
        table.0.push(Entry { name: (*first).to_owned(), name_place: name_place.clone(), node: inner });
        table.0.len() - 1
    });
    if let Value::Table(inner) = &mut table.0[index].node.value {
        insert(inner, rest, name_place, node);
    }
}
