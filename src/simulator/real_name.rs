//! The payer's real name: the link, the user who says yes, and the name sealed for whoever asked (source §9).

use std::collections::HashMap;

use aes::cipher::{BlockCipherEncrypt as _, KeyInit as _};
use aes::{Aes128, Block};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::api_error::ApiError;
use super::callback::with_parameter;
use super::chance::Stream;
use super::{Simulator, is_callable};
use crate::wire::{ApiErrcode, DATA_ENCRYPT_TYPE_AES_ECB, GetAuthUrlReply, GetRealNameReply, KEY_ENCRYPT_TYPE_RSA};

/// For how long a link can be opened, and then its token be used. The sources give no number.
const AUTHORIZATION_SECONDS: i64 = 600;

/// The name of a user who gives none.
pub(super) const TEST_NAME: &str = "张三";

/// What stands before and after the random part of a link, as in the sources' sample.
const AUTH_URL: (&str, &str) = ("https://mp.weixin.qq.com/insurance/card/getpwdconfig?auth_param=", "#wechat_redirect");

/// The length of a block of AES.
const BLOCK_BYTES: usize = 16;

/// The links that were given out, and the names that users released.
pub(super) struct RealNames {
    chance: Stream,
    /// By `auth_url`.
    links: HashMap<String, Link>,
    /// By `wx_realname_token`.
    released: HashMap<String, Released>,
}

struct Link {
    appid: String,
    redirect_url: String,
    expires_at: i64,
}

struct Released {
    appid: String,
    name: String,
    expires_at: i64,
}

impl Simulator {
    /// `/intp/realname/getauthurl`, asked by an account.
    ///
    /// # Errors
    /// 40097 for a redirect_url that is none.
    pub fn auth_url(&self, appid: &str, redirect_url: &str) -> Result<GetAuthUrlReply, ApiError> {
        if !is_callable(redirect_url) {
            return Err(ApiError::because(ApiErrcode::InvalidArgument, "redirect_url is not an http or https URL"));
        }
        let expires_at = self.clock.now().saturating_add(AUTHORIZATION_SECONDS);
        let auth_url = self.state().real_names.link(appid, redirect_url, expires_at);
        Ok(GetAuthUrlReply {
            errcode: 0,
            errmsg: Some("ok".to_owned()),
            auth_url: Some(auth_url),
            expires_in: Some(AUTHORIZATION_SECONDS),
            auth_appid: None,
        })
    }

    /// The user opens a link and says yes. Gives the URL that the user is sent to, with the `wx_realname_token`.
    ///
    /// # Errors
    /// 9204000 for a link that was not given out, was opened before or is too old.
    pub fn authorize(&self, auth_url: &str, name: &str) -> Result<String, ApiError> {
        let now = self.clock.now();
        self.state().real_names.release(auth_url, name, now)
    }

    /// `/nontax/getrealname`, asked by an account. A token gives its name once.
    ///
    /// # Errors
    /// 9204000 for a token that was not given out, was used or is too old, 9204002 for another account's.
    pub fn real_name(&self, appid: &str, wx_realname_token: &str) -> Result<GetRealNameReply, ApiError> {
        let (name, key) = self.state().real_names.take(appid, wx_realname_token, self.clock.now())?;
        let sealed_key =
            self.signing_key.seal_short(&key).map_err(|e| ApiError::because(ApiErrcode::SystemError, e))?;
        Ok(GetRealNameReply {
            errcode: 0,
            errmsg: Some("ok".to_owned()),
            key_encrypt_type: Some(KEY_ENCRYPT_TYPE_RSA.to_owned()),
            key: Some(sealed_key),
            data_encrypt_type: Some(DATA_ENCRYPT_TYPE_AES_ECB.to_owned()),
            data: Some(BASE64.encode(ecb(&key, name.as_bytes()))),
        })
    }
}

impl RealNames {
    pub(super) fn new(chance: Stream) -> Self {
        Self { chance, links: HashMap::new(), released: HashMap::new() }
    }

    fn link(&mut self, appid: &str, redirect_url: &str, expires_at: i64) -> String {
        let auth_url = format!("{}{}{}", AUTH_URL.0, self.chance.wxnontaxstr(), AUTH_URL.1);
        let link = Link { appid: appid.to_owned(), redirect_url: redirect_url.to_owned(), expires_at };
        self.links.insert(auth_url.clone(), link);
        auth_url
    }

    fn release(&mut self, auth_url: &str, name: &str, now: i64) -> Result<String, ApiError> {
        let unknown = || ApiError::because(ApiErrcode::RealNameInvalidParameter, "no such auth_url, or it was used");
        let link = self.links.remove(auth_url).filter(|link| now < link.expires_at).ok_or_else(unknown)?;
        // Sixteen hexadecimal digits and the time, as in the sources' sample.
        let token = format!("{}{now}", self.chance.wxnontaxstr());
        let redirect_url = with_parameter(&link.redirect_url, "wx_realname_token", &token);
        let expires_at = now.saturating_add(AUTHORIZATION_SECONDS);
        self.released.insert(token, Released { appid: link.appid, name: name.to_owned(), expires_at });
        Ok(redirect_url)
    }

    /// The name and a fresh key for it.
    fn take(&mut self, appid: &str, token: &str, now: i64) -> Result<(String, [u8; 16]), ApiError> {
        let token = token.trim();
        let released = self.released.get(token).filter(|released| now < released.expires_at);
        match released {
            None => return Err(ApiErrcode::RealNameInvalidParameter.into()),
            Some(released) if released.appid != appid => return Err(ApiErrcode::RealNameAppidMismatch.into()),
            Some(_) => {}
        }
        let released = self.released.remove(token).ok_or(ApiErrcode::RealNameInvalidParameter)?;
        Ok((released.name, self.chance.bytes()))
    }
}

/// AES/ECB/PKCS5Padding.
fn ecb(key: &[u8; 16], plaintext: &[u8]) -> Vec<u8> {
    let padding = BLOCK_BYTES - plaintext.len() % BLOCK_BYTES;
    let mut bytes = plaintext.to_vec();
    // At most 16.
    bytes.resize(bytes.len() + padding, padding.to_le_bytes()[0]);
    let (blocks, _) = Block::slice_as_chunks_mut(&mut bytes);
    Aes128::new(key.into()).encrypt_blocks(blocks);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vector_of_fips_197_with_a_block_of_padding() {
        let key: [u8; 16] = std::array::from_fn(|place| u8::try_from(place).unwrap());
        let plaintext: Vec<u8> = (0..16).map(|n| n * 0x11).collect();
        let ciphertext = ecb(&key, &plaintext);
        let expected = [0x69, 0xc4, 0xe0, 0xd8, 0x6a, 0x7b, 0x04, 0x30, 0xd8, 0xcd, 0xb7, 0x80, 0x70, 0xb4, 0xc5, 0x5a];
        assert_eq!((&ciphertext[..16], ciphertext.len()), (expected.as_slice(), 32));
    }
}
