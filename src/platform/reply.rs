//! What the platform replied: read into its type, and whole as it came.

use std::ops::Deref;

use serde_json::Value;

use crate::wire::{
    GetAuthUrlReply, GetOrderListReply, GetOrderReply, GetRealNameReply, MicropayReply, MockReply,
    NotifyInconsistentOrderReply, QueryFeeReply, RefundReply, UnifiedOrderReply,
};

/// A reply of type `T`, with the document that it was read from: fields that no source lists are kept there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replied<T> {
    /// What the sources list.
    pub reply: T,
    /// Everything.
    pub document: Value,
}

impl<T> Deref for Replied<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.reply
    }
}

/// A reply that says with `errcode` and `errmsg` how the call went.
pub(super) trait ApiReply {
    /// 0, or why the platform refused.
    fn errcode(&self) -> i64;

    /// Its words.
    fn errmsg(&self) -> Option<&str>;
}

macro_rules! api_reply {
    ($($reply:ty),+ $(,)?) => {
        $(impl ApiReply for $reply {
            fn errcode(&self) -> i64 {
                self.errcode
            }

            fn errmsg(&self) -> Option<&str> {
                self.errmsg.as_deref()
            }
        })+
    };
}

api_reply!(
    GetAuthUrlReply,
    GetOrderListReply,
    GetOrderReply,
    GetRealNameReply,
    MicropayReply,
    MockReply,
    NotifyInconsistentOrderReply,
    QueryFeeReply,
    RefundReply,
    UnifiedOrderReply
);
