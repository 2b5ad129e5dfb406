//! A gateway connected to the simulated platform, each over real HTTP, and a citizen between them.

use std::sync::Arc;
use std::time::Duration;

use nontax_gateway::envelope::SigningKey;
use nontax_gateway::simulator::{Exchange, Settings, SimulatedParty, Simulator, Timing};
use nontax_gateway::store::SharedStore;
use nontax_gateway::wire::QueryFeeRequest;
use tokio::net::TcpListener;

use crate::book::party;
use crate::served::{APP_SECRET, PlatformAccess, Served, Setup};
use crate::weixin::{self, APPID, KEY, symmetric_key};

/// A gateway and the platform that it is connected to.
pub(crate) struct World {
    pub(crate) served: Served,
    pub(crate) simulator: Arc<Simulator>,
    /// The platform's base URL.
    pub(crate) url: String,
}

impl World {
    /// Starts both sides. Where the platform is comes from here; `vary` changes the simulator's settings.
    pub(crate) async fn start(store: &SharedStore, access: PlatformAccess, vary: impl FnOnce(&mut Settings)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self::start_on(store, PlatformAccess { url, ..access }, listener, vary).await
    }

    /// As [`Self::start`], with the platform on a listener whose URL the access names.
    pub(crate) async fn start_on(
        store: &SharedStore,
        platform: PlatformAccess,
        listener: TcpListener,
        vary: impl FnOnce(&mut Settings),
    ) -> Self {
        let url = platform.url.clone();
        let served = Setup { platform: Some(platform), ..Setup::default() }.serve(store).await;
        let base = format!("http://{}", served.callbacks);
        let weixin_side =
            SimulatedParty::new(party().as_str(), APPID, APP_SECRET, symmetric_key("1", KEY)).served_at(&base);
        let signing_key = SigningKey::read(&weixin::WEIXIN.private_pem().unwrap()).unwrap();
        let timing = Timing {
            reply_timeout: Duration::from_secs(30),
            retry_pauses: vec![Duration::from_millis(1)],
            ..Timing::default()
        };
        let mut settings = Settings { timing, ..Settings::new(signing_key, vec![weixin_side]) };
        vary(&mut settings);
        let simulator = Simulator::new(settings).unwrap();
        tokio::spawn(Arc::clone(&simulator).serve(listener, std::future::pending()));
        Self { served, simulator, url }
    }

    /// The citizen looks a notice up and orders its payment.
    pub(crate) async fn placed(&self, number: &str) -> String {
        let request = QueryFeeRequest {
            appid: APPID.into(),
            payment_notice_no: number.into(),
            department_code: "001002".into(),
            region_code: "440100".into(),
            ..QueryFeeRequest::default()
        };
        let notice = self.simulator.query_fee(&request).await.unwrap();
        self.simulator.place_order_for(APPID, &notice).unwrap().order_id.unwrap()
    }

    /// The citizen pays; the errcodes of the gateway.
    pub(crate) async fn paid(&self, order_id: &str) -> Vec<Option<i64>> {
        codes(&self.simulator.pay(order_id).await.unwrap())
    }
}

/// The errcodes of a row of calls.
pub(crate) fn codes(exchanges: &[Exchange]) -> Vec<Option<i64>> {
    exchanges.iter().map(Exchange::errcode).collect()
}
