//! The Receivables Query API (source §6.1.1).

use super::{PlatformClient, PlatformError, Replied};
use crate::wire::{QueryFeeReply, QueryFeeRequest};

/// The path of the API.
pub const QUERY_FEE: &str = "/nontax/queryfee";

impl PlatformClient {
    /// What a notice is about and whether it can be paid, for government units.
    ///
    /// # Errors
    /// [`PlatformError`] when it was refused, or the question was not answered.
    pub async fn query_fee(&self, request: &QueryFeeRequest) -> Result<Replied<QueryFeeReply>, PlatformError> {
        self.call(QUERY_FEE, request).await
    }
}
