//! Keys that a command line names as files. What stands in them is never shown.

use std::fs;
use std::path::Path;

use clap::ValueEnum;
use zeroize::Zeroizing;

use super::{Exit, Failure};
use crate::envelope::{KeyEncoding, PlatformKey, SigningKey, SmallKeys, SymmetricKey};

/// How a symmetric key is written down, on the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum KeyEncodingArgument {
    /// The bytes of the text are the key.
    #[default]
    Raw,
    /// Hexadecimal digits.
    Hex,
    /// Standard base64.
    Base64,
}

impl From<KeyEncodingArgument> for KeyEncoding {
    fn from(argument: KeyEncodingArgument) -> Self {
        match argument {
            KeyEncodingArgument::Raw => Self::Raw,
            KeyEncodingArgument::Hex => Self::Hex,
            KeyEncodingArgument::Base64 => Self::Base64,
        }
    }
}

/// The bytes of a file, wiped when they are dropped.
pub(super) fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    fs::read(path)
        .map(Zeroizing::new)
        .map_err(|error| Failure::new(Exit::Failure, format!("{} cannot be read: {error}", path.display())))
}

pub(super) fn read_symmetric(path: &Path, encoding: KeyEncoding) -> Result<SymmetricKey, Failure> {
    SymmetricKey::read(&path.display().to_string(), &read_secret(path)?, encoding).map_err(|error| {
        Failure::new(Exit::Failure, format!("{}: {error}", path.display()))
            .with_help("say how the key is written down with --encoding raw, hex or base64")
    })
}

pub(super) fn read_platform(path: &Path, small_keys: SmallKeys) -> Result<PlatformKey, Failure> {
    let pem = read_pem(path)?;
    PlatformKey::read(&path.display().to_string(), &pem, small_keys)
        .map_err(|error| Failure::new(Exit::Failure, format!("{}: {error}", path.display())))
}

pub(super) fn read_signing(path: &Path) -> Result<SigningKey, Failure> {
    let pem = read_pem(path)?;
    SigningKey::read(&pem).map_err(|error| Failure::new(Exit::Failure, format!("{}: {error}", path.display())))
}

fn read_pem(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let bytes = read_secret(path)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::new(Exit::Failure, format!("{} is not a PEM file: it is not text", path.display())))?;
    Ok(Zeroizing::new(text.to_owned()))
}
