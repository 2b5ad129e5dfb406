//! What is wrong with a configuration: where, what was found and expected, and what to write instead.

use std::error::Error;
use std::fmt;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

use super::source::Place;

/// Whether the configuration can be used all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, and is probably not what is wanted.
    Warning,
}

/// One thing that is wrong. Never holds a secret.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Whether it stops the program.
    pub severity: Severity,
    /// The key, as in `server.listen` or `party["gz-finance"].symmetric_key[1].file`.
    pub key: String,
    /// Where it stands, when it stands anywhere.
    pub place: Option<Place>,
    /// What is wrong.
    pub cause: String,
    /// What to do.
    pub cure: String,
}

/// `error: nontax.toml:3:10: server.listen: …; …`
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.severity {
            Severity::Error => "error: ",
            Severity::Warning => "warning: ",
        })?;
        if let Some(place) = &self.place {
            write!(f, "{}:{}:{}: ", place.source(), place.line(), place.column())?;
        }
        write!(f, "{}: {}; {}", self.key, self.cause, self.cure)
    }
}

/// Everything that is wrong, in the order in which it was found.
#[derive(Clone, Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn error(
        &mut self,
        key: impl Into<String>,
        place: Option<Place>,
        cause: String,
        cure: impl Into<String>,
    ) {
        let cure = cure.into();
        self.0.push(Problem { severity: Severity::Error, key: key.into(), place, cause, cure });
    }

    pub(super) fn warn(
        &mut self,
        key: impl Into<String>,
        place: Option<Place>,
        cause: String,
        cure: impl Into<String>,
    ) {
        let cure = cure.into();
        self.0.push(Problem { severity: Severity::Warning, key: key.into(), place, cause, cure });
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.0.iter().filter(|problem| problem.severity == severity).count()
    }

    /// For people: each with the line it stands on and a mark under it. `colored` for a terminal.
    #[must_use]
    pub fn render(&self, colored: bool) -> String {
        let theme = if colored { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        // One line per message however long it is, so that it can be found in the documents and in a log by its text.
        let handler =
            GraphicalReportHandler::new_themed(theme).with_links(false).with_wrap_lines(false).with_context_lines(1);
        let mut shown = String::new();
        for problem in &self.0 {
            if handler.render_report(&mut shown, &Report::of(problem)).is_err() {
                shown.push_str(&problem.to_string());
            }
            shown.push('\n');
        }
        shown
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            write!(f, "{}{problem}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl Error for Problems {}

/// A problem as miette draws it.
#[derive(Debug)]
struct Report<'a> {
    problem: &'a Problem,
    source: Option<NamedSource<String>>,
}

impl<'a> Report<'a> {
    fn of(problem: &'a Problem) -> Self {
        let source = problem.place.as_ref().map(|place| NamedSource::new(place.source(), place.excerpt().0.to_owned()));
        Self { problem, source }
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.problem.key, self.problem.cause)
    }
}

impl Error for Report<'_> {}

impl Diagnostic for Report<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.problem.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        Some(Box::new(&self.problem.cure))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (text, span) = self.problem.place.as_ref()?.excerpt();
        // The first line of the stretch is enough to find it.
        let first_line = text.get(span.clone()).and_then(|part| part.find('\n')).unwrap_or(span.len());
        Some(Box::new(std::iter::once(LabeledSpan::underline(span.start..span.start + first_line))))
    }
}
