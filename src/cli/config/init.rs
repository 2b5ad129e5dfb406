//! `nontax config init`: a first configuration and a fresh symmetric key.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::super::fresh_key::{Access, fresh_symmetric_key, write_new};
use super::super::{Exit, Failure};

/// What is written, but for the place of the database.
const STARTER: &str = include_str!("starter.toml");

/// The place of the database in [`STARTER`].
const DATABASE_MARK: &str = "{database}";

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
    let mut letters = fresh_symmetric_key()?;
    letters.push('\n');
    write_new(&key, letters.as_bytes(), Access::OwnerOnly).map_err(|fault| cannot("write", &key, &fault))?;
    write_new(&config, text.as_bytes(), Access::OwnerOnly).map_err(|fault| cannot("write", &config, &fault))?;
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
}
