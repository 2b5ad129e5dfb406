//! Broken configurations: each with the key, the place, the cause and the cure that are told.

use std::fs;

use super::super::{Environment, Problem, Problems, Severity, load};
use super::{PARTY, house, load_text, write};

/// Text, then key, line, column, and parts of cause and cure of its one error.
type Broken = (&'static str, &'static str, usize, usize, &'static str, &'static str);

const BROKEN: &[Broken] = &[
    ("[server]\nlisten = 8080", "server.listen", 2, 10, "expected a string, found an integer", "listen = \"…\""),
    ("[server]\nlisten = \"8080\"", "server.listen", 2, 10, "is not an IP address with a port", "127.0.0.1:8080"),
    ("[server]\nlistn = \"x\"", "server.listn", 2, 1, "unknown key \"listn\"", "did you mean \"listen\"?"),
    ("[sever]\n", "sever", 1, 2, "unknown key", "did you mean \"server\"?"),
    ("max_body_bytes = 3", "max_body_bytes", 1, 1, "unknown key", "it belongs to [server]"),
    ("server = 3", "server", 1, 10, "expected a table, found an integer", "[server]"),
    ("[server]\nzzz = 1", "server.zzz", 2, 1, "unknown key", "the keys here are listen, admin_listen"),
    (
        "[server]\nadmin_listen = \"127.0.0.1:8080\"",
        "server.admin_listen",
        2,
        16,
        "is the address of server.listen",
        "8081",
    ),
    (
        "[server]\nlisten = \"0.0.0.0:80\"",
        "server.allow_from",
        2,
        10,
        "anybody could call",
        "allow_from_anywhere = true",
    ),
    (
        "[server]\nallow_from = [\"10.0.0.0/8\", \"10.1\"]",
        "server.allow_from",
        2,
        29,
        "\"10.1\" is not an IP address",
        "/24",
    ),
    ("[server]\nallow_from = \"10.0.0.1\"", "server.allow_from", 2, 14, "expected a list of strings", "[\"…\", \"…\"]"),
    (
        "[server]\nallow_from_anywhere = \"yes\"",
        "server.allow_from_anywhere",
        2,
        23,
        "expected true or false",
        "without quotes",
    ),
    (
        "[server]\ntrusted_proxies = [\"0.0.0.0/0\"]",
        "server.trusted_proxies",
        2,
        19,
        "forge its address",
        "proxies' own",
    ),
    (
        "[server]\nmax_body_bytes = 10",
        "server.max_body_bytes",
        2,
        18,
        "10 is out of range: 1024 to 1048576 bytes",
        "= 65536",
    ),
    ("[server]\nmax_in_flight = 0", "server.max_in_flight", 2, 17, "0 is out of range: 1 to 65536 callbacks", "= 1024"),
    (
        "[server]\npublic_url = \"http://pay.example.gov.cn\"",
        "server.public_url",
        2,
        14,
        "http is taken for a loopback",
        "https://pay.example.gov.cn",
    ),
    ("[server]\nreply_deadline_ms = -1", "server.reply_deadline_ms", 2, 21, "-1 is out of range", "from 100 to 30000"),
    ("[server]\nidle_timeout_ms = 1.5", "server.idle_timeout_ms", 2, 19, "found a fraction", "from 1000 to 600000"),
    (
        "[server]\nreply_deadline_ms = 1000",
        "platform.timeout_ms",
        2,
        21,
        "1200 ms is not less than",
        "lower it, or raise",
    ),
    ("[platform]\ntimeout_ms = 3500", "platform.timeout_ms", 2, 14, "3500 ms is not less than", "lower it, or raise"),
    (
        "[platform]\nbase_url = \"http://api.weixin.qq.com\"",
        "platform.base_url",
        2,
        12,
        "http is taken for a loopback",
        "https://",
    ),
    (
        "[platform]\nbase_url = \"api.weixin.qq.com\"",
        "platform.base_url",
        2,
        12,
        "does not begin with https://",
        "https://",
    ),
    (
        "[platform]\ntoken_mode = \"stabel\"",
        "platform.token_mode",
        2,
        14,
        "not one of \"stable\"",
        "did you mean \"stable\"?",
    ),
    (
        "[database]\nurl = \"mysql://h/d\"",
        "database.url",
        2,
        7,
        "\"mysql:\" are not supported",
        "postgres://user@host/database",
    ),
    ("[database]\nurl = \"nontax.db\"", "database.url", 2, 7, "not the URL of a database", "sqlite:nontax.db"),
    ("[database]\nurl = \"sqlite:\"", "database.url", 2, 7, "names no file", "sqlite:/var/lib"),
    (
        "[database]\nurl = \"postgres://h/d?password=hunter2\"",
        "database.url",
        2,
        7,
        "is not taken",
        "database.password_file",
    ),
    ("[database]\nmax_connections = 0", "database.max_connections", 2, 19, "1 to 500 connections", "= 16"),
    (
        "[logging]\nformat = \"xml\"",
        "logging.format",
        2,
        10,
        "not one of \"text\", \"json\"",
        "write \"text\" or \"json\"",
    ),
    ("[jobs]\ndaily_from = \"6:00\"", "jobs.daily_from", 2, 14, "is not a time of the day", "such as 06:00"),
    ("[jobs]\ndaily_until = \"05:59\"", "jobs.daily_until", 2, 15, "is before jobs.daily_from", "later"),
    ("[server]\nrole = \"workers\"", "server.role", 2, 8, "not one of \"all\"", "did you mean \"worker\"?"),
    ("[retention]\nbody_days = 0", "retention.body_days", 2, 13, "1 to 3650 days", "= 30"),
    ("[logging]\nlevel = \"inof\"", "logging.level", 2, 9, "\"inof\" is not a level", "info"),
    ("[server\n", "syntax", 1, 8, "not valid TOML", "key = value"),
    ("[server]\nlisten = “127.0.0.1:1”", "syntax", 2, 10, "not valid TOML", "straight double quotes"),
    ("[logging]\nlevel = \"info\"\nlevel = \"warn\"", "syntax", 3, 1, "duplicate key", "one key once"),
    ("[party]\nname = \"a\"", "party", 1, 1, "expected an array of tables, found a table", "[[party]]"),
];

