//! The platform's test calls (source §6.1.7, §6.1.8): it calls a URL of ours twice, with a right and with a wrong signature.

use super::{PlatformClient, PlatformError, Replied};
use crate::wire::{MockReply, MockRequest, PROTOCOL_VERSION};

/// The path of the test of notifications.
pub const MOCK_NOTIFICATION: &str = "/nontax/mocknotification";

/// The path of the test of receivables queries.
pub const MOCK_QUERY_FEE: &str = "/nontax/mockqueryfee";

impl PlatformClient {
    /// Has a URL for notifications tested.
    ///
    /// # Errors
    /// [`PlatformError`] when it was refused, the test failed, or the question was not answered.
    pub async fn mock_notification(&self, request: &MockRequest) -> Result<Replied<MockReply>, PlatformError> {
        self.call(MOCK_NOTIFICATION, &with_version(request)).await
    }

    /// Has a URL for receivables queries tested.
    ///
    /// # Errors
    /// As [`Self::mock_notification`].
    pub async fn mock_query_fee(&self, request: &MockRequest) -> Result<Replied<MockReply>, PlatformError> {
        self.call(MOCK_QUERY_FEE, &with_version(request)).await
    }
}

/// The platform wants the version, and means 1 by none.
fn with_version(request: &MockRequest) -> MockRequest {
    MockRequest { version: request.version.or(Some(PROTOCOL_VERSION)), ..request.clone() }
}
