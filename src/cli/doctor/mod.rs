//! `nontax doctor`: looks at everything that a gateway needs, changes nothing, and says what is wrong and what to do.
//!
//! Every check runs beside the others and is bounded in time: one that hangs does not hide what the others found.

mod clock;
mod config;
mod database;
mod disk;
mod dns;
mod finding;
mod gateway;
mod keys;
mod listeners;
mod outgoing;
mod patient;
mod permissions;
mod platform;
mod probe;
mod token;

use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::assembly::parties;
use super::{Exit, Failure, Format, Shared};
use crate::app::Party;
use crate::config::{Environment, Problems};
use finding::{Finding, Level};
use patient::Patient;

/// How long a check may take.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// How long one call of a check may take: less, so that it is the check that says what was slow.
const CALL_TIMEOUT: Duration = Duration::from_millis(4500);

/// Look at everything that a gateway needs, and tell what is wrong with its cure. Nothing is changed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Look at this party alone.
    #[arg(long, value_name = "NAME")]
    party: Option<String>,
    /// Leave out what needs the network, but for the database and this host's own gateway.
    #[arg(long)]
    offline: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// A check under way.
type Check = Pin<Box<dyn Future<Output = Vec<Finding>> + Send>>;

/// Runs all checks and prints what they found, in a runtime that does not wait for a name server that hangs.
///
/// # Errors
/// [`Failure`]: 1 when a check failed, 3 when the configuration cannot be used.
pub fn run(args: &Args, shared: &Shared, out: &mut dyn Write) -> Result<(), Failure> {
    let patient = match patient(args, shared) {
        Ok(patient) => Arc::new(patient),
        Err(Unfit::Config(problems)) => {
            let findings: Vec<_> = problems.iter().map(config::of_problem).collect();
            tell(&findings, args.format, out)?;
            return Err(Failure::new(Exit::Config, "the configuration cannot be used, so nothing else was looked at"));
        }
        Err(Unfit::Other(failure)) => return Err(failure),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::from_error(Exit::Failure, &error))?;
    let findings = runtime.block_on(examine(checks(&patient, args.offline), CHECK_TIMEOUT));
    runtime.shutdown_background();
    tell(&findings, args.format, out)?;
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    match (count(Level::Failure), count(Level::Warning)) {
        (0, _) => Ok(()),
        (failures, warnings) => {
            let plural = |count: usize| if count == 1 { "" } else { "s" };
            let message = format!("{failures} failure{}, {warnings} warning{}", plural(failures), plural(warnings));
            Err(Failure::new(Exit::Failure, message))
        }
    }
}

/// Why nobody can be examined.
enum Unfit {
    Config(Problems),
    Other(Failure),
}

fn patient(args: &Args, shared: &Shared) -> Result<Patient, Unfit> {
    let environment = Environment::of_this_process();
    let loaded = crate::config::load(&shared.config, &environment).map_err(Unfit::Config)?;
    loaded.config.require_parties().map_err(Unfit::Config)?;
    let mut parties: Vec<Party> = parties(&loaded.config, None).map_err(Unfit::Other)?;
    if let Some(name) = &args.party {
        let names = parties.iter().map(|party| party.name.as_str()).collect::<Vec<_>>().join(", ");
        parties.retain(|party| party.name.as_str() == name);
        if parties.is_empty() {
            let message = format!("there is no party \"{}\"; there are: {names}", name.escape_debug());
            return Err(Unfit::Other(Failure::new(Exit::Usage, message)));
        }
    }
    Ok(Patient { config: loaded.config, warnings: loaded.warnings, sources: loaded.sources, parties })
}

/// All checks by name, in the order in which they are told: from this host outwards.
fn checks(patient: &Arc<Patient>, offline: bool) -> Vec<(String, Check)> {
    macro_rules! check {
        ($module:ident) => {
            (stringify!($module).to_owned(), Box::pin($module::check(Arc::clone(patient))) as Check)
        };
    }
    let (configured, listening) = (Arc::clone(patient), Arc::clone(patient));
    let mut checks: Vec<(String, Check)> = vec![
        ("config".to_owned(), Box::pin(async move { config::check(&configured) })),
        check!(permissions),
        ("listeners".to_owned(), Box::pin(async move { listeners::check(&listening) })),
    ];
    for party in &patient.parties {
        let (name, ring) = (party.name.to_string(), Arc::clone(&party.key_ring));
        checks.push((format!("keys {name}"), Box::pin(async move { keys::check(&name, &ring) })));
    }
    checks.extend([check!(database), check!(disk), check!(gateway)]);
    if offline {
        return checks;
    }
    checks.extend([check!(dns), check!(outgoing), check!(platform), check!(clock)]);
    for party in &patient.parties {
        let name = party.name.to_string();
        let check: Check = match &party.platform {
            Some(platform) => Box::pin(token::check(name.clone(), Arc::clone(platform.tokens()))),
            None => Box::pin(std::future::ready(vec![token::without_app_secret(&name)])),
        };
        checks.push((token::what(&name), check));
    }
    checks
}

/// Runs the checks beside each other, each for `limit` at most.
async fn examine(checks: Vec<(String, Check)>, limit: Duration) -> Vec<Finding> {
    let deadline = Instant::now() + limit;
    let started: Vec<(String, JoinHandle<_>)> =
        checks.into_iter().map(|(what, check)| (what, tokio::spawn(check))).collect();
    let mut findings = Vec::new();
    for (what, check) in started {
        match tokio::time::timeout_at(deadline, check).await {
            Ok(Ok(found)) => findings.extend(found),
            Err(_) => {
                let detail = format!("no answer within {} s", limit.as_secs());
                findings.push(Finding::failure(&what, detail, "what it asks hangs, or drops packets: look there"));
            }
            Ok(Err(_)) => findings.push(Finding::failure(&what, "the check itself broke", "this is a bug: report it")),
        }
    }
    findings
}

fn tell(findings: &[Finding], format: Format, out: &mut dyn Write) -> Result<(), Failure> {
    let text = match format {
        Format::Text => findings.iter().map(|finding| finding.to_string() + "\n").collect(),
        Format::Json => {
            let json = serde_json::to_string_pretty(findings);
            json.map_err(|error| Failure::from_error(Exit::Failure, &error))? + "\n"
        }
    };
    out.write_all(text.as_bytes()).map_err(|error| Failure::from_error(Exit::Failure, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_check_that_hangs_or_breaks_does_not_stop_the_others() {
        let hangs: Check = Box::pin(std::future::pending());
        let breaks: Check = Box::pin(async { panic!("broken on purpose") });
        let sound: Check = Box::pin(std::future::ready(vec![Finding::ok("sound", "as it should be")]));
        let checks = vec![("hangs".to_owned(), hangs), ("breaks".to_owned(), breaks), ("sound".to_owned(), sound)];
        let findings = examine(checks, Duration::from_secs(1)).await;
        let told: Vec<_> = findings.iter().map(|finding| (finding.what.as_str(), finding.level)).collect();
        assert_eq!(told, [("hangs", Level::Failure), ("breaks", Level::Failure), ("sound", Level::Ok)]);
        assert!(findings[0].detail.contains("within 1 s"));
    }
}
