//! `nontax keys generate`: a symmetric key for a party, or an RSA pair for a test platform.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use rsa::rand_core::OsRng;

use super::fresh_key::{Access, fresh_symmetric_key, write_new};
use super::{Console, Exit, Failure};
use crate::envelope::SigningKey;

/// Length of an RSA key, in bits: what the platform uses.
const RSA_BITS: usize = 2048;

/// The commands about keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a new key from the randomness of the operating system.
    #[command(subcommand)]
    Generate(GenerateCommand),
}

/// What can be made.
#[derive(Debug, Subcommand)]
pub enum GenerateCommand {
    /// A party's symmetric key: 32 characters, for `encoding = "raw"`.
    Symmetric(SymmetricArguments),
    /// An RSA pair for a test platform; the real platform hands out its public key itself.
    Rsa(RsaArguments),
}

/// What `keys generate symmetric` takes.
#[derive(Debug, Args)]
pub struct SymmetricArguments {
    /// The new file, readable by its owner alone; without it the key is printed.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What `keys generate rsa` takes.
#[derive(Debug, Args)]
pub struct RsaArguments {
    /// The new file for the private key, readable by its owner alone.
    #[arg(long, value_name = "FILE")]
    private_out: PathBuf,
    /// The new file for the public key.
    #[arg(long, value_name = "FILE")]
    public_out: PathBuf,
}

/// Runs a command about keys.
///
/// # Errors
/// [`Failure`] when a file exists already or cannot be written, or when the system has no randomness.
pub fn run(command: &KeysCommand, console: &mut Console<'_>) -> Result<(), Failure> {
    match command {
        KeysCommand::Generate(GenerateCommand::Symmetric(arguments)) => generate_symmetric(arguments, console),
        KeysCommand::Generate(GenerateCommand::Rsa(arguments)) => generate_rsa(arguments, console),
    }
}

fn generate_symmetric(arguments: &SymmetricArguments, console: &mut Console<'_>) -> Result<(), Failure> {
    let mut key = fresh_symmetric_key()?;
    key.push('\n');
    match &arguments.out {
        None => console.out.write_all(key.as_bytes()).map_err(|error| cannot_write("the output", &error)),
        Some(path) => {
            write(path, key.as_bytes(), Access::OwnerOnly)?;
            told(console, &format!("wrote {}: 32 characters, encoding = \"raw\"", path.display()))
        }
    }
}

fn generate_rsa(arguments: &RsaArguments, console: &mut Console<'_>) -> Result<(), Failure> {
    // Looked at before anything is written, so that no half of a pair is left behind.
    for path in [&arguments.private_out, &arguments.public_out] {
        if path.exists() {
            return Err(exists_already(path));
        }
    }
    let broken = |error| Failure::from_error(Exit::Failure, &error);
    let key = SigningKey::generate(&mut OsRng, RSA_BITS).map_err(broken)?;
    let (private, public) = (key.private_pem().map_err(broken)?, key.public_pem().map_err(broken)?);
    write(&arguments.private_out, private.as_bytes(), Access::OwnerOnly)?;
    write(&arguments.public_out, public.as_bytes(), Access::Everybody)?;
    told(console, &format!("wrote {} and {}", arguments.private_out.display(), arguments.public_out.display()))
}

fn write(path: &Path, bytes: &[u8], access: Access) -> Result<(), Failure> {
    write_new(path, bytes, access).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists_already(path),
        _ => cannot_write(&path.display().to_string(), &error),
    })
}

fn exists_already(path: &Path) -> Failure {
    Failure::new(Exit::Failure, format!("{} exists already, and a key is never overwritten", path.display()))
        .with_help("name another file, or move the old one away first")
}

fn told(console: &mut Console<'_>, what: &str) -> Result<(), Failure> {
    writeln!(console.err, "{what}").map_err(|error| cannot_write("the output", &error))
}

fn cannot_write(what: &str, error: &io::Error) -> Failure {
    Failure::new(Exit::Failure, format!("{what} cannot be written: {error}"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::envelope::{KeyEncoding, PlatformKey, SmallKeys, SymmetricKey};

    fn generate(command: GenerateCommand) -> (Result<(), Failure>, Vec<u8>) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut console = Console { input: &mut io::empty(), out: &mut out, err: &mut err, watched: false };
        let outcome = run(&KeysCommand::Generate(command), &mut console);
        (outcome, out)
    }

    #[test]
    fn a_symmetric_key_is_one_that_the_gateway_takes_and_never_the_same() {
        let make = || generate(GenerateCommand::Symmetric(SymmetricArguments { out: None })).1;
        let (one, other) = (make(), make());
        assert_ne!(one, other);
        assert_eq!(SymmetricKey::read("k", &one, KeyEncoding::Raw).unwrap().bits(), 256);
        assert!(one[..32].iter().all(u8::is_ascii_graphic));
    }

    #[test]
    fn a_file_is_its_owners_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("aes.key");
        let make = || generate(GenerateCommand::Symmetric(SymmetricArguments { out: Some(out.clone()) }));
        let (outcome, printed) = make();
        outcome.unwrap();
        assert!(printed.is_empty(), "a key that goes into a file is not printed");
        let first = fs::read(&out).unwrap();
        assert!(format!("{:?}", make().0.unwrap_err()).contains("never overwritten"));
        assert_eq!(fs::read(&out).unwrap(), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn an_rsa_pair_signs_and_verifies() {
        let folder = tempfile::tempdir().unwrap();
        let (private_out, public_out) = (folder.path().join("private.pem"), folder.path().join("public.pem"));
        let arguments = RsaArguments { private_out: private_out.clone(), public_out: public_out.clone() };
        fs::write(&public_out, "an older key").unwrap();
        let again = RsaArguments { private_out: private_out.clone(), public_out: public_out.clone() };
        assert!(generate(GenerateCommand::Rsa(again)).0.is_err());
        assert!(!private_out.exists(), "half of a pair was written");
        fs::remove_file(&public_out).unwrap();
        generate(GenerateCommand::Rsa(arguments)).0.unwrap();
        SigningKey::read(&fs::read_to_string(private_out).unwrap()).unwrap();
        let public = fs::read_to_string(public_out).unwrap();
        assert_eq!(PlatformKey::read("p", &public, SmallKeys::Refused).unwrap().bits(), RSA_BITS);
    }
}
