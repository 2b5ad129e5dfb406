//! Reads a secret or a key from where the configuration says it is: a file, an environment variable, or the text itself.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use zeroize::Zeroizing;

use super::Environment;
use super::redact;
use super::secret::Secret;
use super::section::Section;
use super::source::Place;

/// The largest file that can be a key, a certificate chain or a password, in bytes. More is a mistake, such as a log.
const MAX_FILE_BYTES: u64 = 65_536;

/// The permission bits that let others than the owner at a file.
const OTHERS_BITS: u32 = 0o077;

/// The keys that say where one secret is. At most one of them may stand.
pub(super) struct SecretKeys {
    pub(super) file: &'static str,
    pub(super) value: Option<&'static str>,
    pub(super) env: Option<&'static str>,
}

impl SecretKeys {
    /// The keys.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        [Some(self.file), self.value, self.env].into_iter().flatten()
    }

    /// The keys as an error lists them.
    pub(super) fn list(&self) -> String {
        self.names().collect::<Vec<_>>().join(", ")
    }
}

/// Whether others may read it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Privacy {
    /// They may not.
    Secret,
    /// They may.
    Public,
}

/// What was read.
pub(super) struct Material {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// Which of the keys said it.
    pub(super) key: &'static str,
    pub(super) place: Option<Place>,
    /// `/etc/nontax/aes.key: ` or nothing, to begin an error with.
    pub(super) origin: String,
}

impl Material {
    /// As text, without blanks and line ends around it.
    pub(super) fn into_secret(self, section: &mut Section<'_>) -> Option<Secret> {
        let text = std::str::from_utf8(&self.bytes).map(str::trim);
        let cause = match text {
            Ok("") => "it is empty",
            Ok(text) => return Some(Secret::new(text.to_owned())),
            Err(_) => "it is not UTF-8 text",
        };
        section.error(
            self.key,
            self.place.as_ref(),
            format!("{}{cause}", self.origin),
            "put the secret there, as text",
        );
        None
    }
}

/// Reads a secret when one of its keys stands. What is wrong is told, and then there is nothing.
pub(super) fn read(
    section: &mut Section<'_>,
    keys: &SecretKeys,
    privacy: Privacy,
    environment: &Environment,
) -> Option<Material> {
    let mut found = Vec::new();
    for name in keys.names() {
        found.extend(section.text(name).map(|setting| (name, setting)));
    }
    if let [_, (second, setting), ..] = found.as_slice() {
        let cause = format!("only one of {} may stand here", keys.list());
        section.error(second, setting.place.as_ref(), cause, format!("remove {second}, or the other"));
        return None;
    }
    let (key, setting) = found.pop().filter(|(_, setting)| setting.sound)?;
    let place = setting.place;
    if Some(key) == keys.env {
        let bytes = variable(section, key, &setting.value, place.as_ref(), environment)?;
        return Some(Material { bytes, key, place, origin: format!("environment variable {}: ", setting.value) });
    }
    if Some(key) == keys.value {
        let bytes = Zeroizing::new(setting.value.into_bytes());
        if privacy == Privacy::Secret {
            warn_of_readable_config(section, key, place.as_ref());
        }
        return Some(Material { bytes, key, place, origin: String::new() });
    }
    let path = place.as_ref().map_or_else(|| setting.value.clone().into(), |place| place.resolve(&setting.value));
    match read_file(&path) {
        Ok(bytes) => {
            if let Some(mode) = mode_open_to_others(&path).filter(|_| privacy == Privacy::Secret) {
                let cause = format!("{} can be read by others than its owner (mode {mode:04o})", path.display());
                section.warn(key, place.as_ref(), cause, format!("run: chmod 600 {}", path.display()));
            }
            Some(Material { bytes, key, place, origin: format!("{}: ", path.display()) })
        }
        Err(fault) => {
            tell_unreadable(section, key, place.as_ref(), &path, &fault);
            None
        }
    }
}

fn variable(
    section: &mut Section<'_>,
    key: &str,
    name: &str,
    place: Option<&Place>,
    environment: &Environment,
) -> Option<Zeroizing<Vec<u8>>> {
    if !redact::is_variable_name(name) {
        let cause = "this is not the name of an environment variable (A-Z, 0-9 and _)";
        section.error(key, place, cause, "write the variable's name here, and the secret into the variable");
        return None;
    }
    let Some(value) = environment.get(name) else {
        let cause = format!("the environment variable {name} is not set");
        section.error(key, place, cause, format!("set {name} for this process, or use a file"));
        return None;
    };
    Some(Zeroizing::new(value.as_bytes().to_vec()))
}

fn read_file(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 64 KiB"));
    }
    Ok(bytes)
}

fn tell_unreadable(section: &mut Section<'_>, key: &str, place: Option<&Place>, path: &Path, fault: &io::Error) {
    let (problem, cure) = match fault.kind() {
        io::ErrorKind::NotFound => (
            "there is no such file",
            "create it, or correct the path, which starts from this file's directory".to_owned(),
        ),
        io::ErrorKind::PermissionDenied => {
            ("this process may not read it", format!("give {} to the user that runs nontax", path.display()))
        }
        io::ErrorKind::IsADirectory => ("it is a directory", "name the file in it".to_owned()),
        io::ErrorKind::FileTooLarge => ("it is larger than 64 KiB", "name the file that holds only the key".to_owned()),
        _ => {
            let cause = format!("cannot read {}: {fault}", path.display());
            return section.error(key, place, cause, "see to it that the file can be read");
        }
    };
    section.error(key, place, format!("cannot read {}: {problem}", path.display()), cure);
}

fn warn_of_readable_config(section: &mut Section<'_>, key: &str, place: Option<&Place>) {
    let Some(place) = place else { return };
    if let Some(mode) = mode_open_to_others(Path::new(place.source())) {
        let cause =
            format!("{} holds a secret and can be read by others than its owner (mode {mode:04o})", place.source());
        section.warn(
            key,
            Some(place),
            cause,
            format!("run: chmod 600 {}, or keep the secret in a file of its own", place.source()),
        );
    }
}

/// The permission bits of a file, when they let others at it.
#[cfg(unix)]
fn mode_open_to_others(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = path.metadata().ok()?.permissions().mode() & 0o7777;
    (mode & OTHERS_BITS != 0).then_some(mode)
}

/// Elsewhere permissions are not told by mode bits.
#[cfg(not(unix))]
fn mode_open_to_others(_: &Path) -> Option<u32> {
    None
}
