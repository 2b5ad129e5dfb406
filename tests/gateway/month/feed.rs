//! What a consumer of the feed comes to, who knows nothing but the events.

use std::collections::{BTreeMap, BTreeSet};

use nontax_gateway::domain::Scope;
use serde_json::Value;

use super::books::Sums;
use crate::bearers::let_in;
use crate::served::Served;
use crate::stores::TestStore;

/// Reads the feed from its beginning, page by page. Each payment counts once, whatever is told of it later.
pub(super) async fn sums(test: &TestStore, served: &Served) -> Sums {
    let bearer = let_in(&test.store, "consumer", &[Scope::Read], &[]).await;
    let (mut paid, mut refunded) = (BTreeMap::new(), BTreeMap::new());
    let (mut after, mut seen) = ("0".to_owned(), BTreeSet::new());
    loop {
        let page = served.api_get(&format!("/admin/v1/events?after={after}&limit=500"), Some(&bearer)).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let page = page.body;
        for event in page["events"].as_array().unwrap() {
            assert!(seen.insert(event["id"].to_string()), "told twice: {event}");
            take(event, &mut paid, &mut refunded);
        }
        page["next"].as_str().unwrap().clone_into(&mut after);
        if page["more"] == false {
            break;
        }
    }
    Sums {
        payments: paid.len() as u64,
        paid: paid.values().sum(),
        refunds: refunded.len() as u64,
        refunded: refunded.values().sum(),
    }
}

fn take(event: &Value, paid: &mut BTreeMap<String, i64>, refunded: &mut BTreeMap<String, i64>) {
    let body = &event["body"];
    let order_id = || body["order_id"].as_str().unwrap().to_owned();
    match event["kind"].as_str().unwrap() {
        "notice.paid" | "payment.refused" | "payment.recorded" | "payment.held" => {
            paid.insert(order_id(), body["fee"].as_i64().unwrap());
        }
        "refund.recorded" => {
            refunded.insert(order_id(), body["refunded_fee"].as_i64().unwrap());
        }
        _ => {}
    }
}
