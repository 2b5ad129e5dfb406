//! The real program is killed with SIGKILL at every step of a payment at the counter, started again with the same key until it
//! ends, and its word is compared with the platform's ledger: charged once or not at all, and the store says which.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::counter_platform::{Act, CounterPlatform, Moment, Verdict, payment};

const CODE: &str = "134971951305811268";

/// How often a killed program is started again. One start is enough; more are left for a slow machine.
const STARTS: u32 = 12;

/// How many payments are run beside each other: most of their time is waiting for a lease to run out.
const AT_ONCE: usize = 6;

/// When the program dies.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// At the call of this number, at this moment; what the platform then does with the call.
    AtCall(usize, Moment, Verdict),
    /// At every call up to this number, when it arrives.
    AtEveryCall(usize),
    /// So long after it was started.
    After(Duration),
}

/// A directory with a configuration, its database in it.
struct House {
    directory: TempDir,
    config: PathBuf,
}

impl House {
    fn new(platform: &CounterPlatform) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("nontax.toml");
        let key = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/demo/test-weixin.pem");
        let text = format!(
            r#"
            [database]
            url = "sqlite:{database}"
            [platform]
            base_url = "{url}"
            micropay_timeout_ms = 300
            micropay_system_error_pause_ms = 50
            micropay_password_pause_ms = 50
            micropay_limit_ms = 60000
            [[party]]
            name = "counter"
            role = "government_unit"
            mode = "direct_business"
            appid = "wx5f6e43071809a9dd"
            app_secret = "secret"
            [[party.symmetric_key]]
            value = "0123456789abcdefghijklmnopqrstuv"
            [[party.platform_key]]
            file = "{key}"
            "#,
            database = directory.path().join("nontax.db").display(),
            url = platform.url,
            key = key.display(),
        );
        std::fs::write(&config, text).unwrap();
        Self { directory, config }
    }

    fn nontax(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nontax"));
        command.arg("--config").arg(&self.config).args(arguments).current_dir(self.directory.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Pays; the payer's code goes in through standard input. The program is in `running` while it runs, for whoever kills it.
    fn pay(&self, running: &Mutex<Option<Child>>, death: Option<Duration>) -> ExitStatus {
        let mut child = self.nontax(&["micropay", "pay", "--party", "counter", "--key", "k", "-"]).spawn().unwrap();
        child.stdin.take().unwrap().write_all(payment("N1", CODE).to_string().as_bytes()).unwrap();
        *running.lock().unwrap() = Some(child);
        if let Some(death) = death {
            std::thread::sleep(death);
            kill(running);
        }
        loop {
            if let Some(status) = running.lock().unwrap().as_mut().unwrap().try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What the store says in the end.
    fn show(&self) -> Value {
        let shown = self.nontax(&["micropay", "show", "--party", "counter", "k", "--format", "json"]).output().unwrap();
        serde_json::from_slice(&shown.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&shown.stderr)))
    }
}

/// SIGKILL: nothing of the program runs after it.
fn kill(running: &Mutex<Option<Child>>) {
    if let Some(child) = running.lock().unwrap().as_mut() {
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Runs one payment with one death, and compares.
async fn compared(script: &[Act], death: Death) {
    let platform = CounterPlatform::start(script).await;
    let running: Arc<Mutex<Option<Child>>> = Arc::default();
    let victim = Arc::clone(&running);
    platform.watch(move |call, moment| match death {
        Death::AtCall(at, when, verdict) if call == at && moment == when => {
            kill(&victim);
            verdict
        }
        Death::AtEveryCall(until) if call <= until && moment == Moment::Arrived => {
            kill(&victim);
            Verdict::Proceed
        }
        _ => Verdict::Proceed,
    });
    let house = House::new(&platform);
    let after = if let Death::After(after) = death { Some(after) } else { None };
    let (shown, starts) = tokio::task::spawn_blocking(move || {
        let mut starts = 0;
        // A program that was killed has no exit code.
        while starts < STARTS {
            starts += 1;
            if house.pay(&running, after.filter(|_| starts == 1)).code().is_some() {
                break;
            }
        }
        (house.show(), starts)
    })
    .await
    .unwrap();
    let story = format!("{script:?} {death:?} after {starts} starts: {shown:#}\n{:?}", platform.orders());
    let charges = platform.charges();
    // After the reply to its last call the program may be done before it dies.
    let sure_to_die = match death {
        Death::AtCall(_, moment, _) => moment != Moment::Replied,
        Death::AtEveryCall(_) => true,
        Death::After(_) => false,
    };
    assert!(starts > 1 || !sure_to_die, "it was not killed: {story}");
    assert!(charges <= 1, "charged {charges} times: {story}");
    match shown["state"].as_str().unwrap() {
        "paid" => {
            let order = &platform.orders()[shown["order_id"].as_str().unwrap()];
            assert_eq!((order.charges, order.status), (1, 3), "{story}");
        }
        // A canceled order and a used code prove nothing: such a payment is watched.
        "failed" | "abandoned" => assert_eq!(charges, 0, "{story}"),
        other => panic!("it ended as {other}: {story}"),
    }
}

async fn all(stories: Vec<(&'static [Act], Death)>) {
    let gate = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
    let mut runs = tokio::task::JoinSet::new();
    for (script, death) in stories {
        let gate = Arc::clone(&gate);
        runs.spawn(async move {
            let _turn = gate.acquire_owned().await.unwrap();
            compared(script, death).await;
        });
    }
    while let Some(run) = runs.join_next().await {
        if let Err(error) = run {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}

/// Every way to die at each of the first `calls` calls.
fn deaths(calls: usize) -> impl Iterator<Item = Death> {
    let ways = [
        (Moment::Arrived, Verdict::Lose),
        (Moment::Arrived, Verdict::Proceed),
        (Moment::Acted, Verdict::Proceed),
        (Moment::Replied, Verdict::Proceed),
    ];
    (1..=calls).flat_map(move |call| ways.map(|(moment, verdict)| Death::AtCall(call, moment, verdict)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_call_it_charges_once_or_not_at_all() {
    let scripts: [(&'static [Act], usize); 4] = [
        (&[Act::Password, Act::SystemError, Act::Pay], 3),
        (&[Act::SystemErrorButPaid], 4),
        (&[Act::PayAndHangUp], 3),
        (&[Act::Refuse(9_207_005)], 1),
    ];
    let stories = scripts.into_iter().flat_map(|(script, calls)| {
        let every = std::iter::once(Death::AtEveryCall(calls));
        deaths(calls).chain(every).map(move |death| (script, death))
    });
    all(stories.collect()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_charges_once_or_not_at_all() {
    let script: &'static [Act] = &[Act::Password, Act::SystemError, Act::Pay];
    // From before the database is opened until after the end, at odd distances.
    let moments = (0..12).map(|step| Death::After(Duration::from_millis(7 + 23 * step)));
    all(moments.map(|moment| (script, moment)).collect()).await;
}
