//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Measures the whole server, and prints tables in Markdown. Progress goes to standard error.
#[derive(Debug, Parser)]
#[command(name = "scripts/bench", bin_name = "scripts/bench")]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Short turns, to see that everything works. The figures mean nothing.
    #[arg(long, global = true)]
    pub(crate) quick: bool,
    /// How many turns each contender has; medians are printed.
    #[arg(long, global = true, value_parser = clap::value_parser!(u32).range(1..=15))]
    pub(crate) turns: Option<u32>,
    /// How many seconds of each turn are measured.
    #[arg(long, global = true, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub(crate) seconds: Option<u32>,
    /// How many notices, and as many notifications that pay one each. A turn ends when they are used up.
    #[arg(long, global = true, value_parser = clap::value_parser!(u32).range(2_000..=1_000_000))]
    pub(crate) notices: Option<u32>,
    /// Where keys and signed bodies are kept, to be used again.
    #[arg(long, global = true, default_value = "target/bench")]
    pub(crate) directory: PathBuf,
    /// The gateway; without it the one that was built beside this program.
    #[arg(long, global = true)]
    pub(crate) nontax: Option<PathBuf>,
    /// A Postgres server on this machine on which databases may be created. Those named `nontax_bench_…` are dropped.
    #[arg(long, global = true, env = "NONTAX_TEST_POSTGRES_URL")]
    pub(crate) postgres: Option<String>,
    /// The processor that servers under test are pinned to. This program and Postgres are pinned elsewhere by the script.
    #[arg(long, global = true, env = "NONTAX_BENCH_SERVER_CPU")]
    pub(crate) server_cpu: Option<String>,
}

/// What to measure.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Replies a second and what each costs: both callbacks, both stores, with coalescing and without.
    Ceiling,
    /// Latency at a fixed rate: 200 + 200 a second, and four fifths of the ceiling.
    Latency,
    /// What a query costs in a small and in a large table, on Postgres.
    Size {
        /// Notices in the large table. Ten million take 12 GB of disk and some minutes.
        #[arg(long, default_value_t = 10_000_000)]
        rows: u32,
    },
    /// Resident memory at rest, and at the ceiling with 1,000 connections.
    Memory,
    /// From the start of the process to the first reply, on a migrated database.
    Start,
    /// One, two and four gateways on one Postgres, and races for a notice between two.
    Gateways,
    /// The same callbacks in other stacks, in turns with nontax.
    ///
    /// DIRECTORY holds seed.sql, which makes the peers' tables, and what is built of peer-node/server.js (with
    /// `node_modules`), peer-go/peer-go, peer-python/server.py (uvicorn on the PATH, or in peer-python/venv/bin) and
    /// peer-java/Server.class (its jars in peer-java/lib). A peer that is not there is left out.
    Peers {
        /// Where the peers are.
        directory: PathBuf,
    },
    /// Everything.
    All {
        /// Notices in the large table.
        #[arg(long, default_value_t = 10_000_000)]
        rows: u32,
        /// Where the peers are; without it they are left out.
        #[arg(long)]
        peers: Option<PathBuf>,
    },
}

/// How long and how much.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    pub(crate) turns: u32,
    pub(crate) seconds: u32,
    pub(crate) warm_up_seconds: u32,
    /// Latency at a fixed rate is measured for so long.
    pub(crate) latency_seconds: u32,
    pub(crate) notices: u32,
    /// A virtual machine of Java compiles what runs often, and needs time for it.
    pub(crate) java_warm_up_seconds: u32,
}

impl Options {
    /// What the options come to.
    pub(crate) fn scale(&self) -> Scale {
        let full = Scale {
            turns: 3,
            seconds: 5,
            warm_up_seconds: 1,
            latency_seconds: 20,
            notices: 100_000,
            java_warm_up_seconds: 20,
        };
        let quick = Scale {
            turns: 1,
            seconds: 1,
            warm_up_seconds: 1,
            latency_seconds: 2,
            notices: 5_000,
            java_warm_up_seconds: 2,
        };
        let scale = if self.quick { quick } else { full };
        Scale {
            turns: self.turns.unwrap_or(scale.turns),
            seconds: self.seconds.unwrap_or(scale.seconds),
            notices: self.notices.unwrap_or(scale.notices),
            ..scale
        }
    }
}
