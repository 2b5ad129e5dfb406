//! The promises about looking for notices.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{NoticeRecord, Page, Paged, StoreError};
use crate::domain::{ChinaDate, DepartmentCode, NoticeKey, PartyName, PaymentNoticeNo};

/// Which notices to look for; what is not given does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoticeSelection {
    /// Those of a number.
    pub payment_notice_no: Option<PaymentNoticeNo>,
    /// Those of a collection entity.
    pub department_code: Option<DepartmentCode>,
    /// Those in a state, by its name.
    pub state: Option<String>,
    /// Those whose last day is this one or later.
    pub expires_from: Option<ChinaDate>,
    /// Those whose last day is this one or earlier.
    pub expires_until: Option<ChinaDate>,
    /// Those made out at this moment or later.
    pub made_out_from: Option<Timestamp>,
    /// Those made out before this moment.
    pub made_out_before: Option<Timestamp>,
}

/// Looking for notices.
#[async_trait]
pub trait NoticeSearch: Send + Sync {
    /// The notice of a key.
    async fn find_notice(&self, party: PartyName, key: NoticeKey) -> Result<Option<NoticeRecord>, StoreError>;

    /// The notices that fit, by number, region and collection entity. A page looks at a bounded number of notices: it may hold fewer
    /// than it could, or none, and still not be the last.
    async fn search_notices(
        &self,
        party: PartyName,
        selection: NoticeSelection,
        page: Page<NoticeKey>,
    ) -> Result<Paged<NoticeRecord, NoticeKey>, StoreError>;
}