fn errors(problems: &Problems) -> Vec<&Problem> {
    problems.iter().filter(|problem| problem.severity == Severity::Error).collect()
}

fn assert_tells(problems: &Problems, &(text, key, line, column, cause, cure): &Broken) {
    let errors = errors(problems);
    assert_eq!(errors.len(), 1, "{text}\n{problems}");
    let place = errors[0].place.as_ref().unwrap();
    assert_eq!((errors[0].key.as_str(), place.line(), place.column()), (key, line, column), "{text}\n{problems}");
    assert!(errors[0].cause.contains(cause), "{text}\n{problems}");
    assert!(errors[0].cure.contains(cure), "{text}\n{problems}");
    let drawn = problems.render(false);
    assert!(drawn.contains(&format!("nontax.toml:{line}:")), "{drawn}");
    assert!(!drawn.contains("hunter2"), "{drawn}");
}

#[test]
fn what_is_wrong_is_told_with_key_place_cause_and_cure() {
    for broken in BROKEN {
        assert_tells(&load_text(broken.0, &[]).unwrap_err(), broken);
    }
}

/// What stands in [`PARTY`], what stands there instead, then as in [`Broken`].
const BROKEN_PARTIES: &[(&str, &str, Broken)] = &[
    ("name = \"gz-finance\"\n", "", ("", "party[1].name", 1, 1, "the key is missing", "add name = \"gz-finance\"")),
    ("\"gz-finance\"", "\"广州\"", ("", "party[1].name", 2, 8, "cannot stand in a URL", "short name")),
    ("\"gz-finance\"", "\"..\"", ("", "party[1].name", 2, 8, "cannot stand in a URL", "short name")),
    (
        "\"government_unit\"",
        "\"fiance\"",
        ("", "party[\"gz-finance\"].role", 3, 8, "\"fiance\" is not one of", "did you mean \"finance\"?"),
    ),
    (
        "mode = \"direct_finance\"\n",
        "",
        ("", "party[\"gz-finance\"].mode", 1, 1, "the key is missing", "\"direct_bank\""),
    ),
    (
        "\"government_unit\"\nmode = \"direct_finance\"",
        "\"finance\"\nmode = \"direct_bank\"",
        ("", "party[\"gz-finance\"].mode", 4, 8, "does not go with", "direct_business"),
    ),
    (
        "\"wx5f6e43071809a9dd\"",
        "\"wx 5\"",
        ("", "party[\"gz-finance\"].appid", 5, 9, "is not an AppID", "mp.weixin.qq.com"),
    ),
    (
        "appid",
        "locale = \"zh\"\nappid",
        ("", "party[\"gz-finance\"].locale", 5, 10, "not one of", "write \"zh-CN\" or \"en\""),
    ),
    (
        "appid",
        "app_secrt = \"hunter2\"\nappid",
        ("", "party[\"gz-finance\"].app_secrt", 5, 1, "unknown key", "did you mean \"app_secret\"?"),
    ),
    ("appid", "app_secret = 7\nappid", ("", "party[\"gz-finance\"].app_secret", 5, 14, "expected a string", "\"…\"")),
    (
        "appid",
        "app_secret = \"\"\nappid",
        ("", "party[\"gz-finance\"].app_secret", 5, 14, "it is empty", "put the secret"),
    ),
    (
        "appid",
        "app_secret_env = \"hunter2\"\nappid",
        ("", "party[\"gz-finance\"].app_secret_env", 5, 18, "not the name of an", "variable's name"),
    ),
    (
        "appid",
        "app_secret_env = \"UNSET_X\"\nappid",
        ("", "party[\"gz-finance\"].app_secret_env", 5, 18, "UNSET_X is not set", "set UNSET_X"),
    ),
    (
        "appid",
        "app_secret = \"hunter2\"\napp_secret_env = \"X\"\nappid",
        ("", "party[\"gz-finance\"].app_secret_env", 6, 18, "only one of", "remove"),
    ),
    (
        "symmetric_key = [{ file = \"aes.key\" }]\n",
        "",
        ("", "party[\"gz-finance\"].symmetric_key", 1, 1, "no key of this kind", "[[party.symmetric_key]]"),
    ),
    (
        "\"aes.key\"",
        "\"no.key\"",
        (
            "",
            "party[\"gz-finance\"].symmetric_key[1].file",
            6,
            27,
            "no.key: there is no such file",
            "this file's directory",
        ),
    ),
    (
        "file = \"aes.key\"",
        "value = \"hunter2\"",
        ("", "party[\"gz-finance\"].symmetric_key[1].value", 6, 28, "7 bytes as raw", "32 characters"),
    ),
    (
        "file = \"aes.key\"",
        "encoding = \"raw\"",
        ("", "party[\"gz-finance\"].symmetric_key[1].file", 6, 18, "one of file, value, env", "add file"),
    ),
    (
        "{ file = \"aes.key\" }",
        "\"hunter2\"",
        ("", "party[\"gz-finance\"].symmetric_key[1]", 6, 18, "expected a table", "["),
    ),
    (
        "\"weixin.pem\"",
        "\"aes.key\"",
        ("", "party[\"gz-finance\"].platform_key[1].file", 7, 26, "aes.key: no PEM block", "BEGIN and END"),
    ),
];

