//! `nontax config init`: a first configuration and a fresh symmetric key.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::super::{Exit, Failure};

/// What is written, but for the place of the database.
const STARTER: &str = include_str!("starter.toml");

/// The place of the database in [`STARTER`].
const DATABASE_MARK: &str = "{database}";

/// Letters of a key: those that nobody mistakes for white space, quotes or line ends when a key is copied by hand.
const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Letters of an AES-256 key in the encoding `raw`.
const KEY_LETTERS: usize = 32;

/// Writes it.
///
/// # Errors
/// [`Failure`] when one of the files is there already, and then nothing is written, or when one cannot be written.
pub(super) fn run(directory: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    let config = directory.join("nontax.toml");
    let secrets = directory.join("secrets");
    let key = secrets.join("aes.key");
    if let Some(there) = [&config, &key].into_iter().find(|path| path.exists()) {
        return Err(Failure::new(
            Exit::Failure,
            format!("{} is there already, and nothing was written", there.display()),
        )
        .with_help("name another directory, as in: nontax config init DIRECTORY"));
    }
    make_private_directory(&secrets).map_err(|fault| cannot("make the directory", &secrets, &fault))?;
    // Absolute, so that every command opens the same database wherever it is started.
    let absolute = fs::canonicalize(directory).map_err(|fault| cannot("find", directory, &fault))?;
    let text = STARTER.replace(DATABASE_MARK, &toml_text(&absolute.join("nontax.db")));
    let mut letters = generate_key()
        .map_err(|fault| Failure::new(Exit::Failure, format!("the operating system gave no random bytes: {fault}")))?;
    letters.push('\n');
    write_new(&key, letters.as_bytes(), 0o600).map_err(|fault| cannot("write", &key, &fault))?;
    write_new(&config, text.as_bytes(), 0o640).map_err(|fault| cannot("write", &config, &fault))?;
    let told = write!(
        out,
        "wrote {config}\nwrote {key}: a fresh AES key of 256 bits\n\nnext:\n\
         1. give the key in {key} to Weixin's contact through a safe channel\n\
         2. put Weixin's public key into {weixin}\n\
         3. put the AppSecret into {secret} and take the # from app_secret_file\n\
         4. correct name, role, mode and appid in {config}\n\
         5. nontax config check --config {config}\n",
        config = config.display(),
        key = key.display(),
        weixin = secrets.join("weixin.pem").display(),
        secret = secrets.join("app_secret").display(),
    );
    told.map_err(|fault| Failure::from_error(Exit::Failure, &fault))
}

fn cannot(what: &str, path: &Path, fault: &io::Error) -> Failure {
    Failure::new(Exit::Failure, format!("cannot {what} {}: {fault}", path.display()))
        .with_help("name a directory that this user may write to")
}

/// Makes a directory and those above it; the last one for its owner only.
fn make_private_directory(path: &PathBuf) -> io::Result<()> {
    if let Some(above) = path.parent() {
        fs::create_dir_all(above)?;
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    if path.is_dir() { Ok(()) } else { builder.create(path) }
}

/// Writes a file that must not be there, with its permissions from the first byte on.
fn write_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(mode);
    }
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn generate_key() -> Result<Zeroizing<String>, getrandom::Error> {
    // Bytes from this bound on are thrown away: they would make the first letters likelier than the rest.
    const BOUND: u8 = 248;
    let mut key = Zeroizing::new(String::with_capacity(KEY_LETTERS + 1));
    let mut bytes = Zeroizing::new([0_u8; 64]);
    while key.len() < KEY_LETTERS {
        getrandom::fill(&mut *bytes)?;
        let letters =
            bytes.iter().filter(|byte| **byte < BOUND).map(|byte| char::from(LETTERS[usize::from(*byte) % 62]));
        let missing = KEY_LETTERS - key.len();
        key.extend(letters.take(missing));
    }
    Ok(key)
}

/// A path inside a basic TOML string.
fn toml_text(path: &Path) -> String {
    path.display().to_string().replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Environment};

    #[test]
    fn the_first_configuration_lacks_only_the_platforms_key() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("a \"b\"/c");
        run(&target, &mut Vec::new()).unwrap();
        let paths = [target.join("nontax.toml")];
        let problems = config::load(&paths, &Environment::default()).unwrap_err();
        let errors: Vec<_> = problems.iter().filter(|problem| problem.severity == config::Severity::Error).collect();
        assert_eq!(errors.len(), 1, "{problems}");
        assert!(errors[0].cause.contains("weixin.pem: there is no such file"), "{problems}");

        fs::copy("config/demo/test-weixin.pem", target.join("secrets/weixin.pem")).unwrap();
        let loaded = config::load(&paths, &Environment::default()).unwrap();
        let expected = format!("sqlite:{}", fs::canonicalize(&target).unwrap().join("nontax.db").display());
        assert_eq!(loaded.config.database.url, expected);
        assert!(!loaded.warnings.to_string().contains("mode"), "{}", loaded.warnings);
    }

    #[test]
    fn nothing_is_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("secrets")).unwrap();
        fs::write(directory.path().join("secrets/aes.key"), "mine").unwrap();
        let failure = run(directory.path(), &mut Vec::new()).unwrap_err();
        assert_eq!(failure.exit(), Exit::Failure);
        assert!(!directory.path().join("nontax.toml").exists());
        assert_eq!(fs::read_to_string(directory.path().join("secrets/aes.key")).unwrap(), "mine");
    }

    #[test]
    fn keys_differ_and_have_32_letters() {
        let (one, other) = (generate_key().unwrap(), generate_key().unwrap());
        assert_eq!(one.len(), KEY_LETTERS);
        assert!(one.bytes().all(|letter| LETTERS.contains(&letter)));
        assert_ne!(*one, *other);
    }
}
