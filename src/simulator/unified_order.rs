//! `/nontax/unifiedorder`: an order is placed for what finance says and nobody paid yet (source §6.1.2).

use super::api_error::ApiError;
use super::callback::{Callback, Variant};
use super::cases::{self, TEST_BANK_ID};
use super::order_list::Receivable;
use super::receivables;
use super::{Simulator, placement};
use crate::wire::{ApiErrcode, QueryFeeRequest, UnifiedOrderReply, UnifiedOrderRequest};

impl Simulator {
    /// Places an order as [`Self::place_order`] does, after two looks at the notice: no other order may have paid it, and when
    /// another account than the asking one answers receivables queries, that one is asked and must give the same amount.
    ///
    /// # Errors
    /// As [`Self::place_order`]; 9200232 for a notice that is paid, 9201023 for another amount than finance's, and the codes of
    /// [`Self::query_fee`].
    pub async fn unified_order(&self, request: UnifiedOrderRequest) -> Result<UnifiedOrderReply, ApiError> {
        let fee = placement::check(&request)?;
        self.check_receivable(&request, fee).await?;
        self.place_order(request)
    }

    /// # Errors
    /// 9200232 when an order of the same receivable is paid and not refunded, 9201023 when finance says another amount, and the
    /// codes of [`Self::query_fee`].
    pub(super) async fn check_receivable(&self, request: &UnifiedOrderRequest, fee: i64) -> Result<(), ApiError> {
        self.check_unpaid(&Receivable {
            region_code: &request.region_code,
            department_code: &request.department_code,
            payment_notice_no: request.payment_notice_no.as_deref(),
            order_no: request.order_no.as_deref(),
        })?;
        let Some(payment_notice_no) = &request.payment_notice_no else { return Ok(()) };
        let query = QueryFeeRequest {
            appid: request.appid.clone(),
            bank_id: request.bank_id.clone(),
            payment_notice_no: payment_notice_no.clone(),
            department_code: request.department_code.clone(),
            payment_notice_type: request.payment_notice_type,
            region_code: request.region_code.clone(),
            ..QueryFeeRequest::default()
        };
        self.check_with_finance(&query, fee).await
    }

    fn check_unpaid(&self, receivable: &Receivable<'_>) -> Result<(), ApiError> {
        let now = self.clock.now();
        let state = self.state();
        match state.orders.iter().find(|order| receivable.is_of(order) && order.is_paid(now)) {
            None => Ok(()),
            Some(order) => {
                Err(ApiError::because(ApiErrcode::PaymentCompleted, format_args!("order {} paid it", order.order_id)))
            }
        }
    }

    /// Asks the first other account that answers receivables queries, when there is one; nobody for a magic number, or for an
    /// order in the test bank.
    async fn check_with_finance(&self, query: &QueryFeeRequest, fee: i64) -> Result<(), ApiError> {
        if let Some(answer) = cases::answer_by_number(query, self.clock.now()) {
            return answer.map(drop);
        }
        if query.bank_id.as_deref() == Some(TEST_BANK_ID) {
            return Ok(());
        }
        let mut others = self.parties.iter().filter(|party| party.appid != query.appid);
        let answering = others.find_map(|party| Some((party, party.receivables_url.as_deref()?)));
        let Some((party, url)) = answering else {
            return Ok(());
        };
        let plaintext = receivables::query_plaintext(party, query)?;
        let exchange = self.call(party, Callback::Receivables, url, &plaintext, Variant::Genuine).await;
        match exchange.receivable()?.fee {
            Some(due) if due != fee => Err(ApiError::because(
                ApiErrcode::FeeDiffersFromFinance,
                format_args!("the order says {fee} fen, and {} {due}", party.name),
            )),
            _ => Ok(()),
        }
    }
}
