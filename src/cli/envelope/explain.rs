//! `nontax envelope explain`.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::{InputArgument, cannot_write};
use crate::cli::key_files::{self, KeyEncodingArgument};
use crate::cli::{Console, Exit, Failure, Format};
use crate::envelope::{Explanation, SmallKeys, Verdict, WrittenKey, explain};

/// What `envelope explain` takes.
#[derive(Debug, Args)]
pub struct ExplainArguments {
    #[command(flatten)]
    input: InputArgument,
    /// A symmetric key; may be given more than once.
    #[arg(long, value_name = "FILE", required = true)]
    symmetric_key_file: Vec<PathBuf>,
    /// How the symmetric keys are written down, as the configuration says; the other ways are tried too.
    #[arg(long, value_enum, default_value_t)]
    encoding: KeyEncodingArgument,
    /// A public key of the platform; may be given more than once.
    #[arg(long, value_name = "FILE")]
    platform_key_file: Vec<PathBuf>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &ExplainArguments, console: &mut Console<'_>) -> Result<(), Failure> {
    let body = arguments.input.read(console)?;
    let mut written = Vec::new();
    for path in &arguments.symmetric_key_file {
        written.push((path.display().to_string(), key_files::read_secret(path)?));
    }
    let written: Vec<_> = written.iter().map(|(name, text)| WrittenKey { name, text }).collect();
    let platform: Result<Vec<_>, _> =
        arguments.platform_key_file.iter().map(|path| key_files::read_platform(path, SmallKeys::Allowed)).collect();
    let explanation = explain(&body, &written, arguments.encoding.into(), &platform?);
    let text = match arguments.format {
        Format::Text => as_text(&explanation),
        Format::Json => format!("{:#}\n", as_json(&explanation)),
    };
    console.out.write_all(text.as_bytes()).map_err(|error| cannot_write(&error))?;
    // What is wrong was told already.
    if explanation.is_good() { Ok(()) } else { Err(Failure::new(Exit::Failure, "")) }
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Good => "ok",
        Verdict::Bad => "wrong",
        Verdict::Note => "note",
    }
}

fn as_text(explanation: &Explanation) -> String {
    let steps = explanation.steps.iter().map(|step| {
        // What stands in the file may be anything: what a terminal would obey does not pass.
        let finding: String = step.finding.chars().filter(|c| !c.is_control()).collect();
        format!("{:<6}{}: {finding}\n", word(step.verdict), step.subject)
    });
    let advice = explanation.advice.iter().map(|advice| format!("{:<6}{advice}\n", "do"));
    steps.chain(advice).collect()
}

fn as_json(explanation: &Explanation) -> Value {
    let steps: Value = explanation
        .steps
        .iter()
        .map(|step| json!({"subject": step.subject, "verdict": word(step.verdict), "finding": step.finding}))
        .collect();
    json!({"good": explanation.is_good(), "steps": steps, "advice": explanation.advice})
}
