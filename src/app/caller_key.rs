//! The keys of client systems in the store: each client has its own, so that no two meet in one.

/// Longest key that a caller gives, in bytes.
pub const MAX_GIVEN_KEY_BYTES: usize = 128;

/// Longest key in the store, in bytes, who gave it included: it stands in an index.
pub(super) const MAX_KEY_BYTES: usize = 256;

const OF_A_CLIENT: &str = "client:";

/// The key of a client of the admin API as it is stored. No name of a client holds a colon.
#[must_use]
pub fn key_of_client(client: &str, given: &str) -> String {
    format!("{OF_A_CLIENT}{client}:{given}")
}

/// A stored key as its caller gave it.
pub(super) fn given_key(stored: &str) -> &str {
    let of_a_client = stored.strip_prefix(OF_A_CLIENT).and_then(|rest| rest.split_once(':'));
    of_a_client.map_or(stored, |(_, given)| given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_sees_its_own_key_and_shares_it_with_nobody() {
        let stored = key_of_client("erp", "a:1");
        assert_eq!(given_key(&stored), "a:1");
        assert_ne!(stored, key_of_client("desk", "a:1"));
        assert_eq!(given_key("cli-1"), "cli-1");
        assert!(key_of_client(&"n".repeat(64), &"k".repeat(MAX_GIVEN_KEY_BYTES)).len() <= MAX_KEY_BYTES);
    }
}
