//! `[logging]`: how much is logged, and in which form.

use tracing_subscriber::EnvFilter;

use super::section::{Section, Setting};

pub(super) const KEYS: &[&str] = &["format", "level"];

pub(super) const FORMATS: [(&str, LogFormat); 2] = [("text", LogFormat::Text), ("json", LogFormat::Json)];

const DEFAULT_LEVEL: &str = "info";

/// The levels, and `off`, as a directive names them.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// How the server logs.
#[derive(Clone, Debug)]
pub struct LoggingConfig {
    /// The form of a line.
    pub format: LogFormat,
    /// A filter as tracing's `EnvFilter` takes it: a level, or `info,nontax_gateway=debug`.
    pub level: String,
}

pub(super) fn read(mut section: Section<'_>) -> LoggingConfig {
    let format = section.choice_or("format", &FORMATS, LogFormat::default());
    let level = match section.text("level") {
        Some(Setting { value, place, sound: true }) => {
            if let Some(cause) = fault_of(&value) {
                section.error(
                    "level",
                    place.as_ref(),
                    cause,
                    "write off, error, warn, info, debug or trace, or info,nontax_gateway=debug",
                );
            }
            value
        }
        _ => DEFAULT_LEVEL.to_owned(),
    };
    LoggingConfig { format, level }
}

fn fault_of(level: &str) -> Option<String> {
    // The filter would take a misspelt level for the name of a module and log nothing.
    let misspelt = level.split(',').map(str::trim).find(|part| {
        let is_word = !part.contains(['=', '[', ':']) && *part != "nontax_gateway";
        is_word && !LEVELS.contains(&part.to_ascii_lowercase().as_str())
    });
    if let Some(part) = misspelt {
        return Some(format!("{part:?} is not a level"));
    }
    EnvFilter::builder().parse(level).err().map(|fault| format!("{level:?} is not a filter: {fault}"))
}
