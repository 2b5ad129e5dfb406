//! `nontax envelope open`.

use std::path::PathBuf;

use clap::Args;

use super::{InputArgument, SignatureOverArgument, cannot_write};
use crate::cli::key_files::{self, KeyEncodingArgument};
use crate::cli::{Console, Exit, Failure};
use crate::envelope::{EnvelopeFault, KeyRing, SmallKeys, SymmetricKey};
use crate::wire::{ReplyEnvelope, RequestEnvelope, from_json, read_request_envelope};

/// What `envelope open` takes.
#[derive(Debug, Args)]
pub struct OpenArguments {
    #[command(flatten)]
    input: InputArgument,
    /// A symmetric key; may be given more than once.
    #[arg(long, value_name = "FILE", required = true)]
    symmetric_key_file: Vec<PathBuf>,
    /// How the symmetric keys are written down.
    #[arg(long, value_enum, default_value_t)]
    encoding: KeyEncodingArgument,
    /// A public key of the platform; may be given more than once. Without one no signature is checked.
    #[arg(long, value_name = "FILE")]
    platform_key_file: Vec<PathBuf>,
    /// What the signature covers.
    #[arg(long, value_enum, default_value_t)]
    signature_over: SignatureOverArgument,
}

pub(super) fn run(arguments: &OpenArguments, console: &mut Console<'_>) -> Result<(), Failure> {
    let body = arguments.input.read(console)?;
    let keys: Result<Vec<_>, _> = arguments
        .symmetric_key_file
        .iter()
        .map(|path| key_files::read_symmetric(path, arguments.encoding.into()))
        .collect();
    let keys = keys?;
    match read_request_envelope(&body) {
        Ok(request) if !arguments.platform_key_file.is_empty() => open_signed(arguments, keys, &request, console),
        Ok(request) => open_unsigned(&keys, &request.data, "no platform key was given", console),
        Err(not_a_request) => match from_json::<ReplyEnvelope>(&body) {
            Ok(reply) if !has_signature(&body) => open_unsigned(&keys, &reply.data, "a reply is not signed", console),
            _ => Err(Failure::new(Exit::Failure, format!("this is no envelope: {not_a_request}"))
                .with_help("nontax envelope explain says step by step what is wrong")),
        },
    }
}

fn has_signature(body: &[u8]) -> bool {
    from_json::<serde_json::Value>(body).is_ok_and(|members| members.get("sign").is_some())
}

fn open_signed(
    arguments: &OpenArguments,
    keys: Vec<SymmetricKey>,
    request: &RequestEnvelope,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let platform: Result<Vec<_>, _> =
        arguments.platform_key_file.iter().map(|path| key_files::read_platform(path, SmallKeys::Allowed)).collect();
    let ring = KeyRing::new(keys, platform?, arguments.signature_over.into())
        .map_err(|error| Failure::from_error(Exit::Usage, &error))?;
    match ring.open(request) {
        Ok(opened) => {
            write_plaintext(opened.plaintext.bytes(), console)?;
            let (symmetric, platform) = (opened.symmetric_key.id(), opened.platform_key.id());
            writeln!(console.err, "opened by {symmetric}, verified by {platform}").map_err(|error| cannot_write(&error))
        }
        Err(EnvelopeFault::Signature { problem: fault, .. }) => {
            open_unsigned(ring.symmetric_keys(), &request.data, &fault.to_string(), console)?;
            Err(Failure::new(Exit::Failure, "the signature was not verified")
                .with_help("nontax envelope explain says which bytes the signature covers"))
        }
        Err(fault) => Err(cannot_open(&fault)),
    }
}

fn open_unsigned(keys: &[SymmetricKey], data: &str, why: &str, console: &mut Console<'_>) -> Result<(), Failure> {
    let mut fault = None;
    for key in keys {
        match key.open_unsigned(data) {
            Ok(plaintext) => {
                write_plaintext(&plaintext, console)?;
                return writeln!(console.err, "opened by {}, NOT verified: {why}", key.id())
                    .map_err(|error| cannot_write(&error));
            }
            Err(found) => fault = Some(found),
        }
    }
    Err(fault.map_or_else(
        || Failure::new(Exit::Usage, "no symmetric key was given"),
        |fault| cannot_open(&EnvelopeFault::Decryption(fault)),
    ))
}

fn cannot_open(fault: &EnvelopeFault) -> Failure {
    Failure::from_error(Exit::Failure, fault).with_help("nontax envelope explain says step by step what is wrong")
}

fn write_plaintext(plaintext: &[u8], console: &mut Console<'_>) -> Result<(), Failure> {
    console.out.write_all(plaintext).and_then(|()| console.out.write_all(b"\n")).map_err(|error| cannot_write(&error))
}
