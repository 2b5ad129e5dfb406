//! One sitting: what all measurements share, and how a gateway of it is started.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use miette::{IntoDiagnostic as _, Result, WrapErr as _, ensure, miette};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::answers::Checker;
use super::bodies::{self, APPID, PARTY, order_id};
use super::books::{Books, Store};
use super::feed::{Chosen, Feed, Lane};
use super::keys::Keys;
use super::load::{Load, Outcome};
use super::options::{Options, Scale};
use super::schedule::Pace;
use super::serving::{Server, free_address};
use super::tally::Watched;

/// The filled book that others are copied from.
const FILLED: &str = "filled";

/// Whether waiting statements are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coalescing {
    AsShipped,
    /// The baseline: each callback in statements and a transaction of its own.
    Off,
}

/// What all measurements share.
pub(crate) struct Sitting {
    pub(crate) options: Options,
    pub(crate) scale: Scale,
    pub(crate) keys: Keys,
    pub(crate) books: Books,
    pub(crate) queries: Vec<Vec<u8>>,
    pub(crate) notifications: Vec<Vec<u8>>,
    pub(crate) postgres_pid: Option<u32>,
    nontax: PathBuf,
    notices_file: PathBuf,
    filled: Vec<Store>,
}

impl Sitting {
    /// Makes what is to be sent, or reads it.
    pub(crate) fn begin(options: Options) -> Result<Self> {
        let scale = options.scale();
        raise_file_limit()?;
        fs::create_dir_all(&options.directory).into_diagnostic()?;
        let directory = fs::canonicalize(&options.directory).into_diagnostic()?;
        let nontax = options.nontax.clone().map_or_else(built_beside_us, Ok)?;
        ensure!(nontax.exists(), "{} is not there; build it first", nontax.display());
        let keys = Keys::read_or_make(&directory)?;
        let postgres = options.postgres.as_ref().ok_or_else(|| miette!("no Postgres; scripts/bench starts one"))?;
        let books = Books::new(postgres, &directory)?;
        let postgres_pid = books.postmaster();
        if postgres_pid.is_none() {
            eprintln!(
                "bench: Postgres runs on another machine or under another kernel; its processor time is not read"
            );
        }
        Ok(Self {
            queries: bodies::queries(&directory, &keys, scale.notices.min(10_000))?,
            notifications: bodies::notifications(&directory, &keys, scale.notices)?,
            notices_file: bodies::write_notices(&directory, scale.notices)?,
            options: Options { directory, ..options },
            scale,
            keys,
            books,
            postgres_pid,
            nontax,
            filled: Vec::new(),
        })
    }

    /// Leaves no database behind.
    pub(crate) fn end(self) -> Result<()> {
        for name in [FILLED, "turn", "large", "small", "peers", "peer"] {
            self.books.drop_postgres(name)?;
            self.books.remove_sqlite(name)?;
        }
        Ok(())
    }

    /// A command on the processor of servers under test.
    pub(crate) fn pinned(&self, program: &std::path::Path) -> Command {
        let Some(cpu) = &self.options.server_cpu else { return Command::new(program) };
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", cpu]).arg(program);
        command
    }

    /// Whether the gateway can be told not to coalesce.
    pub(crate) fn knows_coalescing(&self) -> Result<bool> {
        let url = self.books.url(Store::Sqlite, FILLED);
        let config = self.write_config("check", &url, Coalescing::Off, free_address()?, free_address()?)?;
        // A key that it does not know is an error.
        let output = Command::new(&self.nontax).arg("--config").arg(config).args(["config", "check"]).output();
        Ok(output.into_diagnostic()?.status.success())
    }

    /// A new book with every notice unpaid, and its URL.
    pub(crate) fn fresh_book(&mut self, store: Store) -> Result<String> {
        self.fill(store)?;
        self.books.copy(store, FILLED, "turn")
    }

    /// A copy of the filled book that stays.
    pub(crate) fn copy_filled(&mut self, store: Store, name: &str) -> Result<String> {
        self.fill(store)?;
        self.books.copy(store, FILLED, name)
    }

