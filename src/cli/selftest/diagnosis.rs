//! What the platform's two test calls of one callback came to, judged by what the gateway wrote into its journal.

use std::fmt;

use crate::store::JournaledCallback;
use crate::wire::Errcode;

/// Which of the two things that the platform tests were seen to work, and what is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Diagnosis {
    /// The call with the right signature was opened, verified and answered.
    pub(super) decrypts: bool,
    /// The call with the wrong signature was answered 300.
    pub(super) refuses: bool,
    /// What is wrong.
    pub(super) trouble: Option<Trouble>,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The journal has no row of either call.
    NothingArrived,
    /// One row, of a call that was opened.
    OnlyTheRightArrived,
    /// One row, of a call that was answered 300.
    OnlyOneArrivedAndWasNotVerified,
    /// 300 for both.
    NeverVerified,
    /// 298 for both.
    NeverDecrypted,
    /// 210 for both.
    NeverRead,
    /// Neither was answered 300.
    SignatureNotChecked,
    /// The answers fit no single cause.
    Mixed,
    /// Both are as they must be, but the right one was answered 299.
    AnsweredSystemError,
    /// Both are as they must be, and the platform says that they are not.
    ReplyNotTaken,
}

impl Diagnosis {
    /// Judges the rows that the journal got, and whether the platform was content.
    pub(super) fn of(rows: &[JournaledCallback], platform_is_content: bool) -> Self {
        let decrypts = rows.iter().any(is_opened);
        let refuses = rows.iter().any(|row| is(row, Errcode::InvalidSignature));
        let all = |errcode| rows.iter().all(|row| is(row, errcode));
        let trouble = match (decrypts, refuses) {
            _ if rows.is_empty() => Some(Trouble::NothingArrived),
            (true, true) if platform_is_content => None,
            (true, true) if rows.iter().any(|row| is(row, Errcode::SystemError)) => Some(Trouble::AnsweredSystemError),
            (true, true) => Some(Trouble::ReplyNotTaken),
            (true, false) if rows.len() == 1 => Some(Trouble::OnlyTheRightArrived),
            (true, false) if rows.iter().all(is_opened) => Some(Trouble::SignatureNotChecked),
            (false, true) if rows.len() == 1 => Some(Trouble::OnlyOneArrivedAndWasNotVerified),
            (false, true) if all(Errcode::InvalidSignature) => Some(Trouble::NeverVerified),
            (false, false) if all(Errcode::DecryptionFailed) => Some(Trouble::NeverDecrypted),
            (false, false) if all(Errcode::InvalidFormat) => Some(Trouble::NeverRead),
            _ => Some(Trouble::Mixed),
        };
        Self { decrypts, refuses, trouble }
    }

    /// Whether there is nothing more to wait for.
    pub(super) const fn is_complete(self) -> bool {
        self.decrypts && self.refuses
    }
}

/// Whether the envelope was opened and verified, so that the answer is about what stood in it.
pub(super) fn is_opened(row: &JournaledCallback) -> bool {
    ![Errcode::InvalidFormat, Errcode::DecryptionFailed, Errcode::InvalidSignature]
        .into_iter()
        .any(|errcode| is(row, errcode))
}

fn is(row: &JournaledCallback, errcode: Errcode) -> bool {
    row.errcode == errcode.code()
}

