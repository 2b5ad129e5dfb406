//! `config/default.toml` is the built-in default and names every key; the other files in `config/` load.

use std::collections::BTreeSet;
use std::fs;

use toml::Value;

use super::super::{Effective, Environment, SECTIONS, load};
use super::{house, write};

/// The reference with its commented-out settings taken in.
fn uncommented() -> String {
    let text = fs::read_to_string("config/default.toml").unwrap();
    let lines = text.lines().map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

fn shown(paths: &[std::path::PathBuf]) -> serde_json::Value {
    serde_json::to_value(Effective::from(&load(paths, &Environment::default()).unwrap().config)).unwrap()
}

#[test]
fn the_reference_equals_the_built_in_default() {
    let house = house();
    let empty = write(house.path(), "empty.toml", "");
    assert_eq!(shown(&["config/default.toml".into()]), shown(&[empty]));
}

#[test]
fn every_default_is_written_down_in_the_reference() {
    let house = house();
    let built_in = shown(&[write(house.path(), "empty.toml", "")]);
    let written: toml::Table = fs::read_to_string("config/default.toml").unwrap().parse().unwrap();
    let written = serde_json::to_value(written).unwrap();
    for (section, values) in
        built_in.as_object().unwrap().iter().filter(|(name, _)| *name != "party" && *name != "webhook")
    {
        assert_eq!(&written[section], values, "{section}");
    }
}

#[test]
fn the_reference_names_the_loaders_keys_and_no_other() {
    let table: toml::Table = uncommented().parse().unwrap();
    let party = table["party"][0].as_table().unwrap();
    for (header, keys) in SECTIONS {
        let found = match header {
            "[[party]]" => party,
            "[party.live_source]" => party["live_source"].as_table().unwrap(),
            "[[webhook]]" => table["webhook"][0].as_table().unwrap(),
            "[[party.symmetric_key]]" => party["symmetric_key"][0].as_table().unwrap(),
            "[[party.platform_key]]" => party["platform_key"][0].as_table().unwrap(),
            _ => table[header.trim_matches(['[', ']'])].as_table().unwrap(),
        };
        let found: BTreeSet<_> = found.keys().map(String::as_str).collect();
        assert_eq!(found, keys.iter().copied().collect(), "{header}");
    }
}

#[test]
fn every_setting_of_the_reference_is_explained() {
    let mut explained = false;
    for line in fs::read_to_string("config/default.toml").unwrap().lines() {
        if line.starts_with("# ") {
            explained = true;
        } else if line.trim().is_empty() {
            explained = false;
        } else if line.contains("_ms = ") || line.contains("_bytes = ") {
            assert!(explained, "{line}");
        }
    }
}

#[test]
fn the_example_for_production_loads_with_secrets_in_place() {
    loads_with_secrets_in_place(&fs::read_to_string("config/production.example.toml").unwrap());
}

#[test]
fn the_configuration_of_the_compose_file_loads_with_secrets_in_place() {
    // Relative in place of absolute, so that the test may write the secrets.
    loads_with_secrets_in_place(
        &fs::read_to_string("deploy/nontax.toml").unwrap().replace("/run/secrets/", "secrets/"),
    );
}

fn loads_with_secrets_in_place(text: &str) {
    let house = house();
    let path = write(house.path(), "nontax.toml", text);
    let document: toml::Table = text.parse().unwrap();
    let party = document["party"][0].as_table().unwrap();
    let file = |value: &Value| value["file"].as_str().unwrap().to_owned();
    write(house.path(), &file(&party["symmetric_key"][0]), "0123456789abcdefghijklmnopqrstuv\n");
    write(house.path(), &file(&party["platform_key"][0]), &fs::read_to_string("config/demo/test-weixin.pem").unwrap());
    write(house.path(), party["app_secret_file"].as_str().unwrap(), "an app secret\n");
    write(house.path(), document["database"]["password_file"].as_str().unwrap(), "a password\n");
    let loaded = load(&[path], &Environment::default()).unwrap();
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
    assert_eq!(loaded.config.database.password.as_ref().unwrap().expose(), "a password");
    assert_eq!(loaded.config.require_parties().unwrap()[0].app_secret.as_ref().unwrap().expose(), "an app secret");
}

#[test]
fn the_demo_loads_from_the_root_of_the_repository() {
    let loaded = load(&["config/demo.toml".into()], &Environment::default()).unwrap();
    assert!(loaded.config.server.listen.ip().is_loopback());
    assert_eq!(loaded.config.require_parties().unwrap().len(), 1);
}