#[test]
fn what_is_wrong_with_a_party_is_told_with_its_name() {
    for (whole, instead, (_, key, line, column, cause, cure)) in BROKEN_PARTIES {
        assert!(PARTY.contains(whole));
        let text = PARTY.replacen(whole, instead, 1);
        let problems = load_text(&text, &[]).err().unwrap_or_else(|| panic!("{text}"));
        let errors = errors(&problems);
        assert_eq!(errors[0].key, *key, "{text}\n{problems}");
        let place = errors[0].place.as_ref().unwrap();
        assert_eq!((place.line(), place.column()), (*line, *column), "{text}\n{problems}");
        assert!(errors[0].cause.contains(cause) && errors[0].cure.contains(cure), "{text}\n{problems}");
        let told = format!("{problems}{problems:?}{}", problems.render(false));
        assert!(!told.contains("hunter2") && !told.contains("0123456789"), "{told}");
    }
}

#[test]
fn all_errors_of_all_sections_are_told_at_once() {
    let text = format!(
        "[server]\nlisten = 1\nmax_body_bytes = \"x\"\n[database]\nurl = \"mysql:x\"\n[logging]\nlevl = \"x\"\n{PARTY}"
    );
    let text = text.replace("\"government_unit\"", "\"x\"").replace("weixin.pem", "no.pem");
    let problems = load_text(&text, &[]).unwrap_err();
    let keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
    let expected = [
        "server.listen",
        "server.max_body_bytes",
        "database.url",
        "party[\"gz-finance\"].role",
        "party[\"gz-finance\"].platform_key[1].file",
        "logging.levl",
    ];
    assert_eq!(keys, expected, "{problems}");
}

