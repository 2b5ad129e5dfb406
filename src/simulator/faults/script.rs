//! Reading a fault script: a TOML file with one `[[fault]]` for each rule.

use toml::{Table, Value};

use super::kind::{Kind, Problem};
use super::rule::{On, Rule, When};
use super::{ApiFault, CallbackFault};
use crate::simulator::callback::Callback;

/// The keys of a rule, beside the number of its kind.
const KEYS: [&str; 7] = ["on", "path", "callback", "kind", "probability", "every", "nth"];

/// What goes wrong, and when.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FaultScript {
    pub(super) rules: Vec<Rule>,
}

/// A fault script that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidScript {
    /// It is not TOML.
    #[error("{file}: this is not TOML: {problem}")]
    Syntax {
        /// The file.
        file: String,
        /// Line, column and cause.
        problem: String,
    },
    /// Something stands beside the rules.
    #[error("{file}: {key}: expected nothing but [[fault]] tables")]
    NotARule {
        /// The file.
        file: String,
        /// The key.
        key: String,
    },
    /// A rule is wrong.
    #[error("{file}: fault {number}: {key}: {problem}")]
    Rule {
        /// The file.
        file: String,
        /// The rule, counted from 1.
        number: usize,
        /// The key.
        key: String,
        /// What was found and expected.
        problem: String,
    },
}

/// A wrong key of a rule, and what is expected there.
type WrongKey = (String, String);

impl FaultScript {
    /// Reads the text of a file; `file` is how errors call it.
    ///
    /// # Errors
    /// [`InvalidScript`] with the first thing that is wrong.
    pub fn parse(text: &str, file: &str) -> Result<Self, InvalidScript> {
        let file = || file.to_owned();
        let mut document: Table = text.parse().map_err(|e: toml::de::Error| InvalidScript::Syntax {
            file: file(),
            problem: e.to_string().trim_end().into(),
        })?;
        let rules = document.remove("fault");
        if let Some((key, _)) = document.into_iter().next() {
            return Err(InvalidScript::NotARule { file: file(), key });
        }
        let rules = match rules {
            None => Vec::new(),
            Some(Value::Array(rules)) => rules,
            Some(_) => return Err(InvalidScript::NotARule { file: file(), key: "fault".to_owned() }),
        };
        let read = |(place, value)| {
            read_rule(value).map_err(|(key, problem)| InvalidScript::Rule {
                file: file(),
                number: place + 1,
                key,
                problem,
            })
        };
        Ok(Self { rules: rules.into_iter().enumerate().map(read).collect::<Result<_, _>>()? })
    }
}

fn read_rule(value: Value) -> Result<Rule, WrongKey> {
    let Value::Table(mut rule) = value else {
        return Err(("fault".to_owned(), format!("expected a table, found {}", value.type_str())));
    };
    let kind = required_text(&mut rule, "kind", "the name of a fault")?;
    let on = match required_text(&mut rule, "on", "\"api\" or \"callback\"")?.as_str() {
        "api" => On::Api { path: read_path(&mut rule)?, fault: read_fault(&mut rule, ApiFault::kind(&kind))? },
        "callback" => On::Callback {
            callback: read_callback(&mut rule)?,
            fault: read_fault(&mut rule, CallbackFault::kind(&kind))?,
        },
        other => return Err(wrong("on", format_args!("expected \"api\" or \"callback\", found {other:?}"))),
    };
    let when = read_when(&mut rule)?;
    match rule.keys().next() {
        None => Ok(Rule { on, when }),
        Some(key) if KEYS.contains(&key.as_str()) => {
            Err(wrong(key, "does not go with this `on`: path is for \"api\", callback for \"callback\""))
        }
        Some(key) => Err(wrong(
            key,
            format_args!("unknown key for kind {kind:?}; there are {}, and the number of a kind", KEYS.join(", ")),
        )),
    }
}

