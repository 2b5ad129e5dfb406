//! A server in another stack: where it is found, and how it is started.

use std::path::{Path, PathBuf};
use std::process::Command;

use miette::Result;

use super::serving::{Server, free_address};
use super::sitting::Sitting;

/// Connections to Postgres, as many as nontax has.
const DB_POOL: &str = "16";

/// The stacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stack {
    Go,
    Node,
    Python,
    Java,
}

impl Stack {
    pub(crate) const ALL: [Self; 4] = [Self::Go, Self::Node, Self::Python, Self::Java];

    /// What it is made of.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Go => "Go, net/http and pgx",
            Self::Node => "Node, fastify and pg",
            Self::Python => "Python, FastAPI and asyncpg",
            Self::Java => "Java, HttpServer and HikariCP",
        }
    }

    /// Whether it records payments too.
    pub(crate) const fn takes_notifications(self) -> bool {
        matches!(self, Self::Go | Self::Node)
    }
}

/// A peer that was found.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) stack: Stack,
    program: PathBuf,
    arguments: Vec<String>,
}

impl Peer {
    /// # Errors
    /// What is not there.
    pub(crate) fn find(stack: Stack, directory: &Path) -> Result<Self, String> {
        let present =
            |path: PathBuf| if path.exists() { Ok(path) } else { Err(format!("{} is not there", path.display())) };
        let (program, arguments) = match stack {
            Stack::Go => (present(directory.join("peer-go/peer-go"))?, Vec::new()),
            Stack::Node => {
                present(directory.join("peer-node/node_modules"))?;
                let script = present(directory.join("peer-node/server.js"))?;
                (on_path("node")?, vec![script.display().to_string()])
            }
            Stack::Python => {
                present(directory.join("peer-python/server.py"))?;
                let own = present(directory.join("peer-python/venv/bin/uvicorn"));
                let sources = directory.join("peer-python").display().to_string();
                let arguments = ["--app-dir", &sources, "server:app", "--no-access-log", "--port"];
                (own.or_else(|_| on_path("uvicorn"))?, arguments.map(str::to_owned).to_vec())
            }
            Stack::Java => {
                present(directory.join("peer-java/Server.class"))?;
                let classes = directory.join("peer-java").display().to_string();
                let path = format!("{classes}:{classes}/lib/*");
                let arguments = ["-Dsun.net.httpserver.nodelay=true", "-cp", &path, "Server"];
                (on_path("java")?, arguments.map(str::to_owned).to_vec())
            }
        };
        Ok(Self { stack, program, arguments })
    }

    /// Starts it on a database of its tables.
    pub(crate) fn start(&self, sitting: &Sitting, database_url: &str) -> Result<Server> {
        let address = free_address()?;
        let mut command: Command = sitting.pinned(&self.program);
        command.args(&self.arguments);
        if self.stack == Stack::Python {
            command.arg(address.port().to_string());
        }
        let jdbc_url = jdbc(database_url);
        command
            .env("PORT", address.port().to_string())
            .env("DATABASE_URL", database_url)
            .env("JDBC_URL", jdbc_url)
            .env("DB_POOL", DB_POOL)
            .env("WX_PUBLIC_KEY", &sitting.keys.public_file)
            .env("AES_KEY_HEX", &sitting.keys.symmetric_hex);
        let log = sitting.options.directory.join("peer.log");
        Server::start(command, address, &log, &sitting.queries[0], &sitting.keys.symmetric)
    }
}

/// JDBC wants the user as a parameter.
fn jdbc(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    match rest.split_once('@') {
        Some((user, place)) => format!("jdbc:postgresql://{place}?user={user}"),
        None => format!("jdbc:postgresql://{rest}"),
    }
}

/// Where a program is.
pub(crate) fn on_path(program: &str) -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|directory| directory.join(program)).find(|file| file.is_file());
    found.ok_or_else(|| format!("{program} is not on the PATH"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_jdbc_url_names_the_user_behind() {
        assert_eq!(jdbc("postgres://a@127.0.0.1:1/b"), "jdbc:postgresql://127.0.0.1:1/b?user=a");
        assert_eq!(jdbc("postgres://127.0.0.1:1/b"), "jdbc:postgresql://127.0.0.1:1/b");
    }
}
