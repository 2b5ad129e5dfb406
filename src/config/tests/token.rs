//! Where the access_token comes from: another central server with all that it needs, and what is told when something lacks.

use super::super::{Loaded, Problems, Severity, TokenConfig, load};
use super::{PARTY, environment, house, write};

const URL: &str = "https://central.example/admin/v1/token";

/// The bearer token, which nothing that is told may show.
const BEARER: &str = "branch.hunter2";

/// A configuration with these lines in `[platform]`, beside the file `bearer`.
fn platform(lines: &str) -> Result<Loaded, Problems> {
    let house = house();
    write(house.path(), "bearer", &format!("{BEARER}\n"));
    let path = write(house.path(), "nontax.toml", &format!("{PARTY}[platform]\n{lines}"));
    load(&[path], &environment(&[("NONTAX_BEARER", BEARER)]))
}

#[test]
fn an_external_server_is_taken_with_its_bearer_from_a_file_or_the_environment() {
    for bearer in ["token_bearer_file = \"bearer\"", "token_bearer_env = \"NONTAX_BEARER\""] {
        for url in [URL, "http://127.0.0.1:8081/admin/v1/token", "http://[::1]:8081/admin/v1/token"] {
            let lines = format!("token_mode = \"external\"\ntoken_url = \"{url}/\"\n{bearer}\n");
            let loaded = platform(&lines).unwrap();
            let TokenConfig::External { url: read, bearer } = &loaded.config.platform.token else { panic!("{lines}") };
            assert_eq!((read.as_str(), bearer.expose()), (url, BEARER));
            assert!(!format!("{:?}", loaded.config).contains("hunter2"));
        }
    }
}

/// The key of an error, and a part of its cause and of its cure.
type Told = (&'static str, &'static str, &'static str);

/// Lines of `[platform]`, and what is told of them.
const BROKEN: &[(&str, &[Told])] = &[
    (
        "token_mode = \"external\"\ntoken_bearer_file = \"bearer\"\n",
        &[("platform.token_url", "needs the URL", "add token_url = \"https://")],
    ),
    (
        "token_mode = \"external\"\ntoken_url = \"https://central.example/token\"\n",
        &[("platform.token_bearer_file", "needs the bearer token", "nontax token-client add")],
    ),
    (
        "token_mode = \"external\"\n",
        &[
            ("platform.token_url", "needs the URL", "add token_url"),
            ("platform.token_bearer_file", "needs the bearer token", "add token_bearer_file"),
        ],
    ),
    (
        "token_mode = \"external\"\ntoken_url = \"http://central.example/token\"\ntoken_bearer_file = \"bearer\"\n",
        &[("platform.token_url", "http is taken for a loopback address only", "token_url = \"https://")],
    ),
    (
        "token_mode = \"external\"\ntoken_url = \"https://central.example/token?appid=1\"\ntoken_bearer_file = \"bearer\"\n",
        &[("platform.token_url", "only a scheme, a host, a port and a path", "token_url = \"https://")],
    ),
    (
        "token_mode = \"external\"\ntoken_url = \"https://central.example/token\"\ntoken_bearer_file = \"nowhere\"\n",
        &[("platform.token_bearer_file", "there is no such file", "")],
    ),
    (
        "token_mode = \"external\"\ntoken_url = \"https://central.example/token\"\ntoken_bearer_env = \"UNSET_X\"\n",
        &[("platform.token_bearer_env", "UNSET_X is not set", "set UNSET_X")],
    ),
    (
        "token_mode = \"external\"\ntoken_url = \"https://central.example/token\"\ntoken_bearer_file = \"bearer\"\n\
         token_bearer_env = \"NONTAX_BEARER\"\n",
        &[("platform.token_bearer_env", "only one of", "remove")],
    ),
    (
        "token_mode = \"external\"\ntoken_url = \"https://central.example/token\"\ntoken_bearer = \"hunter2\"\n",
        &[
            ("platform.token_bearer", "unknown key", "token_bearer_"),
            ("platform.token_bearer_file", "needs the bearer token", "add token_bearer_file"),
        ],
    ),
];

#[test]
fn what_an_external_server_lacks_is_told() {
    for (lines, expected) in BROKEN {
        let problems = platform(lines).err().unwrap_or_else(|| panic!("{lines}"));
        let errors: Vec<_> = problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
        let keys: Vec<_> = errors.iter().map(|error| error.key.as_str()).collect();
        assert_eq!(keys, expected.iter().map(|(key, ..)| *key).collect::<Vec<_>>(), "{lines}\n{problems}");
        for (error, (_, cause, cure)) in errors.iter().zip(*expected) {
            assert!(error.cause.contains(cause) && error.cure.contains(cure), "{lines}\n{problems}");
        }
        let told = format!("{problems}{problems:?}{}", problems.render(false));
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn keys_of_an_external_server_without_one_are_warned_of() {
    for mode in ["", "token_mode = \"stable\"\n", "token_mode = \"legacy\"\n"] {
        let lines = format!("{mode}token_url = \"{URL}\"\ntoken_bearer_file = \"bearer\"\n");
        let loaded = platform(&lines).unwrap();
        assert!(matches!(loaded.config.platform.token, TokenConfig::Platform(_)), "{lines}");
        let warned = loaded.warnings.iter().filter(|warning| warning.cause.contains("is ignored"));
        let keys: Vec<_> = warned.map(|warning| warning.key.as_str()).collect();
        assert_eq!(keys, ["platform.token_url", "platform.token_bearer_file"], "{lines}");
    }
}
