//! How a self-test is told: a line for each half and for the platform's own verdict, then cause and cure.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::diagnosis::{Diagnosis, is_opened};
use crate::domain::PartyName;
use crate::platform::PlatformError;
use crate::store::{CallbackKind, JournaledCallback};
use crate::wire::{ApiErrcode, Errcode, Locale};

/// One callback of one party.
pub(super) struct Tested {
    pub(super) party: PartyName,
    pub(super) kind: CallbackKind,
    pub(super) url: String,
    pub(super) outcome: Outcome,
}

/// What became of its test.
pub(super) enum Outcome {
    /// The platform made its calls.
    Judged {
        /// What the gateway wrote into the journal.
        rows: Vec<JournaledCallback>,
        /// Why the platform is not content, when it is not.
        objection: Option<PlatformError>,
        diagnosis: Diagnosis,
    },
    /// The platform was not brought to make them.
    NotTested(PlatformError),
    /// There is nothing to test.
    Skipped(&'static str),
}

/// The two halves and the platform's verdict, as the lines name them.
const DECRYPT: &str = "decrypt";
const REFUSE: &str = "refuse a wrong signature";
const VERDICT: &str = "the platform's verdict";

impl Tested {
    /// Whether it failed after the platform made its calls.
    pub(super) const fn failed(&self) -> bool {
        matches!(self.outcome, Outcome::Judged { diagnosis: Diagnosis { trouble: Some(_), .. }, .. })
    }

    pub(super) fn text(&self) -> String {
        let mut text = format!("{}, {}: {}\n", self.party, self.kind.name(), self.url);
        let mut line = |passed: bool, what: &str, detail: &str| {
            // Writing to a string does not fail.
            let _ = writeln!(text, "  {:<8} {what}  — {detail}", if passed { "ok" } else { "failure" });
        };
        match &self.outcome {
            Outcome::Skipped(why) => {
                let _ = writeln!(text, "  skipped  {why}");
            }
            Outcome::NotTested(error) => {
                line(false, "the platform's test call", &error.to_string());
                let _ = writeln!(text, "  cure: {}", error.cure(Locale::English));
            }
            Outcome::Judged { rows, objection, diagnosis } => {
                line(diagnosis.decrypts, DECRYPT, &decrypt_detail(rows));
                line(diagnosis.refuses, REFUSE, &refuse_detail(rows));
                let verdict = objection.as_ref().map_or_else(|| "errcode 0".to_owned(), verdict_detail);
                line(objection.is_none(), VERDICT, &verdict);
                if let Some(trouble) = diagnosis.trouble {
                    let _ = writeln!(text, "  cause: {trouble}\n  cure: {}", trouble.cure());
                }
            }
        }
        text
    }

    pub(super) fn json(&self) -> Value {
        let mut told = json!({ "party": self.party.as_str(), "callback": self.kind.name(), "url": self.url });
        let more = match &self.outcome {
            Outcome::Skipped(why) => json!({ "result": "skipped", "cause": why }),
            Outcome::NotTested(error) => json!({
                "result": "not_tested",
                "errcode": error.errcode(),
                "cause": error.to_string(),
                "cure": error.cure(Locale::English),
            }),
            Outcome::Judged { rows, objection, diagnosis } => json!({
                "result": if diagnosis.trouble.is_none() { "passed" } else { "failed" },
                "decrypt": diagnosis.decrypts,
                "refuse_wrong_signature": diagnosis.refuses,
                "platform_errcode": objection.as_ref().map_or(Some(0), PlatformError::errcode),
                "cause": diagnosis.trouble.map(|trouble| trouble.to_string()),
                "cure": diagnosis.trouble.map(super::diagnosis::Trouble::cure),
                "calls": rows.iter().map(call).collect::<Vec<_>>(),
            }),
        };
        if let (Value::Object(told), Value::Object(more)) = (&mut told, more) {
            told.extend(more);
        }
        told
    }
}

fn call(row: &JournaledCallback) -> Value {
    json!({
        "callback_id": row.callback_id,
        "wxnontaxstr": row.wxnontaxstr,
        "outcome": row.outcome,
        "errcode": row.errcode,
        "key_id": row.key_id,
        "received_at": row.received_at.to_string(),
    })
}

fn decrypt_detail(rows: &[JournaledCallback]) -> String {
    let Some(row) = rows.iter().find(|row| is_opened(row)) else { return answers(rows) };
    let key = row.key_id.as_deref().map(|key| format!("opened with key {key}, ")).unwrap_or_default();
    format!("{key}answered {} (\"{}\" in the journal)", row.errcode, row.outcome)
}

fn refuse_detail(rows: &[JournaledCallback]) -> String {
    let refused = rows.iter().any(|row| row.errcode == Errcode::InvalidSignature.code());
    if refused { "answered 300".to_owned() } else { answers(rows) }
}

/// What came in place of the wanted answer.
fn answers(rows: &[JournaledCallback]) -> String {
    if rows.is_empty() {
        return "no call arrived".to_owned();
    }
    let each = rows.iter().map(|row| {
        let meaning = Errcode::from_code(row.errcode).map_or("?", |errcode| errcode.message(Locale::English));
        format!("{} ({meaning})", row.errcode)
    });
    format!("the calls were answered {}", each.collect::<Vec<_>>().join(", "))
}

/// The platform's words, and in short what they mean.
fn verdict_detail(objection: &PlatformError) -> String {
    let meaning = match objection.errcode().and_then(ApiErrcode::from_code) {
        Some(ApiErrcode::MockNotSent) => "it could not send its request, or got no reply in time",
        Some(ApiErrcode::MockReplyUnreadable) => "what it got is no reply envelope",
        Some(ApiErrcode::MockReplyWrong) => "the reply, decrypted, is not the one that it must be",
        _ => "",
    };
    if meaning.is_empty() { objection.to_string() } else { format!("{objection}: {meaning}") }
}
