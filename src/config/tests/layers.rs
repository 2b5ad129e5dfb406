//! What wins over what, and where secrets come from.

use std::time::Duration;

use super::super::{Environment, Severity, load};
use super::{PARTY, environment, house, load_text, write};

#[test]
fn later_files_win_key_by_key_and_party_by_party() {
    let house = house();
    let other = PARTY.replace("gz-finance", "sz-finance").replace("wx5f6e43071809a9dd", "wx5f6e43071809a9de");
    let one = write(
        house.path(),
        "1.toml",
        &format!("[server]\nreply_deadline_ms = 3000\nmax_body_bytes = 2048\n{PARTY}locale = \"en\"\n{other}"),
    );
    let changed = PARTY.replace("direct_finance", "direct_business");
    let third = PARTY.replace("gz-finance", "fs-finance").replace("wx5f6e43071809a9dd", "wx5f6e43071809a9df");
    let two = write(
        house.path(),
        "sub/2.toml",
        &format!("[server]\nreply_deadline_ms = 2000\n{changed}{third}").replace("file = \"", "file = \"../"),
    );
    let loaded = load(&[one.clone(), two.clone()], &Environment::default()).unwrap();
    assert_eq!(loaded.sources, [one, two]);
    let config = loaded.config;
    assert_eq!(config.server.reply_deadline, Duration::from_secs(2));
    assert_eq!(config.server.max_body_bytes, 2048);
    let names: Vec<_> = config.parties.iter().map(|party| party.name.as_str()).collect();
    assert_eq!(names, ["gz-finance", "sz-finance", "fs-finance"]);
    assert_eq!(config.parties[0].mode.to_string(), "direct_business");
    assert_eq!(config.parties[0].locale, crate::wire::Locale::Chinese, "replaced as a whole");
}

#[test]
fn the_environment_wins_over_files() {
    let variables = [
        ("NONTAX__SERVER__LISTEN", "127.0.0.1:9000"),
        ("NONTAX__SERVER__REPLY_DEADLINE_MS", "2500"),
        ("NONTAX__SERVER__ALLOW_FROM", "203.0.113.7, 2001:db8::/32"),
        ("NONTAX__LOGGING__FORMAT", "json"),
        ("NONTAX_UNRELATED", "x"),
    ];
    let config = load_text("[server]\nlisten = \"127.0.0.1:7000\"\n", &variables).unwrap().config;
    assert_eq!(config.server.listen.port(), 9000);
    assert_eq!(config.server.reply_deadline, Duration::from_millis(2500));
    assert_eq!(config.server.allow_from.len(), 2);
    assert_eq!(config.logging.format, super::super::LogFormat::Json);
}

#[test]
fn errors_of_the_environment_name_the_variable() {
    for (variable, value, key, cause, cure) in [
        ("NONTAX__SERVER__LISTEN", "8080", "server.listen", "is not an IP address with a port", "127.0.0.1:8080"),
        (
            "NONTAX__SERVER__REPLY_DEADLINE_MS",
            "soon",
            "server.reply_deadline_ms",
            "expected an integer",
            "from 100 to 30000",
        ),
        ("NONTAX__SERVER__LISTN", "127.0.0.1:1", "server.listn", "unknown key", "did you mean \"listen\"?"),
        ("NONTAX__SERVR__LISTEN", "127.0.0.1:1", "servr", "unknown key", "did you mean \"server\"?"),
        ("NONTAX__PARTY__NAME", "x", "party", "cannot be set by environment variables", "[[party]]"),
        ("NONTAX__SERVER__LISTEN__X", "1", "server.listen", "found a table", "listen"),
        ("NONTAX__DATABASE__PASSWORD", "hunter2", "database.password", "unknown key", "password_file"),
    ] {
        let problems = load_text("", &[(variable, value)]).unwrap_err();
        let problem = problems.iter().next().unwrap();
        assert_eq!(problem.key, key);
        assert!(problem.cause.contains(cause) && problem.cure.contains(cure), "{problem}");
        assert_eq!(problem.place.as_ref().unwrap().source(), format!("environment variable {variable}"));
        assert!(!problems.render(false).contains("hunter2"));
    }
}

#[test]
fn nontax_config_names_the_file_when_the_command_line_does_not() {
    let house = house();
    let path = write(house.path(), "a.toml", "[database]\nmax_connections = 3\n");
    let environment = environment(&[("NONTAX_CONFIG", path.to_str().unwrap())]);
    assert_eq!(load(&[], &environment).unwrap().config.database.max_connections, 3);
    let other = write(house.path(), "b.toml", "[database]\nmax_connections = 4\n");
    assert_eq!(load(&[other], &environment).unwrap().config.database.max_connections, 4);
}

#[test]
fn a_file_that_is_not_there_is_told_with_what_named_it() {
    let problems = load(&["no/such.toml".into()], &Environment::default()).unwrap_err();
    assert!(problems.to_string().contains("--config: cannot read the configuration file no/such.toml"), "{problems}");
    let problems = load(&[], &environment(&[("NONTAX_CONFIG", "no/such.toml")])).unwrap_err();
    assert!(problems.to_string().contains("NONTAX_CONFIG: cannot read"), "{problems}");
}

#[test]
fn secrets_come_from_a_file_a_variable_or_the_text_itself() {
    let house = house();
    write(house.path(), "app_secret", "from the file\n");
    let with = |line: &str| write(house.path(), "a.toml", &PARTY.replace("appid", &format!("{line}\nappid")));
    let variables = environment(&[("APP_SECRET", "from the environment")]);
    for (line, secret) in [
        ("app_secret_file = \"app_secret\"", "from the file"),
        ("app_secret_env = \"APP_SECRET\"", "from the environment"),
        ("app_secret = \"from the text\"", "from the text"),
    ] {
        let loaded = load(&[with(line)], &variables).unwrap();
        assert_eq!(loaded.config.party("gz-finance").unwrap().app_secret.as_ref().unwrap().expose(), secret);
        assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
    }
}

#[test]
fn secrets_that_others_can_read_are_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let house = house();
    let path = write(house.path(), "a.toml", &PARTY.replace("appid", "app_secret = \"s\"\nappid"));
    for file in ["aes.key", "weixin.pem", "a.toml"] {
        std::fs::set_permissions(house.path().join(file), std::fs::Permissions::from_mode(0o640)).unwrap();
    }
    let warnings = load(&[path], &Environment::default()).unwrap().warnings;
    assert_eq!(warnings.count(Severity::Warning), 2, "{warnings}");
    let text = warnings.to_string();
    assert!(text.contains("aes.key can be read by others than its owner (mode 0640)"), "{text}");
    assert!(text.contains("a.toml holds a secret"), "{text}");
}

#[test]
fn a_password_in_the_url_is_taken_out_of_it() {
    let loaded = load_text("[database]\nurl = \"postgres://nontax:p%40ss@db/nontax\"\n", &[]).unwrap();
    assert_eq!(loaded.config.database.url, "postgres://nontax@db/nontax");
    assert_eq!(loaded.config.database.password.as_ref().unwrap().expose(), "p@ss");
    assert_eq!(loaded.warnings.count(Severity::Warning), 1);
    assert!(!format!("{loaded:?}{}", loaded.warnings.render(false)).contains("p%40ss"));
}

#[test]
fn no_party_loads_and_does_not_serve() {
    let config = load_text("", &[]).unwrap().config;
    assert!(config.require_parties().unwrap_err().to_string().contains("no party is configured"));
}
