//! How the story is told: one line out and one line back for every call, with the decrypted bodies.

use std::io::Write as _;

use super::world::{PARTY, World};
use crate::simulator::{Answer, Callback, Exchange, Variant};

/// What was told so far.
pub(super) struct Telling {
    calls: usize,
    unexpected: usize,
}

impl Telling {
    pub(super) const fn new() -> Self {
        Self { calls: 0, unexpected: 0 }
    }

    /// A call and its answer; `expected` is the errcode that it must have.
    pub(super) fn call(&mut self, exchange: &Exchange, expected: i64) {
        self.calls += 1;
        let as_expected = exchange.errcode() == Some(expected);
        if !as_expected {
            self.unexpected += 1;
        }
        let path = match exchange.callback {
            Callback::Receivables => "receivables",
            Callback::Notification => "notification",
        };
        let how = match exchange.variant {
            Variant::Genuine => "",
            Variant::WrongSignature => " [wrong signature]",
            Variant::Tampered => " [changed after signing]",
            Variant::WrongKey => " [another's key]",
            Variant::Cut => " [cut off]",
            Variant::WrongAppid => " [another's appid]",
            Variant::NotAnEnvelope => " [not an envelope]",
        };
        let back = match &exchange.answer {
            Answer::Reply(reply) => reply.plaintext.trim_end().to_owned(),
            Answer::Fault(fault) => fault.to_string(),
        };
        let mark = if as_expected { '✓' } else { '✗' };
        say(&format!("  → {path}{how} {}", exchange.sent));
        say(&format!("  ← {mark} {back}  ({} ms)", exchange.elapsed_ms));
        if !as_expected {
            say(&format!("    errcode {expected} was expected"));
        }
    }

    /// Something that must be so beside the calls.
    pub(super) fn check(&mut self, what: &str, holds: bool) {
        if !holds {
            self.unexpected += 1;
        }
        say(&format!("  {} {what}", if holds { '✓' } else { '✗' }));
    }

    /// The last line. Returns how many answers were not the expected ones.
    pub(super) fn conclude(&self) -> usize {
        say(&format!("\n{} calls, {} not as expected", self.calls, self.unexpected));
        self.unexpected
    }
}

/// Who is there.
pub(super) fn introduce(world: &World) {
    say(&format!(
        "The gateway serves party \"{PARTY}\" (role finance, mode direct_finance) at {}\n\
         The Weixin side is simulated at {}\n\
         {} sample notices are in a temporary SQLite book",
        world.gateway_url, world.simulator_url, world.notices
    ));
}

/// What happens next, in both languages.
pub(super) fn chapter(english: &str, chinese: &str) {
    say(&format!("\n{english}  {chinese}"));
}

/// Something that happened beside the calls to the gateway.
pub(super) fn remark(text: &str) {
    say(&format!("  · {text}"));
}

fn say(text: &str) {
    // Nobody reading is no reason to stop.
    let _ = writeln!(std::io::stdout(), "{text}");
}
