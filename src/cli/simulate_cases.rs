//! `nontax simulate --cases`: the values that make the simulator play a case.

use std::io::Write;

use super::{Exit, Failure};
use crate::simulator::cases;

/// Prints the whole table, in English and Chinese.
///
/// # Errors
/// [`Failure`] when nothing can be written.
pub(super) fn print(out: &mut dyn Write) -> Result<(), Failure> {
    out.write_all(cases::as_text().as_bytes()).map_err(|e| Failure::new(Exit::Failure, format!("cannot write: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_printed_whole() {
        let mut out = Vec::new();
        print(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        for value in ["…990231", "…004", "errcode=CODE", "test_bank_id", "1900016021", "…80"] {
            assert!(text.lines().any(|line| line.trim_start().starts_with(&format!("{value} "))), "{value}\n{text}");
        }
    }
}
