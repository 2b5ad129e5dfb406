//! The simulator's HTTP face: the platform's APIs at their paths, and `/simulator/…` for whoever plays the citizen.

mod access;
mod citizen;
mod platform;
mod spoiling;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{any, get, post};
use tokio::net::TcpListener;

use super::Simulator;

/// The largest request that is read. An order with hundreds of items fits.
const MAX_REQUEST_BYTES: usize = 1024 * 1024;

impl Simulator {
    /// Serves until `shutdown` is over and the requests in flight are answered.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let service = router(self).into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, service).with_graceful_shutdown(shutdown).await
    }
}

fn router(simulator: Arc<Simulator>) -> Router {
    Router::new()
        .route("/cgi-bin/token", get(platform::token))
        .route("/cgi-bin/stable_token", post(platform::stable_token))
        .route("/nontax/queryfee", post(platform::query_fee))
        .route("/nontax/unifiedorder", post(platform::unified_order))
        .route("/nontax/micropay", post(platform::micropay))
        .route("/nontax/getorder", post(platform::get_order))
        .route("/nontax/getorderlist", post(platform::get_order_list))
        .route("/nontax/notifyinconsistentorder", post(platform::notify_inconsistent_order))
        .route("/nontax/refund", post(platform::refund))
        .route("/intp/realname/getauthurl", post(platform::get_auth_url))
        .route("/nontax/getrealname", post(platform::get_real_name))
        .route("/intp/getclientip", get(platform::get_client_ip))
        .route("/nontax/downloadbill", post(platform::download_bill))
        .route("/nontax/mocknotification", post(platform::mock_notification))
        .route("/nontax/mockqueryfee", post(platform::mock_query_fee))
        .route("/simulator/place", post(citizen::place))
        .route("/simulator/pay", post(citizen::pay))
        .route("/simulator/notify", post(citizen::notify))
        .route("/simulator/refund", post(citizen::refund))
        .route("/simulator/orders", get(citizen::orders))
        .route("/simulator/exchanges", get(citizen::exchanges))
        .route("/simulator/expire-tokens", post(citizen::expire_tokens))
        .route("/simulator/authorize", post(citizen::authorize))
        .route("/simulator/tokens", get(citizen::tokens))
        .route("/simulator/clock", get(citizen::clock).post(citizen::move_clock))
        .route(spoiling::REDIRECT_LOOP_PATH, any(spoiling::redirect_loop))
        .layer(middleware::from_fn_with_state(Arc::clone(&simulator), spoiling::spoil))
        .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
        .with_state(simulator)
}
