//! The Quick Pay Submission API (source §6.1.9).

use super::{PlatformClient, PlatformError, Replied, received};
use crate::wire::{MicropayReply, MicropayRequest};

/// The path of the API.
pub const MICROPAY: &str = "/nontax/micropay";

impl PlatformClient {
    /// Submits a payment at the counter. The reply comes back whatever its errcode: with most of them it names the order, which
    /// the next call of the same payment needs.
    ///
    /// # Errors
    /// [`PlatformError`] when there is no readable reply, or no access token: then the outcome may be unknown.
    pub async fn micropay(&self, request: &MicropayRequest) -> Result<Replied<MicropayReply>, PlatformError> {
        let mut replied: Replied<MicropayReply> = self.exchange(MICROPAY, request).await?;
        // It is kept and shown, so it is of a length and of characters that fit there.
        replied.reply.errmsg = replied.reply.errmsg.as_deref().map(received::errmsg);
        Ok(replied)
    }
}
