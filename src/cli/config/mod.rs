//! `nontax config`: check, show and start a configuration.

mod init;

use std::io::{self, IsTerminal as _, Write};
use std::path::PathBuf;

use clap::Subcommand;

use super::{Exit, Failure, Format, Shared};
use crate::config::{self, Config, Effective, Environment, Loaded, Problems, Severity};

/// `nontax config …`
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Tell everything that is wrong with the configuration. Exit code 3 when it cannot be used.
    Check,
    /// Print the configuration as it takes effect, without secrets.
    Show {
        /// How to print it: text is TOML.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Write a first configuration with a fresh symmetric key. Never overwrites a file.
    Init {
        /// Where to; made when it is not there.
        #[arg(default_value = ".")]
        directory: PathBuf,
    },
}

/// Runs it.
///
/// # Errors
/// [`Failure`] with exit code 3 for a configuration that cannot be used, 1 when nothing could be written.
pub fn run(args: &Args, shared: &Shared, out: &mut dyn Write) -> Result<(), Failure> {
    match &args.action {
        Action::Check => check(&load(shared)?, out),
        Action::Show { format } => show(&load(shared)?.config, *format, out),
        Action::Init { directory } => init::run(directory, out),
    }
}

/// Loads the configuration of a command; what is wrong and what is doubtful goes to standard error.
///
/// # Errors
/// [`Failure`] with exit code 3, everything told already.
pub fn load(shared: &Shared) -> Result<Loaded, Failure> {
    match config::load(&shared.config, &Environment::of_this_process()) {
        Ok(loaded) => {
            tell(&loaded.warnings);
            Ok(loaded)
        }
        Err(problems) => {
            tell(&problems);
            Err(unusable(&problems))
        }
    }
}

/// Fails unless there is a party to serve.
///
/// # Errors
/// [`Failure`] with exit code 3, everything told already.
pub fn require_parties(config: &Config) -> Result<(), Failure> {
    config.require_parties().map(drop).map_err(|problems| {
        tell(&problems);
        unusable(&problems)
    })
}

/// What a command ends with after it told the problems of a configuration.
fn unusable(problems: &Problems) -> Failure {
    let (errors, warnings) = (problems.count(Severity::Error), problems.count(Severity::Warning));
    Failure::new(Exit::Config, format!("the configuration cannot be used: {}", counts(errors, warnings)))
}

fn tell(problems: &Problems) {
    if !problems.is_empty() {
        eprint!("{}", problems.render(io::stderr().is_terminal()));
    }
}

fn counts(errors: usize, warnings: usize) -> String {
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    format!("{errors} error{}, {warnings} warning{}", plural(errors), plural(warnings))
}

fn check(loaded: &Loaded, out: &mut dyn Write) -> Result<(), Failure> {
    write_summary(loaded, out).map_err(|fault| Failure::from_error(Exit::Failure, &fault))
}

fn write_summary(loaded: &Loaded, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "ok: {}", counts(0, loaded.warnings.count(Severity::Warning)))?;
    if loaded.sources.is_empty() {
        writeln!(out, "source: the built-in default")?;
    }
    for source in &loaded.sources {
        writeln!(out, "source: {}", source.display())?;
    }
    let config = &loaded.config;
    writeln!(out, "database: {}", config.database.url)?;
    if config.parties.is_empty() {
        writeln!(out, "parties: none, so nontax serve would refuse to start")?;
    }
    for party in &config.parties {
        writeln!(out, "party: {} ({}, {}, {})", party.name, party.role, party.mode, party.appid)?;
        for key in party.key_ring.symmetric_keys() {
            writeln!(out, "  symmetric key {}: AES, {} bits", key.id(), key.bits())?;
        }
        for key in party.key_ring.platform_keys() {
            writeln!(out, "  platform key {}: RSA, {} bits", key.id(), key.bits())?;
        }
    }
    Ok(())
}

fn show(config: &Config, format: Format, out: &mut dyn Write) -> Result<(), Failure> {
    let effective = Effective::from(config);
    let text = match format {
        Format::Text => toml::to_string(&effective).map_err(|fault| Failure::from_error(Exit::Failure, &fault))?,
        Format::Json => {
            let json = serde_json::to_string_pretty(&effective);
            json.map_err(|fault| Failure::from_error(Exit::Failure, &fault))? + "\n"
        }
    };
    out.write_all(text.as_bytes()).map_err(|fault| Failure::from_error(Exit::Failure, &fault))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demo() -> Loaded {
        config::load(&["config/demo.toml".into()], &Environment::default()).unwrap()
    }

    #[test]
    fn check_names_sources_parties_and_keys() {
        let mut out = Vec::new();
        check(&demo(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        for part in [
            "ok: 0 errors",
            "config/demo.toml",
            "party: demo (finance",
            "key 1: AES, 256 bits",
            "key 1: RSA, 2048 bits",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn show_is_toml_or_json_and_shows_no_secret() {
        let loaded = demo();
        let shown = |format| {
            let mut out = Vec::new();
            show(&loaded.config, format, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let as_toml: toml::Table = shown(Format::Text).parse().unwrap();
        let as_json: serde_json::Value = serde_json::from_str(&shown(Format::Json)).unwrap();
        assert_eq!(serde_json::to_value(&as_toml).unwrap(), as_json);
        assert_eq!(as_json["party"][0]["app_secret"], "(redacted)");
        assert_eq!(as_json["server"]["reply_deadline_ms"], 3500);
        for text in [shown(Format::Text), shown(Format::Json), format!("{loaded:?}")] {
            assert!(!text.contains("never-use-for-real"), "{text}");
        }
    }
}