    fn fill(&mut self, store: Store) -> Result<()> {
        if self.filled.contains(&store) {
            return Ok(());
        }
        eprintln!("bench: importing {} notices into {}", self.scale.notices, store.name());
        self.books.clear(store, FILLED)?;
        let url = self.books.url(store, FILLED);
        let config = self.write_config("fill", &url, Coalescing::AsShipped, free_address()?, free_address()?)?;
        let notices = self.notices_file.display().to_string();
        for arguments in [vec!["migrate"], vec!["notice", "import", "--party", PARTY, &notices]] {
            let output = Command::new(&self.nontax).arg("--config").arg(&config).args(&arguments).output();
            let output = output.into_diagnostic()?;
            let told = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "nontax {} failed: {told}", arguments.join(" "));
        }
        self.books.settle(store, FILLED)?;
        self.filled.push(store);
        Ok(())
    }

    /// A gateway that serves a book. Its log is kept beside its configuration.
    pub(crate) fn start_gateway(&self, url: &str, coalescing: Coalescing) -> Result<Server> {
        let (listen, admin_listen) = (free_address()?, free_address()?);
        let name = format!("gateway-{}", listen.port());
        let config = self.write_config(&name, url, coalescing, listen, admin_listen)?;
        let mut command = self.pinned(&self.nontax);
        command.arg("--config").arg(config).arg("serve");
        let log = self.options.directory.join("gateway.log");
        Server::start(command, listen, &log, &self.queries[0], &self.keys.symmetric)
    }

    fn write_config(
        &self,
        name: &str,
        url: &str,
        coalescing: Coalescing,
        listen: SocketAddr,
        admin_listen: SocketAddr,
    ) -> Result<PathBuf> {
        let coalescing = if coalescing == Coalescing::Off { "coalescing = false\n" } else { "" };
        let text = format!(
            "[server]\nlisten = \"{listen}\"\nadmin_listen = \"{admin_listen}\"\n\n[database]\nurl = \"{url}\"\n{coalescing}\n\
             [[party]]\nname = \"{PARTY}\"\nrole = \"finance\"\nmode = \"direct_finance\"\nappid = \"{APPID}\"\n\n\
             [[party.symmetric_key]]\nfile = \"{}\"\n\n[[party.platform_key]]\nfile = \"{}\"\n",
            self.keys.symmetric_file.display(),
            self.keys.public_file.display(),
        );
        let path = self.options.directory.join(format!("{name}.toml"));
        fs::write(&path, text).into_diagnostic()?;
        Ok(path)
    }

    /// Loads servers that run, with a second of warm-up or what is told.
    pub(crate) fn load(&self, servers: &[Server], lanes: Vec<Lane<'_>>, way: Way<'_>) -> Result<Outcome> {
        let load = Load {
            addresses: servers.iter().map(|server| server.address).collect(),
            connections: way.connections,
            pace: way.pace,
            warm_up: Duration::from_secs(u64::from(way.warm_up_seconds)),
            measured: Duration::from_secs(u64::from(way.seconds)),
            feed: Feed::new(lanes),
            checker: Checker::new(&self.keys.symmetric, way.allowed),
            watched: Watched { servers: servers.iter().map(Server::pid).collect(), postgres: self.postgres_pid },
        };
        load.run()
    }

    /// As fast as so many connections allow.
    pub(crate) fn closed(&self, connections: usize) -> Way<'static> {
        let Scale { warm_up_seconds, seconds, .. } = self.scale;
        Way { connections, pace: Pace::Closed, warm_up_seconds, seconds, allowed: &[0] }
    }
}

/// How a load is given.
#[derive(Clone, Copy)]
pub(crate) struct Way<'a> {
    pub(crate) connections: usize,
    pub(crate) pace: Pace,
    pub(crate) warm_up_seconds: u32,
    pub(crate) seconds: u32,
    /// What decrypted replies may say.
    pub(crate) allowed: &'a [i64],
}

/// The orders of the notifications that were answered, which stand in the lane of that number.
pub(crate) fn orders_of(answered: &[Chosen], lane: usize) -> Vec<String> {
    answered.iter().filter(|chosen| chosen.lane == lane).map(|chosen| order_id(chosen.index as u64)).collect()
}

fn built_beside_us() -> Result<PathBuf> {
    let us = std::env::current_exe().into_diagnostic().wrap_err("where this program lies is unknown")?;
    // target/release/examples/bench
    let profile = us.parent().and_then(std::path::Path::parent);
    profile.map(|directory| directory.join("nontax")).ok_or_else(|| miette!("{} lies nowhere", us.display()))
}

/// A thousand connections are a thousand files, here and in the server, which inherits the limit.
fn raise_file_limit() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).into_diagnostic()
}
