//! `[database]`: which book, and how to get in.

use percent_encoding::percent_decode_str;

use super::material::{self, Privacy, SecretKeys};
use super::secret::Secret;
use super::section::{Section, Setting};
use super::{Environment, POSTGRES_SCHEMES};

pub(super) const KEYS: &[&str] = &["url", "password_file", "max_connections", "coalescing"];

/// The built-in database: a file in the working directory.
const DEFAULT_URL: &str = "sqlite:nontax.db";

/// Where the book is.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// `sqlite:PATH` or `postgres://USER@HOST/DATABASE`, without a password. A relative path starts from the working directory.
    pub url: String,
    /// The password for Postgres.
    pub password: Option<Secret>,
    /// The most connections that are open at a time.
    pub max_connections: u32,
    /// Whether callbacks that wait for the database share its statements and commits.
    pub coalescing: bool,
}

pub(super) fn read(mut section: Section<'_>, environment: &Environment) -> DatabaseConfig {
    let (url, url_password) = read_url(&mut section);
    let keys = SecretKeys { file: "password_file", value: None, env: None };
    let file_password = material::read(&mut section, &keys, Privacy::Secret, environment);
    let max_connections = section.integer("max_connections", 1..=500, 16, "connections").value;
    let coalescing = section.boolean("coalescing", true).value;
    if let Some(file) = &file_password {
        if url_password.is_some() {
            section.error(
                "password_file",
                file.place.as_ref(),
                "database.url holds a password too",
                "keep the file only",
            );
        } else if url.starts_with("sqlite:") {
            let cause = "a SQLite database has no password; the file is ignored";
            section.warn(
                "password_file",
                file.place.as_ref(),
                cause,
                "remove the key, or set a postgres:// database.url",
            );
        }
    }
    let password = file_password.and_then(|file| file.into_secret(&mut section)).or(url_password);
    DatabaseConfig { url, password, max_connections, coalescing }
}

fn read_url(section: &mut Section<'_>) -> (String, Option<Secret>) {
    let Some(Setting { value: url, place, sound: true }) = section.text("url") else {
        return (DEFAULT_URL.to_owned(), None);
    };
    let place = place.as_ref();
    let scheme = url.split(':').next().unwrap_or_default();
    let after = url.get(scheme.len() + 1..).unwrap_or_default();
    if scheme == "sqlite" {
        let path = after.strip_prefix("//").unwrap_or(after);
        if path.is_empty() || path.starts_with('?') {
            section.error("url", place, "it names no file", "write sqlite:/var/lib/nontax/nontax.db");
        } else if path.starts_with(":memory:") || path.contains("mode=memory") {
            let cause = "a database in memory forgets every payment when the process ends";
            section.error("url", place, cause, "name a file, such as sqlite:/var/lib/nontax/nontax.db");
        }
        return (url, None);
    }
    if !POSTGRES_SCHEMES.contains(&scheme) {
        let cause = if url.contains(':') && scheme.chars().all(|letter| letter.is_ascii_alphanumeric()) {
            format!("databases of kind \"{scheme}:\" are not supported, only SQLite and Postgres are")
        } else {
            "it is not the URL of a database".to_owned()
        };
        section.error("url", place, cause, "write sqlite:nontax.db or postgres://user@host/database");
        return (DEFAULT_URL.to_owned(), None);
    }
    let Some(after) = after.strip_prefix("//").filter(|rest| !rest.is_empty()) else {
        section.error("url", place, "it names no host", "write postgres://user@host:5432/database");
        return (DEFAULT_URL.to_owned(), None);
    };
    if after.contains("password=") {
        let cause = "a password in the URL's query is not taken";
        section.error("url", place, cause, "put it into a file of mode 0600 and name that in database.password_file");
        return (DEFAULT_URL.to_owned(), None);
    }
    let Some((user_info, host)) = after.rsplit_once('@') else { return (url, None) };
    let Some((user, password)) = user_info.split_once(':') else { return (url, None) };
    let Ok(password) = percent_decode_str(password).decode_utf8() else {
        section.error(
            "url",
            place,
            "the password's %-escapes are not UTF-8",
            "use database.password_file, as it is, unescaped",
        );
        return (DEFAULT_URL.to_owned(), None);
    };
    let cause = "the URL holds a password, which whoever reads the file or the environment can read";
    section.warn("url", place, cause, "move it into a file of mode 0600 and name that in database.password_file");
    (format!("{scheme}://{user}@{host}"), Some(Secret::new(password.into_owned())))
}
