//! Several keys at a time, and what the signature covers.

use std::sync::Arc;

use nontax_gateway::envelope::{KeyRing, SignatureOver};
use serde_json::Value;

use crate::book::{import, payable};
use crate::served::Setup;
use crate::stores::{TestStore, on_both_stores};
use crate::weixin::{KEY, OTHER, OTHER_KEY, WEIXIN, envelope, envelope_with, open_reply, query, symmetric_key};

on_both_stores!(a_reply_is_sealed_with_the_key_that_opened_the_request, the_signature_may_cover_the_data);

async fn a_reply_is_sealed_with_the_key_that_opened_the_request(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let symmetric_keys = vec![symmetric_key("new", OTHER_KEY), symmetric_key("old", KEY)];
    let platform_keys = vec![OTHER.platform_key("next").unwrap(), WEIXIN.platform_key("now").unwrap()];
    let ring = KeyRing::new(symmetric_keys, platform_keys, SignatureOver::Plaintext).unwrap();
    let served = Setup { key_ring: Arc::new(ring), ..Setup::default() }.serve(&test.store).await;
    let plaintext = query("1").to_string();
    for key in [KEY, OTHER_KEY] {
        for signing_key in [&*WEIXIN, &*OTHER] {
            let envelope = envelope_with(key, signing_key, plaintext.as_bytes());
            let reply = served.post("receivables", envelope.to_string().into_bytes()).await;
            assert_eq!(open_reply(key, &reply.body)["errcode"], 0);
        }
    }
    // A fault leaves under the current key, whichever key the request was sealed with.
    let mut unsigned = envelope(plaintext.as_bytes());
    unsigned["sign"] = "AAAA".into();
    let reply = served.post("receivables", unsigned.to_string().into_bytes()).await;
    assert_eq!(open_reply(OTHER_KEY, &reply.body)["errcode"], 300);
    // The operator sees which keys are still in use.
    for (sample, count) in [
        (r#"nontax_verified_total{party="gz-finance",key="now"}"#, 2.0),
        (r#"nontax_verified_total{party="gz-finance",key="next"}"#, 2.0),
        (r#"nontax_signature_failures_total{party="gz-finance",key="old"}"#, 1.0),
    ] {
        assert_eq!(served.sample(sample).await, Some(count), "{sample}");
    }
}

async fn the_signature_may_cover_the_data(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let platform_keys = vec![WEIXIN.platform_key("weixin-1").unwrap()];
    let ring = KeyRing::new(vec![symmetric_key("aes-1", KEY)], platform_keys, SignatureOver::Data).unwrap();
    let over_data = Setup { key_ring: Arc::new(ring), ..Setup::default() }.serve(&test.store).await;
    let over_plaintext = Setup::default().serve(&test.store).await;
    let signs_plaintext = envelope(query("1").to_string().as_bytes());
    let mut signs_data = signs_plaintext.clone();
    signs_data["sign"] = WEIXIN.sign(signs_data["data"].as_str().unwrap().as_bytes()).into();
    let body = |envelope: &Value| envelope.to_string().into_bytes();
    for (served, envelope, errcode) in [
        (&over_data, &signs_data, 0),
        (&over_data, &signs_plaintext, 300),
        (&over_plaintext, &signs_plaintext, 0),
        (&over_plaintext, &signs_data, 300),
    ] {
        assert_eq!(served.post("receivables", body(envelope)).await.opened()["errcode"], errcode);
    }
}
