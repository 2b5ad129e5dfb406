//! `nontax selftest`: has the platform call our callbacks with a right and a wrong signature, and reads in the journal of the
//! running gateway what became of both.

mod diagnosis;
mod report;

use std::collections::HashSet;
use std::io::Write;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::assembly::{open_store, parties, store_failure};
use super::{Exit, Failure, Format, Shared, config};
use crate::app::Party;
use crate::config::{Config, check_public_url};
use crate::domain::{PartyName, QueryDuty};
use crate::platform::{Https, PlatformClient, PlatformError};
use crate::store::{CallbackKind, JournaledCallback, Store};
use crate::wire::{ApiErrcode, MockRequest};
use diagnosis::Diagnosis;
use report::{Outcome, Tested};

/// How long the platform may take for one test: it waits for two replies of ours before it gives its own.
const TEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How often the journal is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How long a third row is waited for when both calls are in the journal and not both as they must be: on a live party another
/// callback may have been one of the two.
const SETTLE: Duration = Duration::from_secs(1);

/// How far the clock of the gateway that writes the journal may be from this one's. What is older than the test is known by its
/// number, not by its time.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_hours(1);

/// How many of the journal's newest rows are looked at: more than a busy day brings during a test.
const NEWEST_ROWS: u32 = 20_000;

/// Let Weixin test the callbacks of the running gateway, with a right and a wrong signature, and tell which half passed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Test this party alone. Without it every party that has an AppSecret is tested.
    #[arg(long, value_name = "NAME")]
    party: Option<String>,
    /// The base under which Weixin reaches the callbacks; without it server.public_url.
    #[arg(long, value_name = "BASE")]
    url: Option<String>,
    /// How long the two calls are waited for in the journal, after the platform has said that it made them.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    wait: u64,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Tests the callbacks of the chosen parties, one after the other.
///
/// # Errors
/// [`Failure`]: 1 when a test failed; 5 or 4 when the platform refused to test, or could not be reached.
pub async fn run(args: &Args, shared: &Shared, out: &mut (dyn Write + Send)) -> Result<(), Failure> {
    let config = config::load(shared)?.config;
    config::require_parties(&config)?;
    let base = base_url(args, &config)?;
    let store = open_store(&config).await?;
    let parties = chosen(args.party.as_deref(), parties(&config, Some(&store))?)?;
    let tested = test_all(&config, &parties, &*store, &base, Duration::from_secs(args.wait)).await;
    store.close().await;
    let tested = tested?;
    tell(&tested, args.format, out)?;
    verdict(&tested)
}

fn base_url(args: &Args, config: &Config) -> Result<String, Failure> {
    let help = "as in: nontax selftest --url https://pay.example.gov.cn; /callback/{party}/… is added";
    match (&args.url, &config.server.public_url) {
        (Some(url), _) => check_public_url(url)
            .map_err(|cause| Failure::new(Exit::Usage, format!("--url {url}: {cause}")).with_help(help)),
        (None, Some(url)) => Ok(url.clone()),
        (None, None) => Err(Failure::new(Exit::Usage, "nobody says under which URL Weixin reaches the callbacks")
            .with_help(format!("set server.public_url, or say it {help}"))),
    }
}

/// The parties to test, which need an AppSecret each.
fn chosen(name: Option<&str>, parties: Vec<Party>) -> Result<Vec<Party>, Failure> {
    let Some(name) = name else {
        if parties.iter().all(|party| party.platform.is_none()) {
            let message = "no party has an AppSecret, without which the platform's test calls cannot be made";
            return Err(Failure::new(Exit::Config, message).with_help("add app_secret_file to the party"));
        }
        return Ok(parties);
    };
    let names = parties.iter().map(|party| party.name.as_str()).collect::<Vec<_>>().join(", ");
    let Some(party) = parties.into_iter().find(|party| party.name.as_str() == name) else {
        let message = format!("there is no party \"{}\"; there are: {names}", name.escape_debug());
        return Err(Failure::new(Exit::Usage, message));
    };
    if party.platform.is_none() {
        let message =
            format!("party \"{name}\" has no AppSecret, without which the platform's test calls cannot be made");
        return Err(Failure::new(Exit::Config, message).with_help("add app_secret_file to the party"));
    }
    Ok(vec![party])
}

