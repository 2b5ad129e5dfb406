//! `nontax envelope`: opening, making and explaining envelopes offline, with keys given as files.

mod explain;
mod open;
mod seal;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use super::{Console, Exit, Failure};
use crate::envelope::SignatureOver;

pub use explain::ExplainArguments;
pub use open::OpenArguments;
pub use seal::SealArguments;

/// The largest input that is read, in bytes. A callback body has under 64 KiB.
const MAX_INPUT_BYTES: u64 = 16 * 1024 * 1024;

/// The commands about envelopes.
#[derive(Debug, Subcommand)]
pub enum EnvelopeCommand {
    /// Print the plaintext of a request or of a reply, and whether the signature was verified.
    Open(OpenArguments),
    /// Make a reply from a plaintext, or with --signing-key-file a signed request.
    Seal(SealArguments),
    /// Say step by step what is right and wrong with a captured request, and what to write in the configuration.
    Explain(ExplainArguments),
}

/// Where the text comes from.
#[derive(Clone, Debug, Args)]
pub(super) struct InputArgument {
    /// The file, or - for standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
}

/// What a signature covers, on the command line.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum SignatureOverArgument {
    /// The plaintext.
    #[default]
    Plaintext,
    /// The base64 text of data.
    Data,
}

impl From<SignatureOverArgument> for SignatureOver {
    fn from(argument: SignatureOverArgument) -> Self {
        match argument {
            SignatureOverArgument::Plaintext => Self::Plaintext,
            SignatureOverArgument::Data => Self::Data,
        }
    }
}

/// Runs a command about envelopes.
///
/// # Errors
/// [`Failure`] when a file or a key cannot be read, or when the envelope is not in order.
pub fn run(command: &EnvelopeCommand, console: &mut Console<'_>) -> Result<(), Failure> {
    match command {
        EnvelopeCommand::Open(arguments) => open::run(arguments, console),
        EnvelopeCommand::Seal(arguments) => seal::run(arguments, console),
        EnvelopeCommand::Explain(arguments) => explain::run(arguments, console),
    }
}

impl InputArgument {
    fn read(&self, console: &mut Console<'_>) -> Result<Vec<u8>, Failure> {
        let name = self.file.display();
        let failed = |error| Failure::new(Exit::Failure, format!("{name} cannot be read: {error}"));
        let mut bytes = Vec::new();
        if self.file == Path::new("-") {
            console.input.take(MAX_INPUT_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        } else {
            File::open(&self.file)
                .and_then(|file| file.take(MAX_INPUT_BYTES + 1).read_to_end(&mut bytes))
                .map_err(failed)?;
        }
        if bytes.len() as u64 > MAX_INPUT_BYTES {
            return Err(Failure::new(Exit::Failure, format!("{name} is larger than {MAX_INPUT_BYTES} bytes")));
        }
        Ok(bytes)
    }
}

fn cannot_write(error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failure, format!("the output cannot be written: {error}"))
}

#[cfg(test)]
mod tests;
