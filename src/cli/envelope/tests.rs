//! Tests of the commands about envelopes, from the words on the line to what is printed.

use std::fs;

use clap::Parser;
use tempfile::TempDir;

use super::*;

const PLAINTEXT: &str = r#"{"appid":"wx1","order_id":"1"}"#;

#[derive(Debug, Parser)]
struct Words {
    #[command(subcommand)]
    command: EnvelopeCommand,
}

struct Ran {
    outcome: Result<(), Failure>,
    out: String,
    err: String,
}

/// A folder with the key files `aes`, `private`, `public` and `other`.
fn keys() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let private = include_str!("../../../tests/fixtures/envelope/TEST-ONLY-platform-private.pem");
    let other = include_str!("../../../tests/fixtures/envelope/TEST-ONLY-other-private.pem");
    let public = |pem| crate::envelope::SigningKey::read(pem).unwrap().public_pem().unwrap();
    fs::write(folder.path().join("aes"), "0123456789abcdef0123456789abcdef\n").unwrap();
    fs::write(folder.path().join("private"), private).unwrap();
    fs::write(folder.path().join("public"), public(private)).unwrap();
    fs::write(folder.path().join("other"), public(other)).unwrap();
    folder
}

/// Runs the words; a word that begins with @ is a file in `folder`.
fn run_words(folder: &TempDir, words: &str, input: &str) -> Ran {
    let words = words.split(' ').map(|word| match word.strip_prefix('@') {
        Some(file) => folder.path().join(file).display().to_string(),
        None => word.to_owned(),
    });
    let words = Words::try_parse_from(std::iter::once("envelope".to_owned()).chain(words)).unwrap();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut console = Console { input: &mut input.as_bytes(), out: &mut out, err: &mut err, watched: false };
    let outcome = run(&words.command, &mut console);
    Ran { outcome, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

#[test]
fn a_sealed_request_opens_verified_and_is_explained() {
    let folder = keys();
    for over in ["plaintext", "data"] {
        let words =
            format!("seal --symmetric-key-file @aes --signing-key-file @private --appid wx1 --signature-over {over}");
        let sealed = run_words(&folder, &words, &format!("{PLAINTEXT}\n"));
        sealed.outcome.unwrap();
        let words = format!("open --symmetric-key-file @aes --platform-key-file @public --signature-over {over}");
        let opened = run_words(&folder, &words, &sealed.out);
        opened.outcome.unwrap();
        assert_eq!(opened.out, format!("{PLAINTEXT}\n"));
        assert!(opened.err.contains(", verified by"), "{}", opened.err);
        let words = "explain --symmetric-key-file @aes --platform-key-file @other --platform-key-file @public";
        let explained = run_words(&folder, words, &sealed.out);
        explained.outcome.unwrap();
        assert!(explained.out.contains(&format!("do    write signature_over = \"{over}\"")), "{}", explained.out);
    }
}

#[test]
fn a_plaintext_that_is_not_verified_is_printed_and_called_so() {
    let folder = keys();
    let seal = "seal --symmetric-key-file @aes --signing-key-file @private --appid wx1";
    let request = run_words(&folder, seal, PLAINTEXT).out;
    let opened = run_words(&folder, "open --symmetric-key-file @aes --platform-key-file @other", &request);
    assert!(opened.outcome.is_err());
    assert_eq!(opened.out, format!("{PLAINTEXT}\n"));
    assert!(opened.err.contains("NOT verified: no platform key verifies it"), "{}", opened.err);
    let unchecked = run_words(&folder, "open --symmetric-key-file @aes", &request);
    unchecked.outcome.unwrap();
    assert!(unchecked.err.contains("NOT verified: no platform key was given"), "{}", unchecked.err);
}

#[test]
fn a_reply_opens_without_a_signature() {
    let folder = keys();
    let reply = run_words(&folder, "seal --symmetric-key-file @aes", r#"{"errcode":0}"#).out;
    assert!(!reply.contains("sign"), "{reply}");
    let opened = run_words(&folder, "open --symmetric-key-file @aes --platform-key-file @public", &reply);
    opened.outcome.unwrap();
    assert_eq!(opened.out, "{\"errcode\":0}\n");
    assert!(opened.err.contains("NOT verified: a reply is not signed"), "{}", opened.err);
}

#[test]
fn what_is_no_envelope_is_refused_and_explained() {
    let folder = keys();
    for input in ["", "hello", "{}", r#"{"data":"AA==","data_encrypt_type":"x","sign":"y"}"#] {
        let opened = run_words(&folder, "open --symmetric-key-file @aes", input);
        assert_eq!(opened.outcome.unwrap_err().exit(), Exit::Failure);
        assert_eq!(opened.out, "");
        let explained = run_words(&folder, "explain --format json --symmetric-key-file @aes", input);
        assert!(explained.outcome.is_err());
        let json: serde_json::Value = serde_json::from_str(&explained.out).unwrap();
        assert_eq!(json["good"], false, "{input}");
    }
}