#[test]
fn a_key_in_another_encoding_is_recognised() {
    let hex = "3031323334353637383961626364656630313233343536373839616263646566";
    let text = PARTY.replace("file = \"aes.key\"", &format!("value = \"{hex}\""));
    let problems = load_text(&text, &[]).unwrap_err();
    assert!(problems.to_string().contains("as hex it fits: write encoding = \"hex\""), "{problems}");
}

#[test]
fn parties_that_collide_are_told() {
    let problems = load_text(&format!("{PARTY}{PARTY}"), &[]).unwrap_err();
    let text = problems.to_string();
    assert!(text.contains("nontax.toml:9:8: party[\"gz-finance\"].name: another [[party]] is called"), "{text}");
    assert!(text.contains("warning: ") && text.contains("has the same AppID"), "{text}");
}

#[test]
fn a_bank_without_an_app_secret_is_warned() {
    let warnings = load_text(&PARTY.replace("government_unit", "bank"), &[]).unwrap().warnings;
    assert!(warnings.to_string().contains("orders cannot be looked up at the platform"), "{warnings}");
}

#[test]
fn a_file_in_gbk_is_told_by_line() {
    let house = house();
    let path = house.path().join("nontax.toml");
    fs::write(&path, b"[server]\n# \xbc\xe0\xcc\xfd\n").unwrap();
    let problems = load(&[path], &Environment::default()).unwrap_err();
    let problem = problems.iter().next().unwrap();
    assert_eq!(problem.place.as_ref().unwrap().line(), 2);
    assert!(problem.cure.contains("GBK"), "{problem}");
}

#[test]
fn the_line_is_drawn_with_a_mark_under_it() {
    let house = house();
    let path = write(house.path(), "nontax.toml", "[server]\nlistn = \"127.0.0.1:8080\"\n# app_secret = \"hunter2\"\n");
    let drawn = load(&[path], &Environment::default()).unwrap_err().render(false);
    assert!(drawn.contains("2 │ listn = \"127.0.0.1:8080\""), "{drawn}");
    assert!(drawn.contains("· ─────"), "{drawn}");
    assert!(drawn.contains("# app_secret = \"*******\""), "neighbours are shown, their secrets are not: {drawn}");
    assert!(drawn.contains("help: did you mean \"listen\"?"), "{drawn}");
}
