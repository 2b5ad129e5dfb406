//! `nontax simulate`: the Weixin side, for trying a gateway out by hand.

use std::fmt;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use tokio::net::TcpListener;
use zeroize::Zeroizing;

use super::simulated_platform::SimulatedPlatform;
use super::simulated_trouble::SimulatedTrouble;
use super::stop::asked_to_stop;
use super::{Exit, Failure, simulate_cases};
use crate::envelope::{KeyEncoding, SignatureOver, SigningKey, SymmetricKey};
use crate::simulator::{Settings, SimulatedParty, SimulatedRole, Simulator};

/// Bits of a key that is made here.
const SIGNING_KEY_BITS: usize = 2048;

/// Play the Weixin side: answer the platform's APIs, and send signed queries and notifications to one party.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9090")]
    listen: SocketAddr,
    /// The party's name, shown in notify_history.
    #[arg(long, default_value = "party")]
    name: String,
    /// AppID of the party's Official Account.
    #[arg(long, required_unless_present = "cases")]
    appid: Option<String>,
    /// AppSecret that the simulator takes for it. A made-up one: the command line is visible to others on this machine.
    #[arg(long, env = "NONTAX_SIMULATE_APP_SECRET", hide_env_values = true, default_value = "simulated-app-secret")]
    app_secret: AppSecret,
    /// File with the party's symmetric key, the same as in the gateway's configuration.
    #[arg(long, value_name = "FILE", required_unless_present = "cases")]
    symmetric_key_file: Option<PathBuf>,
    /// How the symmetric key is written in its file.
    #[arg(long, value_enum, default_value_t)]
    symmetric_key_encoding: Encoding,
    /// File with the platform's private key (PEM); without it one is made for this run.
    #[arg(long, value_name = "FILE")]
    signing_key_file: Option<PathBuf>,
    /// Where to write the platform's public key (PEM), for the gateway's configuration.
    #[arg(long, value_name = "FILE")]
    public_key_out: Option<PathBuf>,
    /// The party's URL for receivables queries.
    #[arg(long, value_name = "URL")]
    receivables_url: Option<String>,
    /// The party's URL for payment status notifications.
    #[arg(long, value_name = "URL")]
    notification_url: Option<String>,
    /// What the signature covers.
    #[arg(long, value_enum, default_value_t)]
    signature_over: Signed,
    /// What the party is to an order: only a recorder's refusals make the platform refund.
    #[arg(long, value_enum, default_value_t)]
    role: Role,
    /// Tell the party the amount and number of refunds even where the sources do not list them.
    #[arg(long)]
    tells_partial_refunds: bool,
    /// Say in notifications which notice is paid, which the sources do not list.
    #[arg(long)]
    sends_details: bool,
    #[command(flatten)]
    platform: SimulatedPlatform,
    #[command(flatten)]
    trouble: SimulatedTrouble,
    /// Print the numbers, amounts and headers that make the simulator play a case, and end.
    #[arg(long)]
    cases: bool,
}

/// Keeps the AppSecret out of whatever shows the arguments.
#[derive(Clone)]
struct AppSecret(Zeroizing<String>);

