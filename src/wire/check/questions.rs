//! The rules of the requests that move no money.

use super::{CheckedRequest, Findings, RequestProblem};
use crate::wire::{
    BILL_TYPE_ALL, BILL_TYPE_REFUND, BILL_TYPE_SUCCESS, DownloadBillRequest, GetAuthUrlRequest, GetOrderListRequest,
    GetOrderRequest, GetRealNameRequest, MockRequest, NotifyInconsistentOrderRequest, PROTOCOL_VERSION,
    QueryFeeRequest,
};

impl CheckedRequest for QueryFeeRequest {
    const RULES: &'static [&'static str] = &[
        "appid, service_id, payment_notice_no, department_code and region_code are there",
        "payment_notice_type is 1 or 2 where it is there",
    ];

    fn problems(&self) -> Vec<RequestProblem> {
        let mut findings = Findings::default();
        findings.identifier("appid", &self.appid);
        findings.number("service_id", self.service_id);
        findings.optional_identifier("bank_id", self.bank_id.as_deref());
        findings.identifier("payment_notice_no", &self.payment_notice_no);
        findings.identifier("department_code", &self.department_code);
        findings.payment_notice_type(self.payment_notice_type);
        findings.identifier("region_code", &self.region_code);
        findings.into_problems()
    }
}

impl CheckedRequest for GetOrderRequest {
    const RULES: &'static [&'static str] = &["appid and order_id are there"];

    fn problems(&self) -> Vec<RequestProblem> {
        let mut findings = Findings::default();
        findings.identifier("appid", &self.appid);
        findings.identifier("order_id", &self.order_id);
        findings.into_problems()
    }
}

impl CheckedRequest for GetOrderListRequest {
    const RULES: &'static [&'static str] =
        &["appid, region_code and department_code are there", "exactly one of payment_notice_no and order_no is there"];

    fn problems(&self) -> Vec<RequestProblem> {
        let mut findings = Findings::default();
        findings.identifier("appid", &self.appid);
        findings.identifier("region_code", &self.region_code);
        findings.identifier("department_code", &self.department_code);
        findings.notice_or_order(self.payment_notice_no.as_deref(), self.order_no.as_deref());
        findings.into_problems()
    }
}

impl CheckedRequest for DownloadBillRequest {
    const RULES: &'static [&'static str] = &[
        "appid is there, and bill_date is a day that exists, as YYYYMMDD",
        "bill_type is ALL, SUCCESS or REFUND where it is there",
    ];

    fn problems(&self) -> Vec<RequestProblem> {
        let mut findings = Findings::default();
        findings.identifier("appid", &self.appid);
        findings.optional_identifier("mch_id", self.mch_id.as_deref());
        findings.date("bill_date", Some(&self.bill_date));
        if let Some(bill_type) = &self.bill_type {
            findings.word("bill_type", bill_type, &[BILL_TYPE_ALL, BILL_TYPE_SUCCESS, BILL_TYPE_REFUND]);
        }
        findings.into_problems()
    }
}

impl CheckedRequest for NotifyInconsistentOrderRequest {
    const RULES: &'static [&'static str] = &["appid and order_id are there"];

    fn problems(&self) -> Vec<RequestProblem> {
        let mut findings = Findings::default();
        findings.identifier("appid", &self.appid);
        findings.identifier("order_id", &self.order_id);
        findings.into_problems()
    }
}

impl CheckedRequest for MockRequest {
    const RULES: &'static [&'static str] = &["appid is there", "url has http or https and a host", "version is 1"];

    fn problems(&self) -> Vec<RequestProblem> {
        let mut findings = Findings::default();
        findings.identifier("appid", &self.appid);
        findings.url("url", &self.url);
        if self.version != Some(PROTOCOL_VERSION) {
            findings.report("version", "must be 1, the only version of the protocol: write 1");
        }
        findings.into_problems()
    }
}

impl CheckedRequest for GetAuthUrlRequest {
    const RULES: &'static [&'static str] = &["redirect_url is there, with http or https"];
    const NAMES_ACCOUNT: bool = false;

    fn problems(&self) -> Vec<RequestProblem> {
        let mut findings = Findings::default();
        findings.url("redirect_url", &self.redirect_url);
        findings.into_problems()
    }
}

impl CheckedRequest for GetRealNameRequest {
    const RULES: &'static [&'static str] = &["wx_realname_token is there"];
    const NAMES_ACCOUNT: bool = false;

    fn problems(&self) -> Vec<RequestProblem> {
        let mut findings = Findings::default();
        findings.identifier("wx_realname_token", &self.wx_realname_token);
        findings.into_problems()
    }
}
