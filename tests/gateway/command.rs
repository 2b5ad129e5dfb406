//! The program itself, run as an operator runs it: a directory with configuration and keys, a command line, what it prints.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::served::APP_SECRET;
use crate::weixin::{APPID, KEY, WEIXIN};

/// A directory with a configuration for the party of the tests, and the secrets that it names.
pub(crate) struct House {
    directory: TempDir,
}

/// What a command left behind.
pub(crate) struct Ran {
    /// Its exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl Ran {
    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {} {}", self.out, self.err))
    }
}

impl House {
    /// One over a database, with a platform, and with more lines for `[server]`.
    pub(crate) fn new(database_url: &str, platform_url: &str, server: &str) -> Self {
        let house = Self { directory: tempfile::tempdir().unwrap() };
        house.write("aes.key", KEY);
        house.write("weixin.pem", &WEIXIN.public_pem().unwrap());
        house.write("app_secret", APP_SECRET);
        house.write(
            "nontax.toml",
            &format!(
                "[server]\n{server}\n[database]\nurl = \"{database_url}\"\n[platform]\nbase_url = \"{platform_url}\"\n\
                 [[party]]\nname = \"gz-finance\"\nrole = \"finance\"\nmode = \"direct_finance\"\nappid = \"{APPID}\"\n\
                 app_secret_file = \"app_secret\"\nsymmetric_key = [{{ file = \"aes.key\" }}]\n\
                 platform_key = [{{ file = \"weixin.pem\" }}]\n"
            ),
        );
        house
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file for its owner alone.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Runs `nontax` with this configuration.
    pub(crate) async fn nontax(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nontax"));
        command.args(arguments).arg("--config").arg(self.path().join("nontax.toml"));
        command.current_dir(self.path()).stdin(Stdio::null());
        for variable in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
            command.env_remove(variable);
        }
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}
