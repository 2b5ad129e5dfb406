//! The `nontax` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    nontax_gateway::cli::main()
}
