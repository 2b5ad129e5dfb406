//! An accessing party, ready to serve.

use std::sync::Arc;

use super::LiveSource;
use crate::domain::{Duties, OnRefusal, PartyName, Policy, Role};
use crate::envelope::KeyRing;
use crate::platform::PlatformClient;
use crate::wire::Locale;

/// An accessing party: who it is, what it does, its keys, its way to the platform.
pub struct Party {
    /// The name in the callback URLs and in the store.
    pub name: PartyName,
    /// The Official Account that the platform notifies.
    pub appid: String,
    /// What it is.
    pub role: Role,
    /// What follows from role and mode.
    pub duties: Duties,
    /// Refund or hold.
    pub on_refusal: OnRefusal,
    /// The language of errmsg.
    pub locale: Locale,
    /// The keys of the envelope.
    pub key_ring: Arc<KeyRing>,
    /// The way to the platform; `None` without an AppSecret.
    pub platform: Option<PlatformClient>,
    /// The bureau's back office, which queries are answered from; `None` where the book is.
    pub live_source: Option<LiveSource>,
}

impl Party {
    /// What a notification is decided by.
    #[must_use]
    pub const fn policy(&self) -> Policy {
        Policy { unknown_notice: self.duties.unknown_notice, replies: self.duties.replies, on_refusal: self.on_refusal }
    }
}
