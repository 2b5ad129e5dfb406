//! The orders of a notice (source §6.1.10), and which account may see an order.

use super::Simulator;
use super::api_error::ApiError;
use super::order::{Order, OrderStatus};
use super::settings::SimulatedRole;
use crate::wire::{ApiErrcode, GetOrderListReply, GetOrderListRequest, GetOrderReply};

impl Simulator {
    /// `/nontax/getorderlist`: the orders of a notice or order number, whoever placed them, and which of them is paid.
    ///
    /// # Errors
    /// 9201021, 9201019 and 9201018 for a field that is missing.
    pub fn order_list(&self, request: &GetOrderListRequest) -> Result<GetOrderListReply, ApiError> {
        let missing = [
            (request.region_code.trim().is_empty(), ApiErrcode::InvalidRegionCode),
            (request.department_code.trim().is_empty(), ApiErrcode::InvalidDepartmentCode),
            (request.payment_notice_no.is_none() && request.order_no.is_none(), ApiErrcode::InvalidNoticeNo),
        ];
        if let Some((_, code)) = missing.into_iter().find(|(is_missing, _)| *is_missing) {
            return Err(code.into());
        }
        let receivable = Receivable {
            region_code: &request.region_code,
            department_code: &request.department_code,
            payment_notice_no: request.payment_notice_no.as_deref(),
            order_no: request.order_no.as_deref(),
        };
        let now = self.clock.now();
        let state = self.state();
        let orders = || state.orders.iter().filter(|order| receivable.is_of(order));
        Ok(GetOrderListReply {
            errcode: 0,
            errmsg: Some("ok".to_owned()),
            order_id_list: orders().map(|order| order.order_id.clone()).collect(),
            paid_order_id: orders().find(|order| order.is_paid(now)).map(|order| order.order_id.clone()),
        })
    }

    /// `/nontax/getorder`: [`Self::order`] as an account sees it.
    ///
    /// # Errors
    /// 9201010 for an order that was never placed, 9200002 for one of others.
    pub fn order_for(&self, appid: &str, order_id: &str) -> Result<GetOrderReply, ApiError> {
        let state = self.state();
        let order = state.orders.get(order_id)?;
        self.check_account_of(appid, order)?;
        Ok(order.reply(self.clock.now()))
    }

    /// Finance and banks see every order, and so does whoever is notified; anybody else the orders that it placed.
    ///
    /// # Errors
    /// 9200002 for an account that does not see it.
    pub(super) fn check_account_of(&self, appid: &str, order: &Order) -> Result<(), ApiError> {
        let sees_all = self
            .parties
            .iter()
            .filter(|party| party.appid == appid)
            .any(|party| party.notification_url.is_some() || !matches!(party.role, SimulatedRole::GovernmentUnit));
        if sees_all || order.request.appid == appid { Ok(()) } else { Err(ApiErrcode::OrderNotOfAppid.into()) }
    }
}

/// What an order pays: a notice, or what the business system's number stands for.
pub(super) struct Receivable<'a> {
    pub(super) region_code: &'a str,
    pub(super) department_code: &'a str,
    pub(super) payment_notice_no: Option<&'a str>,
    pub(super) order_no: Option<&'a str>,
}

impl Receivable<'_> {
    /// Whether an order pays it. Of the two numbers each one that is given must fit.
    pub(super) fn is_of(&self, order: &Order) -> bool {
        let request = &order.request;
        let fits = |wanted: Option<&str>, has: &Option<String>| wanted.is_none_or(|no| has.as_deref() == Some(no));
        request.region_code.trim() == self.region_code.trim()
            && request.department_code.trim() == self.department_code.trim()
            && fits(self.payment_notice_no, &request.payment_notice_no)
            && fits(self.order_no, &request.order_no)
    }
}

impl Order {
    pub(super) fn is_paid(&self, now: i64) -> bool {
        self.status(now) == OrderStatus::Paid
    }
}