impl From<String> for AppSecret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppSecret(redacted)")
    }
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Encoding {
    #[default]
    Raw,
    Hex,
    Base64,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Signed {
    #[default]
    Plaintext,
    Data,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Role {
    /// Finance, or the bank that stands in for it.
    #[default]
    Recorder,
    /// The bank beside a finance that records.
    InformedBank,
    /// The unit that places orders.
    GovernmentUnit,
}

/// Runs until it is interrupted.
///
/// # Errors
/// [`Failure`] for a key or a fault script that cannot be used, a URL that cannot be called, or an address that cannot be
/// listened on.
pub async fn run(args: Args) -> Result<(), Failure> {
    if args.cases {
        return simulate_cases::print(&mut std::io::stdout());
    }
    let settings = Settings::new(signing_key(args.signing_key_file.as_deref())?, vec![party(&args)?]);
    let settings = args.trouble.applied_to(args.platform.applied_to(settings))?;
    let simulator = Simulator::new(settings).map_err(|e| Failure::from_error(Exit::Usage, &e))?;
    let public_pem = simulator.signing_key().public_pem().map_err(|e| Failure::from_error(Exit::Failure, &e))?;
    if let Some(path) = &args.public_key_out {
        std::fs::write(path, &public_pem)
            .map_err(|e| Failure::new(Exit::Failure, format!("cannot write {}: {e}", path.display())))?;
    }
    let listener = TcpListener::bind(args.listen).await.map_err(|e| {
        Failure::new(Exit::Network, format!("cannot listen on {}: {e}", args.listen))
            .with_help("choose another address with --listen")
    })?;
    let address =
        listener.local_addr().map_err(|e| Failure::new(Exit::Network, format!("the listener has no address: {e}")))?;
    // Nobody reading is no reason to stop.
    let _ = std::io::stdout().write_all(introduction(&args, address, &public_pem).as_bytes());
    let served = Arc::clone(&simulator).serve(listener, asked_to_stop()).await;
    served.map_err(|e| Failure::from_error(Exit::Network, &e))
}

fn signing_key(path: Option<&Path>) -> Result<SigningKey, Failure> {
    match path {
        None => SigningKey::generate(&mut rsa::rand_core::OsRng, SIGNING_KEY_BITS)
            .map_err(|e| Failure::from_error(Exit::Failure, &e)),
        Some(path) => {
            let pem = read(path)?;
            let pem = std::str::from_utf8(&pem).map_err(|_| unusable(path, &"it is not text"))?;
            SigningKey::read(pem).map_err(|e| unusable(path, &e))
        }
    }
}

fn party(args: &Args) -> Result<SimulatedParty, Failure> {
    // The command line is refused without them, unless it asks for the cases only.
    let (Some(appid), Some(path)) = (&args.appid, &args.symmetric_key_file) else {
        return Err(Failure::new(Exit::Usage, "--appid and --symmetric-key-file are missing"));
    };
    let encoding = match args.symmetric_key_encoding {
        Encoding::Raw => KeyEncoding::Raw,
        Encoding::Hex => KeyEncoding::Hex,
        Encoding::Base64 => KeyEncoding::Base64,
    };
    let key = SymmetricKey::read(&args.name, &read(path)?, encoding).map_err(|e| {
        unusable(path, &e).with_help("write the key as the gateway has it, and say how with --symmetric-key-encoding")
    })?;
    Ok(SimulatedParty {
        signature_over: match args.signature_over {
            Signed::Plaintext => SignatureOver::Plaintext,
            Signed::Data => SignatureOver::Data,
        },
        role: match args.role {
            Role::Recorder => SimulatedRole::Recorder,
            Role::InformedBank => SimulatedRole::InformedBank,
            Role::GovernmentUnit => SimulatedRole::GovernmentUnit,
        },
        receivables_url: args.receivables_url.clone(),
        notification_url: args.notification_url.clone(),
        tells_partial_refunds: args.tells_partial_refunds,
        sends_details: args.sends_details,
        ..SimulatedParty::new(&args.name, appid, &args.app_secret.0, key)
    })
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let bytes =
        std::fs::read(path).map_err(|e| Failure::new(Exit::Config, format!("cannot read {}: {e}", path.display())))?;
    Ok(Zeroizing::new(bytes))
}

fn unusable(path: &Path, problem: &dyn fmt::Display) -> Failure {
    Failure::new(Exit::Config, format!("{}: {problem}", path.display()))
}

/// What to do with it.
fn introduction(args: &Args, address: SocketAddr, public_pem: &str) -> String {
    let base = format!("http://{address}");
    let or_none = |url: &Option<String>| url.clone().unwrap_or_else(|| "none, so it is not called".to_owned());
    let key = match &args.public_key_out {
        Some(path) => format!("Platform's public key: written to {}\n", path.display()),
        None => format!("Platform's public key, for the gateway's [[party.platform_key]]:\n{public_pem}"),
    };
    format!(
        "The Weixin side listens on {base} (the gateway's [platform] base_url).
Receivables URL: {receivables}
Notification URL: {notification}
{key}
Ask for a notice and place an order for it; the reply has its order_id:
  curl -s {base}/simulator/place -d '{{\"region_code\":\"440000\",\"department_code\":\"118610002\",\"payment_notice_no\":\"08111639088\"}}'
Pay it; every call to the party is in the reply:
  curl -s {base}/simulator/pay -d '{{\"order_id\":\"ORDER_ID\"}}'
Notify it again, or with a wrong signature (also: tampered, wrong_key, cut, wrong_appid, not_an_envelope):
  curl -s {base}/simulator/notify -d '{{\"order_id\":\"ORDER_ID\"}}'
  curl -s {base}/simulator/notify -d '{{\"order_id\":\"ORDER_ID\",\"variant\":\"wrong_signature\"}}'
Refund it, whole or (with refund_fee and refund_out_id) in part:
  curl -s {base}/simulator/refund -d '{{\"order_id\":\"ORDER_ID\",\"reason\":\"paid twice\"}}'
See the orders, and all calls made to the party:
  curl -s {base}/simulator/orders
  curl -s {base}/simulator/exchanges
nontax simulate --cases tells which numbers, amounts and headers play a case.
Ctrl-C ends it, and forgets everything.
",
        receivables = or_none(&args.receivables_url),
        notification = or_none(&args.notification_url),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches as _};

    fn args(more: &[&str]) -> Args {
        let command = Args::augment_args(clap::Command::new("simulate").no_binary_name(true));
        let least = ["--appid", "wx1", "--symmetric-key-file", "/nonexistent/aes.key"];
        let matches = command.try_get_matches_from(least.iter().chain(more)).unwrap();
        Args::from_arg_matches(&matches).unwrap()
    }

    #[test]
    fn the_cases_need_nothing_else_and_everything_else_needs_a_party() {
        let command = || Args::augment_args(clap::Command::new("simulate").no_binary_name(true));
        let matches = command().try_get_matches_from(["--cases"]).unwrap();
        assert!(Args::from_arg_matches(&matches).unwrap().cases);
        let problem = command().try_get_matches_from(["--seed", "1"]).unwrap_err().to_string();
        assert!(problem.contains("--appid") && problem.contains("--symmetric-key-file"), "{problem}");
    }

    #[test]
    fn the_documentation_names_every_option_and_every_control() {
        let page = include_str!("../../docs/simulator.md");
        let command = Args::augment_args(clap::Command::new("simulate"));
        for option in command.get_arguments().filter_map(clap::Arg::get_long) {
            let named = ["`", " ", ","].iter().any(|after| page.contains(&format!("`--{option}{after}")));
            assert!(named, "docs/simulator.md should name --{option}");
        }
        let routes = include_str!("../simulator/http/mod.rs").split('"').filter(|text| text.starts_with("/simulator/"));
        for route in routes {
            assert!(page.contains(&format!(" {route}` |")), "docs/simulator.md should name {route}");
        }
    }

    #[test]
    fn a_missing_or_short_key_is_named_with_its_file() {
        let missing = party(&args(&[])).unwrap_err();
        assert_eq!(missing.exit(), Exit::Config);
        assert!(format!("{missing:?}").contains("/nonexistent/aes.key"));
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("aes.key");
        std::fs::write(&path, "hunter2").unwrap();
        let short = party(&Args { symmetric_key_file: Some(path), ..args(&[]) }).unwrap_err();
        let shown = format!("{short:?}");
        assert!(shown.contains("aes.key") && shown.contains("7 bytes") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn the_introduction_gives_lines_to_paste_and_no_secret() {
        let args = args(&["--app-secret", "hush", "--receivables-url", "http://127.0.0.1:8080/r"]);
        let text = introduction(&args, "127.0.0.1:9090".parse().unwrap(), "PEM\n");
        assert!(text.contains("curl -s http://127.0.0.1:9090/simulator/pay") && text.contains("PEM"));
        assert!(!text.contains("hush") && !format!("{args:?}").contains("hush"));
    }
}
