//! `nontax serve --role` and `nontax job`, as an operator runs them: who answers callbacks, and who does the jobs.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;

use crate::command::House;
use crate::database::{eventually, texts};
use crate::scripted_platform::ScriptedPlatform;
use crate::stores::{TestStore, on_both_stores};

on_both_stores!(a_callback_gateway_does_no_job_and_a_worker_answers_no_callback, jobs_are_listed_and_run_by_command,);

/// A running gateway; it is killed when it is dropped.
struct Running {
    child: Child,
    /// What it said when it began to serve.
    said: Value,
}

/// Any port, for both listeners.
const ANY_PORT: &str = "listen = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"";

async fn serve(house: &House, arguments: &[&str]) -> Running {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nontax"));
    command.args(["serve", "--config"]).arg(house.path().join("nontax.toml")).args(arguments);
    let mut child = command.env("NONTAX__LOGGING__FORMAT", "json").stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let (tell, told) = oneshot::channel();
    // A thread of its own: it must be able to go on talking.
    std::thread::spawn(move || {
        let mut tell = Some(tell);
        for line in lines.map_while(Result::ok) {
            let said: Value = serde_json::from_str(&line).unwrap_or_default();
            if said["message"] == "serving" {
                let _ = tell.take().map(|tell| tell.send(said));
            }
        }
    });
    let told = tokio::time::timeout(Duration::from_mins(1), told).await.expect("it does not serve");
    Running { child, said: told.expect("it ended before it served") }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn platform() -> ScriptedPlatform {
    ScriptedPlatform::start(|_, _| None).await
}

async fn jobs(test: &TestStore) -> Vec<String> {
    texts(test, "SELECT name FROM job WHERE last_outcome <> '' ORDER BY name").await
}

async fn a_callback_gateway_does_no_job_and_a_worker_answers_no_callback(test: TestStore) {
    let platform = platform().await;
    let house = House::new(&test.url, &platform.url, &format!("{ANY_PORT}\nrole = \"worker\""));
    let callback = serve(&house, &["--role", "callback"]).await;
    assert_eq!(callback.said["role"], "callback", "the flag wins");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let callbacks = callback.said["callbacks"].as_str().unwrap().to_owned();
    let url = format!("http://{callbacks}/callback/gz-finance/receivables");
    assert_eq!(client.post(url).body("nonsense").send().await.unwrap().status(), 200);
    // Jobs begin at once where they are done at all.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(texts(&test, "SELECT name FROM job").await.is_empty());
    drop(callback);

    let worker = serve(&house, &[]).await;
    assert_eq!((worker.said["role"].as_str(), worker.said["callbacks"].as_str()), (Some("worker"), None));
    let admin = worker.said["admin"].as_str().unwrap().to_owned();
    let alive = client.get(format!("http://{admin}/livez")).send().await.unwrap();
    assert_eq!(alive.status(), 200);
    eventually("the jobs run", async || jobs(&test).await.contains(&"order_expiry".to_owned()).then_some(())).await;
    let metrics = client.get(format!("http://{admin}/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(
        metrics.contains("nontax_job_last_success_timestamp_seconds{job=\"order_expiry\",party=\"gz-finance\"}"),
        "{metrics}"
    );
}

async fn jobs_are_listed_and_run_by_command(test: TestStore) {
    let platform = platform().await;
    let house = House::new(&test.url, &platform.url, "");
    let ran = house.nontax(&["job", "run", "retention", "--format", "json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!((ran.json()["outcome"].as_str(), ran.json()["party"].as_str()), (Some("done"), None));
    let failed = house.nontax(&["job", "run", "statements", "--party", "gz-finance", "--day", "20260101"]).await;
    assert_eq!(failed.code, 1, "{}", failed.err);
    assert!(failed.out.contains("statements (gz-finance) of 20260101: failed"), "{}", failed.out);
    let asked = house.nontax(&["job", "run", "order_expiry", "--ask"]).await;
    assert_eq!(asked.code, 0, "{}", asked.err);
    let listed = house.nontax(&["job", "list", "--format", "json"]).await;
    let listed: Vec<Value> = listed.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| listed.iter().find(|job| job["name"] == name).unwrap();
    assert_eq!(
        (of("retention")["last_outcome"].as_str(), of("retention")["running"].as_bool()),
        (Some("done"), Some(false))
    );
    assert_eq!(of("statements")["failures"], 1);
    assert!(of("order_expiry")["requested_at"].is_string());
    let shown = house.nontax(&["job", "list"]).await;
    assert!(
        shown.out.contains("order_expiry (gz-finance): asked for") && shown.err.contains("token_refresh"),
        "{}",
        shown.out
    );
    for wrong in [&["job", "run", "nothing"][..], &["job", "run", "order_expiry", "--day", "20260101"]] {
        let ran = house.nontax(wrong).await;
        assert_eq!(ran.code, 2, "{}", ran.err);
    }
}
