//! Finds the files, lays them over each other, and reads the sections.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::document::{self, Table};
use super::problem::{Problems, Severity};
use super::section::Section;
use super::{
    Config, Environment, ROOT_KEYS, database, jobs, layer, logging, party, platform, reconciliation, retention, server,
    webhook,
};

/// The file that is read when none is named, if it is there.
const DEFAULT_FILE: &str = "./config/default.toml";

/// The variable that names the file when the command line does not.
const FILE_VARIABLE: &str = "NONTAX_CONFIG";

/// A configuration and where it came from.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What is probably not meant.
    pub warnings: Problems,
    /// The files, the first one lowest; none for the built-in default.
    pub sources: Vec<PathBuf>,
}

/// Reads the files of `--config`, later ones winning; without any, the file of `NONTAX_CONFIG`, then
/// `./config/default.toml` if it is there, then the built-in default. `NONTAX__…` variables win over all of them.
///
/// # Errors
/// [`Problems`] with all that is wrong, warnings included. Nothing is read from a file with a fault of syntax, and then only the
/// syntax of the others is checked.
pub fn load(paths: &[PathBuf], environment: &Environment) -> Result<Loaded, Problems> {
    let mut problems = Problems::default();
    let (sources, named_by) = files(paths, environment);
    let mut root = Table::default();
    for path in &sources {
        if let Some(table) = read_file(path, named_by, &mut problems) {
            layer::lay_over(&mut root, table);
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    layer::lay_over(&mut root, environment.overrides(&mut problems));
    let config = read_sections(root, environment, &mut problems);
    if problems.count(Severity::Error) > 0 {
        return Err(problems);
    }
    Ok(Loaded { config, warnings: problems, sources })
}

/// The configuration without any file or variable: every key at its default, no party.
#[must_use]
pub fn built_in() -> Config {
    read_sections(Table::default(), &Environment::default(), &mut Problems::default())
}

fn files(paths: &[PathBuf], environment: &Environment) -> (Vec<PathBuf>, &'static str) {
    if !paths.is_empty() {
        return (paths.to_vec(), "--config");
    }
    if let Some(path) = environment.get(FILE_VARIABLE).filter(|path| !path.is_empty()) {
        return (vec![PathBuf::from(path)], FILE_VARIABLE);
    }
    let default = Path::new(DEFAULT_FILE);
    (if default.exists() { vec![default.to_path_buf()] } else { Vec::new() }, DEFAULT_FILE)
}

fn read_file(path: &Path, named_by: &str, problems: &mut Problems) -> Option<Table> {
    let fault = match fs::read(path) {
        Ok(bytes) => return document::parse(path, &Zeroizing::new(bytes), problems),
        Err(fault) => fault,
    };
    let problem = match fault.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "this process may not read it".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        _ => fault.to_string(),
    };
    let directory = std::env::current_dir().map(|path| path.display().to_string()).unwrap_or_default();
    let cause = format!("cannot read the configuration file {} (from {directory}): {problem}", path.display());
    problems.error(named_by, None, cause, "correct the path, or write a first configuration with: nontax config init");
    None
}

fn read_sections(root: Table, environment: &Environment, problems: &mut Problems) -> Config {
    let mut root = Section::open_root(root, ROOT_KEYS, problems);
    let (server, reply_deadline) = server::read(root.section("server", server::KEYS));
    let database = database::read(root.section("database", database::KEYS), environment);
    let parties = party::read_all(&mut root, &reply_deadline, environment);
    let platform = platform::read(root.section("platform", platform::KEYS), &reply_deadline, environment);
    let jobs = jobs::read(root.section("jobs", jobs::KEYS));
    let retention = retention::read(root.section("retention", retention::KEYS));
    let logging = logging::read(root.section("logging", logging::KEYS));
    let reconciliation = reconciliation::read(root.section("reconciliation", reconciliation::KEYS));
    let names: Vec<_> = parties.iter().map(|party| party.name.clone()).collect();
    let webhooks = webhook::read_all(&mut root, &names, environment);
    Config { server, database, parties, platform, jobs, retention, logging, reconciliation, webhooks }
}
