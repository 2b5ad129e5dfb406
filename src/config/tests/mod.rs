//! Whole configurations: broken ones and what is said of them, layers, the environment, and the reference.

mod broken;
mod layers;
mod live_source;
mod reference;
mod token;

use std::fs;
use std::path::{Path, PathBuf};

use super::{Environment, Loaded, Problems, load};

/// A directory with the keys that a party needs, private as they should be.
fn house() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "aes.key", "0123456789abcdefghijklmnopqrstuv");
    write(directory.path(), "weixin.pem", &fs::read_to_string("config/demo/test-weixin.pem").unwrap());
    directory
}

fn write(directory: &Path, name: &str, text: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = directory.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn load_text(text: &str, variables: &[(&str, &str)]) -> Result<Loaded, Problems> {
    let house = house();
    let path = write(house.path(), "nontax.toml", text);
    load(&[path], &environment(variables))
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A sound party, to be followed by more.
const PARTY: &str = r#"[[party]]
name = "gz-finance"
role = "government_unit"
mode = "direct_finance"
appid = "wx5f6e43071809a9dd"
symmetric_key = [{ file = "aes.key" }]
platform_key = [{ file = "weixin.pem" }]
"#;
