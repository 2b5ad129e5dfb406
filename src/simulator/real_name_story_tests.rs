//! Stories of real names and of the user's address, over the platform's APIs.

use aes::cipher::{BlockCipherDecrypt as _, KeyInit as _};
use aes::{Aes128, Block};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rsa::pkcs8::DecodePublicKey as _;
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, RsaPublicKey};
use serde_json::{Value, json};

use super::story_tests::{APPID, Stage, key, stage_of};
use super::*;

const OTHER_APPID: &str = "wxother00000000000";

async fn stage_of_two() -> Stage {
    stage_of(vec![], |mut settings, _| {
        settings.parties.push(SimulatedParty::new("other", OTHER_APPID, "secret", key()));
        settings
    })
    .await
}

/// What the public key makes of the sealed key: 00 01 FF … FF 00 and the secret.
fn unsealed(stage: &Stage, sealed: &Value) -> Vec<u8> {
    let public = RsaPublicKey::from_public_key_pem(&stage.simulator.signing_key().public_pem().unwrap()).unwrap();
    let sealed = BigUint::from_bytes_be(&BASE64.decode(sealed.as_str().unwrap()).unwrap());
    let padded = sealed.modpow(public.e(), public.n()).to_bytes_be();
    assert_eq!((padded.len(), padded[0]), (255, 1), "a leading 00 is no byte of the number");
    let end = padded.iter().skip(1).position(|byte| *byte != 0xff).unwrap() + 1;
    assert_eq!(padded[end], 0);
    padded[end + 1..].to_vec()
}

fn decrypted(key: &[u8], data: &Value) -> String {
    let mut bytes = BASE64.decode(data.as_str().unwrap()).unwrap();
    let (blocks, _) = Block::slice_as_chunks_mut(&mut bytes);
    Aes128::new_from_slice(key).unwrap().decrypt_blocks(blocks);
    let padding = usize::from(*bytes.last().unwrap());
    String::from_utf8(bytes[..bytes.len() - padding].to_vec()).unwrap()
}

#[tokio::test]
async fn a_name_is_released_once_to_the_account_that_asked() {
    let stage = stage_of_two().await;
    let token = stage.token().await;
    let link = format!("/intp/realname/getauthurl?access_token={token}");
    let name = format!("/nontax/getrealname?access_token={token}");
    assert_eq!(stage.post(&link, json!({"redirect_url": "nowhere"})).await["errcode"], 40097);
    let linked = stage.post(&link, json!({"redirect_url": "https://example.com/back?a=b#c"})).await;
    assert_eq!((&linked["errcode"], &linked["expires_in"]), (&json!(0), &json!(600)));
    let authorize = json!({"auth_url": linked["auth_url"], "name": "欧阳修"});
    let redirect_url = stage.post("/simulator/authorize", authorize.clone()).await["redirect_url"].clone();
    let redirect_url = redirect_url.as_str().unwrap();
    assert_eq!(stage.post("/simulator/authorize", authorize).await["errcode"], 9_204_000);
    let given = redirect_url.strip_prefix("https://example.com/back?a=b&wx_realname_token=").unwrap();
    let request = json!({"wx_realname_token": given.strip_suffix("#c").unwrap()});

    let others = format!("/nontax/getrealname?access_token={}", stage.token_of(OTHER_APPID).await);
    assert_eq!(stage.post(&others, request.clone()).await["errcode"], 9_204_002);
    assert_eq!(stage.post(&name, json!({"wx_realname_token": "1"})).await["errcode"], 9_204_000);
    let sealed = stage.post(&name, request.clone()).await;
    assert_eq!((&sealed["key_encrypt_type"], &sealed["data_encrypt_type"]), (&json!("RSA"), &json!("AES_ECB")));
    assert_eq!(decrypted(&unsealed(&stage, &sealed["key"]), &sealed["data"]), "欧阳修");
    assert_eq!(stage.post(&name, request).await["errcode"], 9_204_000);
}

#[tokio::test]
async fn a_link_and_a_token_grow_old() {
    let stage = stage_of_two().await;
    let auth_url = |reply: crate::wire::GetAuthUrlReply| reply.auth_url.unwrap();
    let old = auth_url(stage.simulator.auth_url(APPID, "https://example.com/").unwrap());
    let used = auth_url(stage.simulator.auth_url(APPID, "https://example.com/").unwrap());
    let redirect_url = stage.simulator.authorize(&used, "n").unwrap();
    let token = redirect_url.rsplit_once('=').unwrap().1;
    stage.simulator.move_clock(600);
    assert_eq!(stage.simulator.authorize(&old, "n").unwrap_err().errcode, 9_204_000);
    assert_eq!(stage.simulator.real_name(APPID, token).unwrap_err().errcode, 9_204_000);
}

#[tokio::test]
async fn the_page_is_told_the_users_address() {
    let stage = stage_of_two().await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let reply = client.get(format!("{}/intp/getclientip", stage.base)).send().await.unwrap().text().await.unwrap();
    let reply: Value = serde_json::from_str(&reply).unwrap();
    assert_eq!(reply, json!({"base_resp": {"ret": 0, "err_msg": "OK"}, "client_ip": "127.0.0.1"}));
}