async fn test_all(
    config: &Config,
    parties: &[Party],
    store: &dyn Store,
    base: &str,
    wait: Duration,
) -> Result<Vec<Tested>, Failure> {
    store.check_ready().await.map_err(|error| store_failure(&error))?;
    let https = Https::new(&config.platform.base_url, TEST_TIMEOUT)
        .map_err(|error| Failure::from_error(Exit::Network, &error))?;
    let mut tested = Vec::new();
    for party in parties {
        for kind in [CallbackKind::Notification, CallbackKind::Receivables] {
            let url = format!("{base}/callback/{}/{}", party.name, kind.name());
            let outcome = match (&party.platform, kind, party.duties.queries) {
                (None, ..) => Outcome::Skipped("the party has no AppSecret"),
                (_, CallbackKind::Receivables, QueryDuty::DoesNotAnswer) => {
                    Outcome::Skipped("a party of this role and mode is not asked for receivables")
                }
                (Some(platform), ..) => {
                    let tokens = platform.tokens().clone();
                    let platform = PlatformClient::new(https.clone(), party.appid.clone(), tokens, TEST_TIMEOUT);
                    Test { store, party: &party.name, kind, wait }.run(&platform, &url).await?
                }
            };
            tested.push(Tested { party: party.name.clone(), kind, url, outcome });
        }
    }
    Ok(tested)
}

/// The test of one callback.
struct Test<'a> {
    store: &'a dyn Store,
    party: &'a PartyName,
    kind: CallbackKind,
    wait: Duration,
}

impl Test<'_> {
    async fn run(&self, platform: &PlatformClient, url: &str) -> Result<Outcome, Failure> {
        let since = Timestamp::now() - CLOCK_TOLERANCE;
        let earlier: HashSet<i64> = self.rows(since).await?.iter().map(|row| row.callback_id).collect();
        let request = MockRequest { appid: platform.appid().to_owned(), url: url.to_owned(), version: Some(1) };
        let replied = match self.kind {
            CallbackKind::Notification => platform.mock_notification(&request).await,
            CallbackKind::Receivables => platform.mock_query_fee(&request).await,
        };
        let objection = match replied {
            Ok(_) => None,
            Err(error) if is_verdict(&error) => Some(error),
            Err(error) => return Ok(Outcome::NotTested(error)),
        };
        let rows = self.await_rows(since, &earlier).await?;
        let diagnosis = Diagnosis::of(&rows, objection.is_none());
        Ok(Outcome::Judged { rows, objection, diagnosis })
    }

    /// The rows that came since the test began: as soon as both halves are seen, or what there is when the wait is over.
    async fn await_rows(&self, since: Timestamp, earlier: &HashSet<i64>) -> Result<Vec<JournaledCallback>, Failure> {
        let deadline = Instant::now() + self.wait;
        let mut both_since: Option<Instant> = None;
        loop {
            let mut rows = self.rows(since).await?;
            rows.retain(|row| !earlier.contains(&row.callback_id));
            if rows.len() >= 2 {
                both_since.get_or_insert_with(Instant::now);
            }
            let settled = both_since.is_some_and(|at| at.elapsed() >= SETTLE);
            if Diagnosis::of(&rows, true).is_complete() || settled || Instant::now() >= deadline {
                return Ok(rows);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn rows(&self, since: Timestamp) -> Result<Vec<JournaledCallback>, Failure> {
        let found = self.store.callbacks_since(self.party.clone(), since, NEWEST_ROWS).await;
        let mut rows = found.map_err(|error| store_failure(&error))?;
        rows.retain(|row| row.kind == self.kind);
        Ok(rows)
    }
}

/// Whether the platform says how its test went, and not that it made none.
fn is_verdict(error: &PlatformError) -> bool {
    matches!(
        error.errcode().and_then(ApiErrcode::from_code),
        Some(ApiErrcode::MockNotSent | ApiErrcode::MockReplyUnreadable | ApiErrcode::MockReplyWrong)
    )
}

fn tell(tested: &[Tested], format: Format, out: &mut (dyn Write + Send)) -> Result<(), Failure> {
    let text = match format {
        Format::Text => tested.iter().map(Tested::text).collect(),
        Format::Json => {
            let all: Vec<_> = tested.iter().map(Tested::json).collect();
            let json = serde_json::to_string_pretty(&all);
            json.map_err(|error| Failure::from_error(Exit::Failure, &error))? + "\n"
        }
    };
    out.write_all(text.as_bytes()).map_err(|error| Failure::from_error(Exit::Failure, &error))
}

/// A test that was made and failed weighs more than one that was not made.
fn verdict(tested: &[Tested]) -> Result<(), Failure> {
    let failed = tested.iter().filter(|tested| tested.failed()).count();
    if failed > 0 {
        return Err(Failure::new(Exit::Failure, format!("{failed} of {} callbacks failed the test", tested.len())));
    }
    let refusal = tested.iter().find_map(|tested| match &tested.outcome {
        Outcome::NotTested(error) => Some(error),
        Outcome::Judged { .. } | Outcome::Skipped(_) => None,
    });
    match refusal {
        None => Ok(()),
        Some(PlatformError::Refused { .. }) => {
            Err(Failure::new(Exit::Refused, "the platform refused to test a callback"))
        }
        Some(_) => Err(Failure::new(Exit::Network, "the platform could not be brought to test a callback")),
    }
}
