//! Whether a gateway of this configuration runs on this machine.

use std::sync::Arc;

use super::finding::Finding;
use super::patient::Patient;
use super::{CALL_TIMEOUT, CHECK_TIMEOUT};
use crate::cli::health::reachable;

const WHAT: &str = "gateway";

pub(super) async fn check(patient: Arc<Patient>) -> Vec<Finding> {
    let url = format!("http://{}/livez", reachable(patient.config.server.admin_listen));
    let asked = async {
        let client = reqwest::Client::builder().timeout(CALL_TIMEOUT).no_proxy().build()?;
        client.get(&url).send().await?.text().await
    };
    vec![match asked.await {
        Ok(text) if text.trim() == "ok" => Finding::ok(WHAT, format!("one runs here: {url} answers")),
        Ok(_) => {
            let detail = format!("something else than nontax answers at {url}");
            Finding::warning(WHAT, detail, "stop it, or give server.admin_listen another port")
        }
        Err(error) if error.is_timeout() => {
            let detail = format!("{url} gives no answer within {} s", CHECK_TIMEOUT.as_secs());
            Finding::warning(WHAT, detail, "look at its log; restart it if it hangs")
        }
        Err(_) => {
            let detail = format!("none runs here: nobody answers at {url}");
            Finding::warning(WHAT, detail, "start it with: nontax serve")
        }
    }]
}