impl Trouble {
    /// What to do about it.
    pub(super) const fn cure(self) -> &'static str {
        match self {
            Self::NothingArrived => {
                "check, in this order: nontax serve runs on this very database; the URL is the one that Weixin is to call; its \
                 name resolves on the internet; the certificate is valid; the proxy passes /callback/ on; the firewall and \
                 server.allow_from list Weixin's addresses (the metric nontax_rejected_addresses_total counts the refused). \
                 地址、域名、证书、防火墙、IP 白名单"
            }
            Self::OnlyTheRightArrived | Self::OnlyOneArrivedAndWasNotVerified => {
                "run it once more with a longer --wait; if it stays so, look for a firewall or a proxy that drops repeated or \
                 odd requests, and for a second gateway that writes to another database"
            }
            Self::NeverVerified => {
                "compare [[party.platform_key]] with the key from Weixin's contact, of the same environment; if it is right, set \
                 signature_over = \"data\" (nontax envelope explain tells it from a captured request). 平台公钥或签名对象错误"
            }
            Self::NeverDecrypted => {
                "compare [[party.symmetric_key]] and its encoding with what was given to Weixin's contact, of the same \
                 environment. 对称密钥错误"
            }
            Self::NeverRead => {
                "compare the party's appid; if it is right, a proxy changes the body: let it pass /callback/ on untouched. \
                 AppID 不符或请求体被改动"
            }
            Self::SignatureNotChecked => {
                "do not go live: whatever answers at this URL believes requests that Weixin did not sign. Point the URL at \
                 nontax serve itself. 未验证签名，切勿上线"
            }
            Self::Mixed => {
                "run it once more while no other callback comes; if it stays so, several gateways with different keys answer at \
                 this URL: give all of them the same configuration"
            }
            Self::AnsweredSystemError => {
                "the keys are right; look the outcome up in docs/operations.md, \"When something is wrong\". held comes from \
                 on_refusal = \"hold\" and is no fault"
            }
            Self::ReplyNotTaken => {
                "the gateway answered rightly and the platform did not get or could not read it: look for a proxy that is slow or \
                 changes replies, and compare the symmetric key that Weixin seals and opens with"
            }
        }
    }
}

/// The cause.
impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NothingArrived => "no call arrived at the gateway",
            Self::OnlyTheRightArrived => {
                "only the call with the right signature arrived; the one with the wrong signature did not"
            }
            Self::OnlyOneArrivedAndWasNotVerified => {
                "only one call arrived and was answered 300; the other did not arrive"
            }
            Self::NeverVerified => {
                "both calls were answered 300: they are decrypted, and no platform key verifies them"
            }
            Self::NeverDecrypted => "both calls were answered 298: no symmetric key decrypts them",
            Self::NeverRead => "both calls were answered 210: they are not envelopes for this party",
            Self::SignatureNotChecked => "no call was answered 300: the signature is not checked",
            Self::Mixed => "the answers fit no single cause",
            Self::AnsweredSystemError => "the call with the right signature was opened and answered 299",
            Self::ReplyNotTaken => "both calls were answered as they must be, and the platform is not content",
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::store::CallbackKind;

    fn answered(errcodes: &[i64], platform_is_content: bool) -> Diagnosis {
        let rows: Vec<JournaledCallback> = errcodes
            .iter()
            .map(|errcode| JournaledCallback {
                callback_id: 1,
                kind: CallbackKind::Notification,
                wxnontaxstr: None,
                outcome: String::new(),
                errcode: *errcode,
                key_id: None,
                received_at: Timestamp::UNIX_EPOCH,
            })
            .collect();
        Diagnosis::of(&rows, platform_is_content)
    }

    #[test]
    fn each_pair_of_answers_has_its_cause() {
        for (errcodes, decrypts, refuses, trouble) in [
            (&[][..], false, false, Trouble::NothingArrived),
            (&[231], true, false, Trouble::OnlyTheRightArrived),
            (&[300], false, true, Trouble::OnlyOneArrivedAndWasNotVerified),
            (&[300, 300], false, true, Trouble::NeverVerified),
            (&[298], false, false, Trouble::NeverDecrypted),
            (&[298, 298], false, false, Trouble::NeverDecrypted),
            (&[210, 210], false, false, Trouble::NeverRead),
            (&[0, 231], true, false, Trouble::SignatureNotChecked),
            (&[0, 298], true, false, Trouble::Mixed),
            (&[298, 300], false, true, Trouble::Mixed),
            (&[299, 300], true, true, Trouble::AnsweredSystemError),
            (&[231, 300], true, true, Trouble::ReplyNotTaken),
        ] {
            let expected = Diagnosis { decrypts, refuses, trouble: Some(trouble) };
            assert_eq!(answered(errcodes, false), expected, "{errcodes:?}");
        }
    }

    #[test]
    fn both_halves_and_a_content_platform_pass() {
        for errcodes in [[231, 300], [300, 0], [299, 300]] {
            assert_eq!(answered(&errcodes, true), Diagnosis { decrypts: true, refuses: true, trouble: None });
        }
    }

    #[test]
    fn a_content_platform_does_not_make_up_for_what_the_journal_lacks() {
        assert_eq!(answered(&[], true).trouble, Some(Trouble::NothingArrived));
        assert_eq!(answered(&[0, 0], true).trouble, Some(Trouble::SignatureNotChecked));
    }
}