fn read_fault<F>(rule: &mut Table, kind: Result<&Kind<F>, Problem>) -> Result<F, WrongKey> {
    let kind = kind.map_err(|problem| wrong("kind", problem))?;
    let Some(number) = kind.number else { return kind.fault(None).map_err(|problem| wrong("kind", problem)) };
    let value = rule.remove(number.key);
    // What is no integer is out of every range.
    let value = value.map(|value| value.as_integer().unwrap_or(i64::MIN));
    kind.fault(value).map_err(|problem| wrong(number.key, problem))
}

fn read_path(rule: &mut Table) -> Result<Option<String>, WrongKey> {
    let expected = "an API's path, such as \"/nontax/getorder\"";
    let path = text(rule, "path", expected)?;
    match path {
        Some(path) if !path.starts_with('/') => Err(wrong("path", format_args!("expected {expected}, found {path:?}"))),
        path => Ok(path),
    }
}

fn read_callback(rule: &mut Table) -> Result<Option<Callback>, WrongKey> {
    let expected = "\"notification\" or \"receivables\"";
    match text(rule, "callback", expected)?.as_deref() {
        None => Ok(None),
        Some("notification") => Ok(Some(Callback::Notification)),
        Some("receivables") => Ok(Some(Callback::Receivables)),
        Some(other) => Err(wrong("callback", format_args!("expected {expected}, found {other:?}"))),
    }
}

fn read_when(rule: &mut Table) -> Result<When, WrongKey> {
    let found: Vec<_> =
        ["probability", "every", "nth"].into_iter().filter_map(|key| Some((key, rule.remove(key)?))).collect();
    match found.as_slice() {
        [] => Ok(When::Always),
        [(key, value)] => when(key, value),
        [_, (second, _), ..] => Err(wrong(second, "expected at most one of probability, every and nth")),
    }
}

fn when(key: &str, value: &Value) -> Result<When, WrongKey> {
    let counted = |value: &Value| value.as_integer().and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0);
    let (when, expected) = match key {
        "probability" => {
            let fraction = match value {
                Value::Integer(0) => Some(0.0),
                Value::Integer(1) => Some(1.0),
                value => value.as_float().filter(|fraction| (0.0..=1.0).contains(fraction)),
            };
            (fraction.map(When::Probability), "a number from 0 to 1")
        }
        "every" => (counted(value).map(When::Every), "a whole number from 1 up"),
        _ => {
            let numbers = value.as_array().and_then(|values| values.iter().map(counted).collect::<Option<Vec<_>>>());
            (
                numbers.filter(|numbers| !numbers.is_empty()).map(When::Nth),
                "a list of whole numbers from 1 up, such as [1, 3]",
            )
        }
    };
    when.ok_or_else(|| wrong(key, format_args!("expected {expected}, found {value}")))
}

fn required_text(rule: &mut Table, key: &str, expected: &str) -> Result<String, WrongKey> {
    text(rule, key, expected)?.ok_or_else(|| wrong(key, format_args!("is missing: expected {expected}")))
}

fn text(rule: &mut Table, key: &str, expected: &str) -> Result<Option<String>, WrongKey> {
    match rule.remove(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(wrong(key, format_args!("expected {expected}, found {other}"))),
    }
}

