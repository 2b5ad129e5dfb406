//! The payer's real name (source §9.2, §9.3): the link to authorise it, and the encrypted name.

use super::{PlatformClient, PlatformError, Replied};
use crate::wire::{GetAuthUrlReply, GetAuthUrlRequest, GetRealNameReply, GetRealNameRequest};

/// The path of the authorisation link.
pub const GET_AUTH_URL: &str = "/intp/realname/getauthurl";

/// The path of the name.
pub const GET_REAL_NAME: &str = "/nontax/getrealname";

impl PlatformClient {
    /// The link that the payer opens to authorise the party to learn the name.
    ///
    /// # Errors
    /// [`PlatformError`] when it was refused, or the question was not answered.
    pub async fn get_auth_url(&self, request: &GetAuthUrlRequest) -> Result<Replied<GetAuthUrlReply>, PlatformError> {
        self.call(GET_AUTH_URL, request).await
    }

    /// The name, encrypted.
    ///
    /// # Errors
    /// As [`Self::get_auth_url`].
    pub async fn get_real_name(
        &self,
        request: &GetRealNameRequest,
    ) -> Result<Replied<GetRealNameReply>, PlatformError> {
        self.call(GET_REAL_NAME, request).await
    }
}
