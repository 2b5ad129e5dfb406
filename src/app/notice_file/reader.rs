//! The reader: from the bytes of a file to notices and refused lines, in bounded memory.

use std::fmt;
use std::io::{self, BufRead};

use super::csv_rows::{self, Header};
use super::encoding::{self, Encoding};
use super::json_lines;
use super::lines::{Line, Lines, MAX_LINE_BYTES};
use super::notice_fields::Fault;
use crate::store::NoticeDraft;

/// How a file holds its notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// One JSON object a line.
    Ndjson,
    /// A header row, then one notice a row.
    Csv,
}

impl FileFormat {
    /// The format that the name of a file tells, if it tells one.
    #[must_use]
    pub fn of_file_name(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            "ndjson" | "jsonl" | "json" => Some(Self::Ndjson),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

/// What is known of a file before it is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOptions {
    /// Its encoding.
    pub encoding: Encoding,
    /// Its format; without one the first byte tells: `{` begins NDJSON.
    pub format: Option<FileFormat>,
}

/// A line that holds no notice that can be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedLine {
    /// Its number, from 1.
    pub line: u64,
    /// The field to blame, where one is.
    pub field: Option<String>,
    /// What is wrong and what was expected.
    pub cause: String,
}

/// `12: fee: is missing`.
impl fmt::Display for RefusedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{}: {field}: {}", self.line, self.cause),
            None => write!(f, "{}: {}", self.line, self.cause),
        }
    }
}

/// A file that cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum NoticeFileError {
    /// The source failed.
    #[error("the file cannot be read after line {after_line}")]
    Io {
        /// The last line that was read.
        after_line: u64,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is UTF-16.
    #[error("the file is UTF-16: save it as UTF-8 or GBK (in a spreadsheet, \"CSV UTF-8\")")]
    Utf16,
    /// The file is one JSON array.
    #[error("the file is a JSON array: write one object a line, without brackets around them or commas between them")]
    JsonArray,
    /// The header of a CSV file does not fit.
    #[error("the header of the CSV file: {}{cause}", field.as_ref().map_or_else(String::new, |field| format!("{field}: ")))]
    Header {
        /// The column to blame, where one is.
        field: Option<String>,
        /// What is wrong.
        cause: String,
    },
}

enum Shape {
    Ndjson,
    Csv(Box<Header>),
}

/// A row that is not blank: its first line's number, and its text or why there is none.
struct Row {
    line: u64,
    text: Result<String, Fault>,
}

/// Reads the notices of a file one by one.
pub struct NoticeReader<R> {
    lines: Lines<R>,
    encoding: Encoding,
    shape: Shape,
    last_line: u64,
}

impl<R: BufRead> NoticeReader<R> {
    /// Looks at the beginning of a file. The larger the buffer of `source`, the surer the guess of the encoding.
    ///
    /// # Errors
    /// [`NoticeFileError`] when the source fails, or when its beginning shows that no line of it can be read.
    pub fn open(source: R, options: ReadOptions) -> Result<Self, NoticeFileError> {
        let mut lines = Lines::new(source);
        let failed = |source| NoticeFileError::Io { after_line: 0, source };
        let start = lines.peek().map_err(failed)?;
        if encoding::begins_as_utf16(start) {
            return Err(NoticeFileError::Utf16);
        }
        let mut settled = options.encoding;
        if settled == Encoding::Auto {
            settled = encoding::detect(start);
        }
        let has_bom = start.starts_with(encoding::UTF8_BOM);
        let after_bom = if has_bom { &start[encoding::UTF8_BOM.len()..] } else { start };
        let first = after_bom.iter().copied().find(|byte| !byte.is_ascii_whitespace());
        if first == Some(b'[') {
            return Err(NoticeFileError::JsonArray);
        }
        let format = options.format.unwrap_or(match first {
            None | Some(b'{') => FileFormat::Ndjson,
            Some(_) => FileFormat::Csv,
        });
        if has_bom {
            lines.skip(encoding::UTF8_BOM.len());
        }
        let mut reader = Self { lines, encoding: settled, shape: Shape::Ndjson, last_line: 0 };
        if format == FileFormat::Csv {
            reader.shape = Shape::Csv(Box::new(reader.read_header()?));
        }
        Ok(reader)
    }

