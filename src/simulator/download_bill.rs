//! `/nontax/downloadbill`: the statement of a merchant account, or a zip of all statements of a day (source §6.1.5).

use std::collections::BTreeSet;
use std::io::{Cursor, Write as _};

use jiff::civil::Date;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::Simulator;
use super::api_error::ApiError;
use super::order::Order;
use super::placement;
use super::statement::{self, BillType};
use super::stories::Story;
use crate::wire::{ApiErrcode, BILL_TYPE_ALL, BILL_TYPE_REFUND, BILL_TYPE_SUCCESS, DownloadBillRequest};

/// The sources' test merchant (§4.2.1), which every order is settled to that names none.
pub const TEST_MCH_ID: &str = "1900016021";

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// Its media type.
    pub content_type: &'static str,
    /// Its bytes.
    pub body: Vec<u8>,
}

impl Simulator {
    /// The statement of a merchant account as csv, or without one a zip of the statements of all that orders were settled to. A day
    /// without payments has a statement with zeros; the day that is not over yet has one with what happened so far. An order whose
    /// fee says so is in none.
    ///
    /// # Errors
    /// 9201013 for what is no day or one that has not begun, 9201014 for an unknown bill_type, 9201012 for a merchant account that
    /// nothing was ever settled to, 9205201 for a day before the first order.
    pub fn download_bill(&self, request: &DownloadBillRequest) -> Result<Download, ApiError> {
        let now = self.clock.now();
        let day = bill_day(&request.bill_date, now)?;
        let kind = bill_type(request.bill_type.as_deref())?;
        let state = self.state();
        let merchants: BTreeSet<&str> = state.orders.iter().map(mch_id).chain([TEST_MCH_ID]).collect();
        if let Some(mch_id) = &request.mch_id
            && !merchants.contains(mch_id.as_str())
        {
            return Err(ApiErrcode::InvalidMchId.into());
        }
        let first = state.orders.iter().next().and_then(|order| statement::day_of(order.created_at));
        if first.is_none_or(|first| day < first) {
            return Err(ApiErrcode::StatementNotFound.into());
        }
        let csv = |merchant: &str| {
            let orders = state.orders.iter();
            let orders = orders.filter(|order| mch_id(order) == merchant && Story::of(order.fee).in_statement());
            statement::csv(orders, merchant, day, kind, now)
        };
        if let Some(mch_id) = &request.mch_id {
            return Ok(Download { content_type: "text/csv; charset=utf-8", body: csv(mch_id).into_bytes() });
        }
        let files =
            merchants.iter().map(|merchant| (format!("{merchant}_{}.csv", request.bill_date.trim()), csv(merchant)));
        let body = zipped(files).map_err(|e| ApiError::because(ApiErrcode::SystemError, e))?;
        Ok(Download { content_type: "application/zip", body })
    }
}

/// The merchant account that an order is settled to.
fn mch_id(order: &Order) -> &str {
    order.request.mch_id.as_deref().unwrap_or(TEST_MCH_ID)
}

fn bill_day(bill_date: &str, now: i64) -> Result<Date, ApiError> {
    let day = placement::date(bill_date.trim()).ok_or(ApiErrcode::InvalidBillDate)?;
    if statement::day_of(now).is_some_and(|today| day > today) {
        return Err(ApiError::because(ApiErrcode::InvalidBillDate, "the day has not begun"));
    }
    Ok(day)
}

fn bill_type(text: Option<&str>) -> Result<BillType, ApiError> {
    match text.unwrap_or(BILL_TYPE_ALL) {
        BILL_TYPE_ALL => Ok(BillType::All),
        BILL_TYPE_SUCCESS => Ok(BillType::Success),
        BILL_TYPE_REFUND => Ok(BillType::Refund),
        _ => Err(ApiErrcode::InvalidBillType.into()),
    }
}

fn zipped(files: impl Iterator<Item = (String, String)>) -> zip::result::ZipResult<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    // Without the time of day, so that the same statements are the same bytes.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, text) in files {
        writer.start_file(name, options)?;
        writer.write_all(text.as_bytes())?;
    }
    Ok(writer.finish()?.into_inner())
}
