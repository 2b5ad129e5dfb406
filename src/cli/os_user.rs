//! Who runs a command, as the audit of changes names it: the user of this machine, by the system's own word and not by the
//! environment's.

use std::fs;

use crate::store::Author;

/// Where the system keeps its users.
const USERS: &str = "/etc/passwd";

/// The user of this process as the author of a change.
pub(super) fn author() -> Author {
    let uid = rustix::process::getuid().as_raw();
    let users = fs::read_to_string(USERS).unwrap_or_default();
    Author::on_the_command_line(name_of(&users, uid).unwrap_or_else(|| format!("user {uid}")))
}

fn name_of(users: &str, uid: u32) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_the_name_of_its_number() {
        let users = "root:x:0:0:root:/root:/bin/sh\nbroken\npay:x:1000:1000::/home/pay:/bin/sh\n";
        assert_eq!(name_of(users, 1000).as_deref(), Some("pay"));
        assert_eq!(name_of(users, 7), None);
    }
}