fn wrong(key: &str, problem: impl std::fmt::Display) -> WrongKey {
    (key.to_owned(), problem.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_script_is_read() {
        let script = r#"
            [[fault]]
            on = "callback"
            callback = "notification"
            kind = "delay"
            milliseconds = 800
            probability = 0.25

            [[fault]]
            on = "api"
            path = "/nontax/getorder"
            kind = "status"
            nth = [1, 3]

            [[fault]]
            on = "api"
            kind = "cut"
        "#;
        let delay = CallbackFault::Delay(Duration::from_millis(800));
        let on = On::Callback { callback: Some(Callback::Notification), fault: delay };
        let late = Rule { on, when: When::Probability(0.25) };
        let on = On::Api { path: Some("/nontax/getorder".to_owned()), fault: ApiFault::Status(502) };
        let broken = Rule { on, when: When::Nth(vec![1, 3]) };
        let cut = Rule { on: On::Api { path: None, fault: ApiFault::Cut }, when: When::Always };
        assert_eq!(FaultScript::parse(script, "f.toml"), Ok(FaultScript { rules: vec![late, broken, cut] }));
        assert_eq!(FaultScript::parse("", "f.toml"), Ok(FaultScript::default()));
    }

    #[test]
    fn what_is_wrong_is_named_with_file_rule_and_key() {
        let cases = [
            ("on = \"api\"", "kind: is missing: expected the name of a fault"),
            ("kind = \"cut\"", "on: is missing: expected \"api\" or \"callback\""),
            ("on = \"both\"\nkind = \"cut\"", "on: expected \"api\" or \"callback\", found \"both\""),
            ("on = 1\nkind = \"cut\"", "on: expected \"api\" or \"callback\", found 1"),
            ("on = \"api\"\nkind = \"reorder\"", "kind: \"reorder\" is none of errcode, redirect_loop, status,"),
            ("on = \"callback\"\nkind = \"html\"", "kind: \"html\" is none of delay, drop, lose_reply,"),
            ("on = \"api\"\nkind = \"errcode\"", "errcode: errcode needs errcode, a whole number from -1 to 9999999"),
            (
                "on = \"api\"\nkind = \"delay\"\nmilliseconds = 1.5",
                "milliseconds: delay needs milliseconds, a whole number",
            ),
            (
                "on = \"api\"\nkind = \"delay\"\nmilliseconds = 60000",
                "milliseconds: delay needs milliseconds, a whole number",
            ),
            ("on = \"api\"\nkind = \"cut\"\nmilliseconds = 1", "milliseconds: unknown key for kind \"cut\""),
            ("on = \"api\"\nkind = \"cut\"\ncallback = \"receivables\"", "callback: does not go with this `on`"),
            ("on = \"api\"\nkind = \"cut\"\npath = \"getorder\"", "path: expected an API's path"),
            ("on = \"callback\"\nkind = \"cut\"\ncallback = \"refund\"", "callback: expected \"notification\" or"),
            (
                "on = \"api\"\nkind = \"cut\"\nprobability = 1.1",
                "probability: expected a number from 0 to 1, found 1.1",
            ),
            ("on = \"api\"\nkind = \"cut\"\nevery = 0", "every: expected a whole number from 1 up, found 0"),
            ("on = \"api\"\nkind = \"cut\"\nnth = []", "nth: expected a list of whole numbers from 1 up"),
            ("on = \"api\"\nkind = \"cut\"\nnth = 1", "nth: expected a list of whole numbers from 1 up"),
            ("on = \"api\"\nkind = \"cut\"\nnth = [1]\nevery = 2", "nth: expected at most one of"),
        ];
        for (rule, expected) in cases {
            let script = format!("[[fault]]\non = \"api\"\nkind = \"cut\"\n[[fault]]\n{rule}\n");
            let problem = FaultScript::parse(&script, "f.toml").unwrap_err().to_string();
            assert!(problem.starts_with(&format!("f.toml: fault 2: {expected}")), "{rule}\n{problem}");
        }
    }

    #[test]
    fn what_is_no_list_of_rules_is_named_with_its_file() {
        let problem = |text| FaultScript::parse(text, "f.toml").unwrap_err().to_string();
        assert!(problem("[[fault]\n").starts_with("f.toml: this is not TOML: TOML parse error at line 1"));
        assert_eq!(problem("seed = 1"), "f.toml: seed: expected nothing but [[fault]] tables");
        assert_eq!(problem("[fault]\non = \"api\""), "f.toml: fault: expected nothing but [[fault]] tables");
        assert_eq!(problem("fault = [1]"), "f.toml: fault 1: fault: expected a table, found integer");
    }
}
