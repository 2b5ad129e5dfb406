//! Where a setting was written: a place in a file, or an environment variable. Holds only text that may be shown.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::redact;

/// A text that settings come from, with its secrets overwritten.
#[derive(Debug)]
pub(super) struct Source {
    name: String,
    directory: PathBuf,
    shown: String,
}

impl Source {
    /// A configuration file. `hidden` are byte ranges of secrets besides those that their keys' names give away.
    pub(super) fn file(path: &Path, text: &str, hidden: &[Range<usize>]) -> Self {
        Self {
            name: path.display().to_string(),
            directory: path.parent().map(Path::to_path_buf).unwrap_or_default(),
            shown: redact::redact_ranges(&redact::redact(text), hidden),
        }
    }

    /// An environment variable. Relative paths in it start from the working directory.
    pub(super) fn variable(name: &str, value: &str) -> Self {
        Self {
            name: format!("environment variable {name}"),
            directory: PathBuf::new(),
            shown: redact::redact(&format!("{name}={value}")),
        }
    }
}

/// A stretch of a source.
#[derive(Clone, Debug)]
pub struct Place {
    source: Arc<Source>,
    span: Range<usize>,
}

impl Place {
    pub(super) fn new(source: &Arc<Source>, span: Range<usize>) -> Self {
        let end = source.shown.len();
        Self { source: Arc::clone(source), span: span.start.min(end)..span.end.min(end) }
    }

    /// The file as it was given, or `environment variable NAME`.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source.name
    }

    /// The line, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.before().matches('\n').count() + 1
    }

    /// The column in characters, from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        let before = self.before();
        before[before.rfind('\n').map_or(0, |end| end + 1)..].chars().count() + 1
    }

    /// The path that a relative path written here means.
    pub(super) fn resolve(&self, path: &str) -> PathBuf {
        self.source.directory.join(path)
    }

    /// The whole text, secrets overwritten, and the stretch of it.
    pub(super) fn excerpt(&self) -> (&str, Range<usize>) {
        (&self.source.shown, self.span.clone())
    }

    fn before(&self) -> &str {
        let mut end = self.span.start;
        while !self.source.shown.is_char_boundary(end) {
            end -= 1;
        }
        &self.source.shown[..end]
    }
}
