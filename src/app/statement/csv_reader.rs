//! One csv: titles, rows, and the two lines of the summary.

use std::io::{BufReader, Read};

use serde_json::Value;

use super::peeked::Peeked;
use super::report::CsvReport;
use super::{BadRow, StatementError};
use crate::app::notice_file::encoding::{self, Encoding};
use crate::app::notice_file::lines::{Line, Lines, MAX_LINE_BYTES};
use crate::wire::{StatementFault, StatementHeader, StatementRow, StatementSummaryTitles, from_json};

/// How much is read at once.
const BUFFER_BYTES: usize = 1 << 16;

/// How much of the platform's words is repeated.
const MAX_ERRMSG_CHARS: usize = 200;

/// Where a reader stands in a csv.
enum Place {
    Rows,
    Summary(StatementSummaryTitles),
    End,
}

/// Reads one csv.
pub(super) struct CsvReader {
    texts: Texts,
    header: StatementHeader,
    place: Place,
    report: CsvReport,
}

impl CsvReader {
    /// Reads the titles.
    pub(super) fn open(entry: Option<String>, mut source: Peeked) -> Result<Self, StatementError> {
        let start = source.start();
        if encoding::begins_as_utf16(start) {
            return Err(StatementError::NotAStatement("it is UTF-16"));
        }
        let encoding = encoding::detect(start);
        let has_bom = start.starts_with(encoding::UTF8_BOM);
        if has_bom {
            source.skip(encoding::UTF8_BOM.len());
        }
        match source.start().trim_ascii_start().first() {
            None => return Err(StatementError::Empty),
            Some(b'{') => return Err(refusal(source.start())),
            Some(b'<') => return Err(StatementError::NotAStatement("it is HTML")),
            Some(_) => {}
        }
        let lines = Lines::new(BufReader::with_capacity(BUFFER_BYTES, source.into_source()));
        let mut texts = Texts { lines, encoding, last_line: 0 };
        let header = loop {
            match texts.next()?.ok_or(StatementError::Empty)?.text {
                Ok(text) if text.trim().is_empty() => {}
                text => break text.and_then(|text| StatementHeader::read(&text)).map_err(StatementError::Header)?,
            }
        };
        Ok(Self { texts, header, place: Place::Rows, report: CsvReport::of(entry) })
    }

    /// The next row or bad row; `None` at the end.
    pub(super) fn read_row(&mut self) -> Result<Option<Result<StatementRow, BadRow>>, StatementError> {
        while let Some(Text { line, text }) = self.texts.next()? {
            let read = match text {
                Ok(text) if text.trim().is_empty() => continue,
                text => text.and_then(|text| self.read_line(&text)),
            };
            match read {
                Ok(None) => {}
                Ok(Some(row)) => {
                    self.report.count(&row);
                    return Ok(Some(Ok(row)));
                }
                Err(fault) => {
                    self.report.bad_row_count += 1;
                    return Ok(Some(Err(BadRow::new(self.report.entry.as_deref(), line, fault))));
                }
            }
        }
        Ok(None)
    }

    /// What was found so far.
    pub(super) fn into_report(self) -> CsvReport {
        self.report
    }

    /// The row of a line; `None` of a line of the summary.
    fn read_line(&mut self, text: &str) -> Result<Option<StatementRow>, StatementFault> {
        match &self.place {
            Place::Rows => {
                if let Some(titles) = summary_titles(text) {
                    self.place = Place::Summary(titles);
                    return Ok(None);
                }
                self.header.row(text).map(Some)
            }
            Place::Summary(titles) => {
                let summary = titles.summary(text);
                self.place = Place::End;
                self.report.summary = Some(summary?);
                Ok(None)
            }
            Place::End => Err(of_line("the line stands behind the summary".to_owned())),
        }
    }
}

/// A row begins with a time, so that hardly a line is compared with the titles.
fn summary_titles(text: &str) -> Option<StatementSummaryTitles> {
    let begins_as_row = text.trim_start_matches('`').starts_with(|first: char| first.is_ascii_digit());
    if begins_as_row { None } else { StatementSummaryTitles::read(text) }
}

/// A line: its number, and its text or why it has none.
struct Text {
    line: u64,
    text: Result<String, StatementFault>,
}

/// The lines of a csv as text.
struct Texts {
    lines: Lines<BufReader<Box<dyn Read + Send>>>,
    encoding: Encoding,
    last_line: u64,
}

impl Texts {
    fn next(&mut self) -> Result<Option<Text>, StatementError> {
        let after_line = self.last_line;
        let next = self.lines.next_line().map_err(|source| StatementError::Io { after_line, source })?;
        let Some((number, line)) = next else { return Ok(None) };
        self.last_line = number;
        let text = match line {
            Line::TooLong => Err(of_line(format!("the line is longer than {MAX_LINE_BYTES} bytes"))),
            Line::Bytes(bytes) => encoding::decode(bytes, &mut self.encoding)
                .map_err(|_| of_line("the line is not in the encoding of the lines before it".to_owned())),
        };
        Ok(Some(Text { line: number, text }))
    }
}

const fn of_line(cause: String) -> StatementFault {
    StatementFault { column: None, cause }
}

/// What a JSON object in the place of a csv says.
fn refusal(text: &[u8]) -> StatementError {
    let told = from_json::<Value>(text).ok();
    let told = told.as_ref();
    let errcode = told.and_then(|told| told.get("errcode")).and_then(|code| match code {
        Value::String(text) => text.parse().ok(),
        number => number.as_i64(),
    });
    let errmsg = told.and_then(|told| told.get("errmsg")).and_then(Value::as_str).unwrap_or_default();
    match errcode {
        Some(errcode) => StatementError::Refused { errcode, errmsg: errmsg.chars().take(MAX_ERRMSG_CHARS).collect() },
        None => StatementError::NotAStatement("it is JSON"),
    }
}
