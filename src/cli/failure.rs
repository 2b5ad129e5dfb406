//! How a command fails: an exit code that scripts rely on, and a message that says what to do.

use std::error::Error;
use std::process::ExitCode;

use crate::app::chain;

/// What an exit code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 1: it did not work.
    Failure = 1,
    /// 2: the command line is wrong.
    Usage = 2,
    /// 3: the configuration is wrong.
    Config = 3,
    /// 4: the network or the far side could not be reached.
    Network = 4,
    /// 5: the platform refused.
    Refused = 5,
    /// 6: differences were found.
    Differences = 6,
}

/// A failed command.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: String,
    help: Option<String>,
}

impl Failure {
    /// A failure with a message of its own.
    #[must_use]
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), help: None }
    }

    /// A failure from an error; its whole chain is told, once, here.
    #[must_use]
    pub fn from_error(exit: Exit, error: &dyn Error) -> Self {
        Self::new(exit, chain(error))
    }

    /// With what to do about it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The exit code's meaning.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        self.exit
    }

    /// Tells it on standard error. An empty message means that everything was told already.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        if !self.message.is_empty() {
            eprintln!("error: {}", self.message);
        }
        if let Some(help) = &self.help {
            eprintln!("help: {help}");
        }
        ExitCode::from(self.exit as u8)
    }
}
