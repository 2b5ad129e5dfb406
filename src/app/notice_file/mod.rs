//! Reading and writing notices as files hold them: one JSON object a line, or CSV with the same names as headers.

mod columns;
mod csv_rows;
pub(in crate::app) mod encoding;
mod json_lines;
pub(in crate::app) mod lines;
mod notice_fields;
mod reader;

pub use columns::UnknownColumn;
pub use encoding::Encoding;
pub use json_lines::notice_to_json;
pub use reader::{FileFormat, NoticeFileError, NoticeReader, ReadOptions, RefusedLine};