    /// The next notice or refused line; `None` at the end.
    ///
    /// # Errors
    /// [`NoticeFileError::Io`] when the source fails.
    pub fn read_notice(&mut self) -> Result<Option<Result<NoticeDraft, RefusedLine>>, NoticeFileError> {
        let Some(Row { line, text }) = self.next_row()? else { return Ok(None) };
        let draft = text.and_then(|row| match &mut self.shape {
            Shape::Ndjson => json_lines::read(&row)?.draft(),
            Shape::Csv(header) => header.fields_of(&row)?.draft(),
        });
        Ok(Some(draft.map_err(|Fault { field, cause }| RefusedLine { line, field, cause })))
    }

    /// The number of the line that was read last, from 1.
    #[must_use]
    pub const fn last_line(&self) -> u64 {
        self.last_line
    }

    /// How many bytes of the source were read.
    #[must_use]
    pub const fn bytes_read(&self) -> u64 {
        self.lines.bytes_read()
    }

    fn read_header(&mut self) -> Result<Header, NoticeFileError> {
        let row = match self.next_row()? {
            Some(row) => row.text,
            None => Err(Fault::of_line("the file is empty")),
        };
        row.and_then(|row| Header::read(&row))
            .map_err(|Fault { field, cause }| NoticeFileError::Header { field, cause })
    }

    /// The next row that is not blank: its first line's number and its text.
    fn next_row(&mut self) -> Result<Option<Row>, NoticeFileError> {
        loop {
            let Some((number, line)) = self.next_line()? else { return Ok(None) };
            let row = match line {
                Line::TooLong => Err(Fault::of_line(format!("the line is longer than {MAX_LINE_BYTES} bytes"))),
                Line::Bytes(bytes) if bytes.trim_ascii().is_empty() => continue,
                Line::Bytes(bytes) => self.whole_row(number, bytes)?,
            };
            let text = row.and_then(|row| encoding::decode(row, &mut self.encoding).map_err(Fault::of_line));
            return Ok(Some(Row { line: number, text }));
        }
    }

    /// A row of CSV goes on while a quote is open. One that never ends is refused alone: the lines after it are read again.
    fn whole_row(&mut self, first: u64, bytes: Vec<u8>) -> Result<Result<Vec<u8>, Fault>, NoticeFileError> {
        let is_csv = matches!(self.shape, Shape::Csv(_));
        if !is_csv || !csv_rows::goes_on(&bytes) {
            return Ok(Ok(bytes));
        }
        let mut row = bytes;
        let mut taken = Vec::new();
        while let Some((number, line)) = self.next_line()? {
            let Line::Bytes(more) = line else {
                taken.push((number, line));
                break;
            };
            let closes = csv_rows::goes_on(&more);
            let too_long = row.len() + more.len() >= MAX_LINE_BYTES;
            row.push(b'\n');
            row.extend_from_slice(&more);
            taken.push((number, Line::Bytes(more)));
            if too_long {
                break;
            }
            if closes {
                return Ok(Ok(row));
            }
        }
        self.lines.put_back(taken.into_iter());
        self.last_line = first;
        Ok(Err(Fault::of_line("a quote is opened and never closed")))
    }

    fn next_line(&mut self) -> Result<Option<(u64, Line)>, NoticeFileError> {
        let after_line = self.last_line;
        let line = self.lines.next_line().map_err(|source| NoticeFileError::Io { after_line, source })?;
        if let Some((number, _)) = &line {
            self.last_line = *number;
        }
        Ok(line)
    }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
