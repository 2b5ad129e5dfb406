//! `nontax envelope seal`.

use std::path::PathBuf;

use clap::Args;

use super::{InputArgument, SignatureOverArgument, cannot_write};
use crate::cli::key_files::{self, KeyEncodingArgument};
use crate::cli::{Console, Exit, Failure};
use crate::envelope::{IV_BYTES, SignatureOver};
use crate::wire::{DATA_ENCRYPT_TYPE, PROTOCOL_VERSION, ReplyEnvelope, RequestEnvelope, SIGN_TYPE};

/// What `envelope seal` takes.
#[derive(Debug, Args)]
pub struct SealArguments {
    #[command(flatten)]
    input: InputArgument,
    /// The symmetric key.
    #[arg(long, value_name = "FILE")]
    symmetric_key_file: PathBuf,
    /// How the symmetric key is written down.
    #[arg(long, value_enum, default_value_t)]
    encoding: KeyEncodingArgument,
    /// The private RSA key of a test platform: makes a signed request.
    #[arg(long, value_name = "FILE", requires = "appid")]
    signing_key_file: Option<PathBuf>,
    /// The appid of a request.
    #[arg(long, value_name = "APPID", requires = "signing_key_file")]
    appid: Option<String>,
    /// What the signature covers.
    #[arg(long, value_enum, default_value_t, requires = "signing_key_file")]
    signature_over: SignatureOverArgument,
}

pub(super) fn run(arguments: &SealArguments, console: &mut Console<'_>) -> Result<(), Failure> {
    let plaintext = arguments.input.read(console)?;
    // The line end that an editor leaves at the end of a file is no part of the message.
    let plaintext = plaintext.strip_suffix(b"\n").unwrap_or(&plaintext);
    let plaintext = plaintext.strip_suffix(b"\r").unwrap_or(plaintext);
    let key = key_files::read_symmetric(&arguments.symmetric_key_file, arguments.encoding.into())?;
    let mut iv = [0; IV_BYTES];
    getrandom::fill(&mut iv)
        .map_err(|error| Failure::new(Exit::Failure, format!("the system gives no random bytes: {error}")))?;
    let data = key.seal(plaintext, iv);
    let data_encrypt_type = DATA_ENCRYPT_TYPE.to_owned();
    let envelope = match (&arguments.signing_key_file, &arguments.appid) {
        (Some(path), Some(appid)) => {
            let signing_key = key_files::read_signing(path)?;
            let sign = match arguments.signature_over.into() {
                SignatureOver::Plaintext => signing_key.sign(plaintext),
                SignatureOver::Data => signing_key.sign(data.as_bytes()),
            };
            let (sign_type, appid) = (SIGN_TYPE.to_owned(), appid.clone());
            serde_json::to_string(&RequestEnvelope {
                data,
                data_encrypt_type,
                sign,
                sign_type,
                version: PROTOCOL_VERSION,
                appid,
            })
        }
        _ => serde_json::to_string(&ReplyEnvelope { data, data_encrypt_type }),
    };
    let envelope = envelope.map_err(|error| Failure::from_error(Exit::Failure, &error))?;
    writeln!(console.out, "{envelope}").map_err(|error| cannot_write(&error))
}
