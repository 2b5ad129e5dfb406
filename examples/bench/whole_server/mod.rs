//! What can be measured, and the order of it.

mod answers;
mod bodies;
mod books;
mod ceiling;
mod cpu;
mod feed;
mod figures;
mod gateways;
mod http;
mod keys;
mod latency;
mod load;
mod machine;
mod memory;
mod options;
mod peer;
mod peers;
mod race;
mod schedule;
mod serving;
mod sitting;
mod size;
mod start;
mod tally;

use clap::Parser as _;
use options::{Command, Options};
use sitting::Sitting;

/// Runs what the command line asks for.
pub(crate) fn run() -> miette::Result<()> {
    let options = Options::parse();
    let command = options.command.clone();
    let mut sitting = Sitting::begin(options)?;
    machine::print(&sitting)?;
    let stolen = cpu::HostTime::read()?;
    match command {
        Command::Ceiling => ceiling::measure(&mut sitting)?,
        Command::Latency => latency::measure(&mut sitting)?,
        Command::Size { rows } => size::measure(&mut sitting, rows)?,
        Command::Memory => memory::measure(&mut sitting)?,
        Command::Start => start::measure(&mut sitting)?,
        Command::Gateways => gateways::measure(&mut sitting)?,
        Command::Peers { directory } => peers::measure(&mut sitting, &directory)?,
        Command::All { rows, peers } => {
            start::measure(&mut sitting)?;
            memory::measure(&mut sitting)?;
            ceiling::measure(&mut sitting)?;
            if let Some(directory) = peers {
                peers::measure(&mut sitting, &directory)?;
            }
            latency::measure(&mut sitting)?;
            gateways::measure(&mut sitting)?;
            size::measure(&mut sitting, rows)?;
        }
    }
    println!("\n{}", cpu::HostTime::read()?.since(stolen));
    sitting.end()
}
