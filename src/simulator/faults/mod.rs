//! Faults that a script orders: what goes wrong with the platform's replies and with its callbacks, and when. With a seed, a
//! script strikes the same calls in every run.

mod api_fault;
mod callback_fault;
mod kind;
mod rule;
mod script;

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use super::callback::Callback;
use super::chance::{Chance, Stream, Subject};
use rule::{On, Rule};

pub(super) use api_fault::ApiFault;
pub(super) use callback_fault::CallbackFault;
pub(super) use kind::LONGEST_WAIT;
pub use kind::Problem;
pub use script::{FaultScript, InvalidScript};

/// A script being played.
pub(super) struct Faults {
    rules: Mutex<Vec<RuleInPlay>>,
    /// How many callbacks were sent; who is held back waits for a change.
    calls_sent: watch::Sender<u64>,
}

struct RuleInPlay {
    rule: Rule,
    /// How many calls it was about so far.
    calls: u64,
    chance: Stream,
}

impl Faults {
    /// Each rule draws from a stream of its own, so that one rule more changes nothing for those before it.
    pub(super) fn new(script: FaultScript, chance: &Chance) -> Self {
        let in_play = |(place, rule)| RuleInPlay { rule, calls: 0, chance: chance.stream(Subject::Fault(place)) };
        let rules = script.rules.into_iter().enumerate().map(in_play).collect();
        Self { rules: Mutex::new(rules), calls_sent: watch::Sender::new(0) }
    }

    /// Changes whenever a callback was sent from now on.
    pub(super) fn calls_sent(&self) -> watch::Receiver<u64> {
        self.calls_sent.subscribe()
    }

    pub(super) fn record_call_sent(&self) {
        self.calls_sent.send_modify(|calls| *calls += 1);
    }

    /// What goes wrong with the reply to a call of an API; the first rule that strikes decides.
    pub(super) fn of_api(&self, path: &str) -> Option<ApiFault> {
        self.strike(|on| match on {
            On::Api { path: about, fault } if about.as_deref().is_none_or(|about| about == path) => Some(*fault),
            _ => None,
        })
    }

    /// What goes wrong with a callback; the first rule that strikes decides.
    pub(super) fn of_callback(&self, callback: Callback) -> Option<CallbackFault> {
        self.strike(|on| match on {
            On::Callback { callback: about, fault } if about.is_none_or(|about| about == callback) => Some(*fault),
            _ => None,
        })
    }

    /// Every rule that is about the call counts it, also after one that strikes.
    fn strike<F>(&self, about: impl Fn(&On) -> Option<F>) -> Option<F> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let mut struck = None;
        for RuleInPlay { rule, calls, chance } in rules.iter_mut() {
            let Some(fault) = about(&rule.on) else { continue };
            *calls += 1;
            if rule.when.strikes(*calls, chance) {
                struck = struck.or(Some(fault));
            }
        }
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(script: &str, seed: u64) -> Faults {
        Faults::new(FaultScript::parse(script, "faults.toml").unwrap(), &Chance::new(Some(seed)))
    }

    fn struck(faults: &Faults, path: &str, calls: usize) -> Vec<usize> {
        (1..=calls).filter(|_| faults.of_api(path).is_some()).collect()
    }

    #[test]
    fn rules_strike_the_calls_they_name() {
        let script = "[[fault]]\non = \"api\"\npath = \"/nontax/refund\"\nkind = \"empty\"\nnth = [1, 3]\n\
            [[fault]]\non = \"api\"\nkind = \"html\"\nevery = 2\n";
        let faults = faults(script, 1);
        let refund = || faults.of_api("/nontax/refund");
        assert_eq!(
            [refund(), refund(), refund()],
            [Some(ApiFault::Empty), Some(ApiFault::Html), Some(ApiFault::Empty)]
        );
        assert_eq!(faults.of_api("/nontax/getorder"), Some(ApiFault::Html));
        assert_eq!(struck(&faults, "/nontax/getorder", 4), [2, 4]);
        assert_eq!(faults.of_callback(Callback::Notification), None);
    }

    #[test]
    fn a_seed_strikes_the_same_calls_again() {
        let script = "[[fault]]\non = \"api\"\nkind = \"empty\"\nprobability = 0.3\n";
        let run = |seed| struck(&faults(script, seed), "/nontax/getorder", 200);
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        assert!((20..100).contains(&run(7).len()), "{:?}", run(7));
        let never = script.replace("0.3", "0");
        assert!(struck(&faults(&never, 7), "/", 200).is_empty());
        let always = script.replace("0.3", "1");
        assert_eq!(struck(&faults(&always, 7), "/", 200).len(), 200);
    }

    #[test]
    fn the_documentation_names_every_kind() {
        let page = include_str!("../../../docs/simulator.md");
        let rows = |on: &str| page.matches(&format!("\n| {on} | `")).count();
        for name in ApiFault::names() {
            assert!(page.contains(&format!("\n| api | `{name}` |")), "{name}");
        }
        for name in CallbackFault::names() {
            assert!(page.contains(&format!("\n| callback | `{name}` |")), "{name}");
        }
        assert_eq!((rows("api"), rows("callback")), (ApiFault::names().count(), CallbackFault::names().count()));
        let script = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        FaultScript::parse(script, "docs/simulator.md").unwrap();
    }
}
