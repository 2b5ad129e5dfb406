//! The platform's key and the party's key, made once and kept in files that the gateway and the peers read.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use miette::{IntoDiagnostic as _, Result, WrapErr as _, miette};
use nontax_gateway::envelope::{IV_BYTES, KeyEncoding, SigningKey, SymmetricKey};
use nontax_gateway::wire::{DATA_ENCRYPT_TYPE, PROTOCOL_VERSION, RequestEnvelope, SIGN_TYPE};
use serde::Serialize;

use super::bodies::APPID;

/// What the platform has today.
const PLATFORM_KEY_BITS: usize = 2048;

/// 64 characters, so that six bits of a random byte choose one.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The iv of a request is the sender's business; one for all costs the server the same.
const REQUEST_IV: [u8; IV_BYTES] = [0x5A; IV_BYTES];

/// Both keys, as the platform holds them.
pub(crate) struct Keys {
    platform: RsaKeyPair,
    /// Replies are sealed with it too.
    pub(crate) symmetric: SymmetricKey,
    /// The party's key as text, for the gateway.
    pub(crate) symmetric_file: PathBuf,
    /// The same in hex, for the peers.
    pub(crate) symmetric_hex: String,
    /// The platform's public key.
    pub(crate) public_file: PathBuf,
}

impl Keys {
    /// Reads the keys of a directory. Where there are none they are made, and what was signed with others is removed.
    pub(crate) fn read_or_make(directory: &Path) -> Result<Self> {
        let private_file = directory.join("wx_private.pem");
        let public_file = directory.join("wx_public.pem");
        let symmetric_file = directory.join("aes.key");
        if !private_file.exists() {
            make(directory, &private_file, &public_file, &symmetric_file)?;
        }
        let pem = read(&private_file)?;
        let text = read(&symmetric_file)?;
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let platform = RsaKeyPair::from_pkcs8(&BASE64.decode(base64).into_diagnostic()?)
            .map_err(|error| miette!("{} is no RSA key in PKCS#8: {error}", private_file.display()))?;
        let symmetric = SymmetricKey::read("bench", text.as_bytes(), KeyEncoding::Raw).into_diagnostic()?;
        let symmetric_hex = hex(text.as_bytes());
        Ok(Self { platform, symmetric, symmetric_file, symmetric_hex, public_file })
    }

    /// A signed and sealed envelope. By aws-lc-rs, which signs several times as fast as the library's own key.
    pub(crate) fn seal(&self, plaintext: &impl Serialize) -> Result<Vec<u8>> {
        let plaintext = serde_json::to_vec(plaintext).into_diagnostic()?;
        let mut signature = vec![0; self.platform.public_modulus_len()];
        self.platform
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &plaintext, &mut signature)
            .map_err(|error| miette!("a body cannot be signed: {error}"))?;
        let envelope = RequestEnvelope {
            data: self.symmetric.seal(&plaintext, REQUEST_IV),
            data_encrypt_type: DATA_ENCRYPT_TYPE.to_owned(),
            sign: BASE64.encode(signature),
            sign_type: SIGN_TYPE.to_owned(),
            version: PROTOCOL_VERSION,
            appid: APPID.to_owned(),
        };
        serde_json::to_vec(&envelope).into_diagnostic()
    }
}

fn make(directory: &Path, private_file: &Path, public_file: &Path, symmetric_file: &Path) -> Result<()> {
    for entry in fs::read_dir(directory).into_diagnostic()?.flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "ndjson") {
            fs::remove_file(entry.path()).into_diagnostic()?;
        }
    }
    let key = SigningKey::generate(&mut rsa::rand_core::OsRng, PLATFORM_KEY_BITS).into_diagnostic()?;
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|error| miette!("the system gives no random bytes: {error}"))?;
    let text = random.map(|byte| ALPHABET[usize::from(byte % 64)]);
    write_secret(symmetric_file, &text)?;
    write_secret(&directory.join("aes_key.hex"), hex(&text).as_bytes())?;
    fs::write(public_file, key.public_pem().into_diagnostic()?).into_diagnostic()?;
    // Last, because its absence is what tells that keys are to be made.
    write_secret(private_file, key.private_pem().into_diagnostic()?.as_bytes())
}

/// The gateway warns of keys that others may read.
fn write_secret(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path).into_diagnostic()?;
    file.write_all(bytes).into_diagnostic()
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).into_diagnostic().wrap_err_with(|| format!("{} cannot be read", path.display()))
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
