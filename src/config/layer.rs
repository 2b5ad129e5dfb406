//! Lays documents over each other: a later file wins key by key, and a later party replaces the one of its name.

use super::document::{Entry, Node, Table, Value};

/// Lays `upper` over `lower`.
pub(super) fn lay_over(lower: &mut Table, upper: Table) {
    for entry in upper.0 {
        let Some(below) = lower.0.iter_mut().find(|below| below.name == entry.name) else {
            lower.0.push(entry);
            continue;
        };
        match (&mut below.node.value, entry.node.value) {
            (Value::Table(lower), Value::Table(upper)) => lay_over(lower, upper),
            (Value::List(lower), Value::List(upper)) if entry.name == "party" => lay_parties_over(lower, upper),
            (_, value) => *below = Entry { node: Node { place: entry.node.place, value }, ..entry },
        }
    }
}

fn lay_parties_over(lower: &mut Vec<Node>, upper: Vec<Node>) {
    // Two parties of one name within a file are a mistake, which both must survive to be told.
    let earlier = lower.len();
    for party in upper {
        let same = party_name(&party)
            .and_then(|name| lower[..earlier].iter().position(|below| party_name(below) == Some(name)));
        match same {
            Some(index) => lower[index] = party,
            None => lower.push(party),
        }
    }
}

fn party_name(party: &Node) -> Option<&str> {
    let Value::Table(table) = &party.value else { return None };
    match &table.get("name")?.value {
        Value::Text(name) => Some(name),
        _ => None,
    }
}
