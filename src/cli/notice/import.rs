//! `nontax notice import`.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use super::{PartyArgument, cannot_write};
use crate::app::import_notices::{Destination, ImportObserver, ImportSummary, import_notices};
use crate::app::notice_file::{Encoding, FileFormat, NoticeReader, ReadOptions, RefusedLine};
use crate::cli::{Console, Exit, Failure, os_user};
use crate::domain::PartyName;
use crate::store::Book;

/// How much of a file is read at a time; the first such piece is what the encoding is guessed from.
const BUFFER_BYTES: usize = 256 * 1024;

/// What `notice import` takes.
#[derive(Debug, Args)]
pub struct ImportArguments {
    #[command(flatten)]
    pub(super) party: PartyArgument,
    /// Check every line and write nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// The encoding of the file.
    #[arg(long, value_enum, default_value_t)]
    pub(super) encoding: EncodingArgument,
    /// The format of the file; without it the name's ending or the first byte tells.
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(super) format_in: Option<FormatArgument>,
    /// The file, or - for standard input.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
}

/// The encodings on the command line.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum EncodingArgument {
    /// Found out from the text.
    #[default]
    Auto,
    /// UTF-8, with or without a BOM.
    #[value(name = "utf-8")]
    Utf8,
    /// GBK or GB18030.
    Gbk,
}

/// The formats on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum FormatArgument {
    /// One JSON object a line.
    Ndjson,
    /// A header row, then one notice a row.
    Csv,
}

pub(super) async fn run(
    arguments: &ImportArguments,
    store: &dyn Book,
    parties: &[PartyName],
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let party = arguments.party.among(parties)?;
    let (at, by) = (Timestamp::now(), os_user::author());
    let destination =
        if arguments.dry_run { Destination::Nowhere } else { Destination::Book { store, party: &party, by: &by, at } };
    let standard_input = arguments.file == Path::new("-");
    let name = if standard_input { "standard input".to_owned() } else { arguments.file.display().to_string() };
    let mut size_bytes = None;
    let mut file;
    let source: &mut dyn BufRead = if standard_input {
        &mut *console.input
    } else {
        let opened = File::open(&arguments.file)
            .map_err(|error| Failure::new(Exit::Failure, format!("{name} cannot be opened: {error}")))?;
        size_bytes = opened.metadata().ok().map(|metadata| metadata.len());
        file = BufReader::with_capacity(BUFFER_BYTES, opened);
        &mut file
    };
    let reader = NoticeReader::open(source, arguments.options(&name)).map_err(|error| {
        Failure::from_error(Exit::Failure, &error).with_help(format!("nothing of {name} was imported"))
    })?;
    let mut watcher = Watcher { name: &name, bar: progress_bar(console.watched, size_bytes), err: &mut *console.err };
    let imported = import_notices(reader, destination, &mut watcher).await;
    watcher.bar.finish_and_clear();
    let summary = imported.map_err(|error| Failure::from_error(Exit::Failure, &error))?;
    writeln!(console.out, "{}", sentence(&summary, arguments.dry_run)).map_err(|error| cannot_write(&error))?;
    // Every refused line was told already.
    if summary.refused > 0 { Err(Failure::new(Exit::Failure, "")) } else { Ok(()) }
}

impl ImportArguments {
    fn options(&self, name: &str) -> ReadOptions {
        let encoding = match self.encoding {
            EncodingArgument::Auto => Encoding::Auto,
            EncodingArgument::Utf8 => Encoding::Utf8,
            EncodingArgument::Gbk => Encoding::Gbk,
        };
        let format = match self.format_in {
            Some(FormatArgument::Ndjson) => Some(FileFormat::Ndjson),
            Some(FormatArgument::Csv) => Some(FileFormat::Csv),
            None => FileFormat::of_file_name(name),
        };
        ReadOptions { encoding, format }
    }
}

fn sentence(summary: &ImportSummary, dry_run: bool) -> String {
    if dry_run {
        return format!(
            "dry run, nothing was written: {} notices can be taken, {} lines refused",
            summary.acceptable, summary.refused
        );
    }
    format!(
        "{} notices added, {} updated, {} left as they are because they are paid, {} lines refused",
        summary.added, summary.updated, summary.kept_paid, summary.refused
    )
}

fn progress_bar(watched: bool, size_bytes: Option<u64>) -> ProgressBar {
    if !watched {
        return ProgressBar::hidden();
    }
    let (bar, template) = match size_bytes {
        Some(bytes) => (ProgressBar::new(bytes), "{wide_bar} {bytes}/{total_bytes} {eta}"),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes}"),
    };
    bar.with_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Tells refused lines as they come, above the progress bar.
struct Watcher<'a> {
    name: &'a str,
    bar: ProgressBar,
    err: &'a mut (dyn Write + Send),
}

impl ImportObserver for Watcher<'_> {
    fn refused(&mut self, refused: &RefusedLine) {
        let Self { name, bar, err } = self;
        // A standard error that is closed is no reason to stop: the summary counts the line all the same.
        let _ = bar.suspend(|| writeln!(err, "{name}:{refused}"));
    }

    fn read(&mut self, bytes: u64) {
        self.bar.set_position(bytes);
    }
}
