//! Two gateways on one database, hundreds of callers, and the simulated platform, which ends the access_token under their hands.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use nontax_gateway::app::TokenKeeper;
use nontax_gateway::domain::OrderId;
use nontax_gateway::envelope::SigningKey;
use nontax_gateway::platform::{AppSecret, Https, PlatformClient, TokenMode, TokenRequest};
use nontax_gateway::simulator::{Settings, SimulatedParty, Simulator, Timing};
use nontax_gateway::store::SharedStore;
use nontax_gateway::wire::UnifiedOrderRequest;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::database::eventually;
use crate::placed_orders::request;
use crate::served::APP_SECRET;
use crate::stores::{TestStore, on_both_stores, open};
use crate::token_world::LEASE;
use crate::weixin::{self, APPID, KEY, symmetric_key};

on_both_stores!(
    five_hundred_users_of_two_gateways_see_one_refresh_per_expiry_and_no_failed_call,
    tokens_that_end_before_their_time_are_replaced_once_as_well,
);

const USERS: usize = 500;

/// How often the platform ends the token.
const EXPIRIES: u64 = 4;

/// How long a call may take on a slow machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often tokens end by themselves, where they do; longer than a test takes.
const PERIOD_SECONDS: i64 = 3_600;

/// The simulated platform, the order that everybody looks up, and where it is.
struct Weixin {
    simulator: Arc<Simulator>,
    order_id: OrderId,
    url: String,
}

impl Weixin {
    async fn start(token_expires_every_seconds: Option<i64>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let party = SimulatedParty::new("gz-finance", APPID, APP_SECRET, symmetric_key("1", KEY));
        let signing_key = SigningKey::read(&weixin::WEIXIN.private_pem().unwrap()).unwrap();
        let timing = Timing { token_expires_every_seconds, ..Timing::default() };
        let simulator = Simulator::new(Settings { timing, ..Settings::new(signing_key, vec![party]) }).unwrap();
        // The first second of a period, so that none ends by itself.
        simulator.set_clock(500_000 * PERIOD_SECONDS);
        let placed = simulator.place_order(UnifiedOrderRequest { appid: APPID.into(), ..request("1", 100) }).unwrap();
        tokio::spawn(Arc::clone(&simulator).serve(listener, std::future::pending()));
        Self { simulator, order_id: OrderId::new(&placed.order_id.unwrap()).unwrap(), url }
    }

    /// The client of a gateway that opened `store`.
    fn gateway(&self, store: &SharedStore, mode: TokenMode) -> PlatformClient {
        let https = Https::new(&self.url, PATIENCE).unwrap();
        let secret = AppSecret::new(APP_SECRET);
        let request = TokenRequest { https: https.clone(), appid: APPID.to_owned(), secret, mode };
        let store: SharedStore = Arc::clone(store);
        let tokens = TokenKeeper::over_store(store, request, LEASE).unwrap();
        PlatformClient::new(https, APPID.to_owned(), Arc::new(tokens), PATIENCE)
    }
}

/// Users who look an order up again and again until they are told to stop.
struct Crowd {
    users: JoinSet<Vec<String>>,
    /// How many calls of each have ended.
    ended: Arc<Vec<AtomicU64>>,
    stops: Arc<AtomicBool>,
}

impl Crowd {
    /// Half of the users are one gateway's.
    fn gather(gateways: &[PlatformClient; 2], order_id: &OrderId) -> Self {
        let ended: Arc<Vec<_>> = Arc::new((0..USERS).map(|_| AtomicU64::new(0)).collect());
        let stops = Arc::new(AtomicBool::new(false));
        let mut users = JoinSet::new();
        for user in 0..USERS {
            let (client, order_id) = (gateways[user % 2].clone(), order_id.clone());
            let (ended, stops) = (Arc::clone(&ended), Arc::clone(&stops));
            users.spawn(async move {
                let mut failures = Vec::new();
                while !stops.load(Ordering::Relaxed) {
                    match client.get_order(&order_id).await {
                        Ok(Some(_)) => {}
                        outcome => failures.push(format!("{outcome:?}")),
                    }
                    ended[user].fetch_add(1, Ordering::Relaxed);
                }
                failures
            });
        }
        Self { users, ended, stops }
    }

    /// Waits until every user has been served twice from now on. The second call began after this moment, so that whatever is
    /// under way afterwards carries a token that was good after it: no call ever meets two expiries.
    async fn all_served_twice(&self) {
        let calls = || self.ended.iter().map(|calls| calls.load(Ordering::Relaxed)).collect::<Vec<_>>();
        let before = calls();
        let served = || async { calls().iter().zip(&before).all(|(now, before)| now - before >= 2).then_some(()) };
        eventually("every user was served twice", served).await;
    }

    /// What failed.
    async fn disperse(self) -> Vec<String> {
        self.stops.store(true, Ordering::Relaxed);
        self.users.join_all().await.concat()
    }
}

/// Everybody calls while the platform ends the token again and again.
async fn hold_out(test: &TestStore, mode: TokenMode, token_expires_every_seconds: Option<i64>, expire: fn(&Simulator)) {
    let weixin = Weixin::start(token_expires_every_seconds).await;
    let gateways = [weixin.gateway(&test.store, mode), weixin.gateway(&open(&test.url).await, mode)];
    let crowd = Crowd::gather(&gateways, &weixin.order_id);
    crowd.all_served_twice().await;
    for expiries in 1..=EXPIRIES {
        expire(&weixin.simulator);
        crowd.all_served_twice().await;
        assert_eq!(weixin.simulator.tokens_issued(APPID), 1 + expiries, "{mode:?}");
    }
    let failures = crowd.disperse().await;
    assert!(failures.is_empty(), "{mode:?}: {} calls failed, such as {}", failures.len(), failures[0]);
    assert_eq!(weixin.simulator.tokens_issued(APPID), 1 + EXPIRIES, "{mode:?}");
}

async fn five_hundred_users_of_two_gateways_see_one_refresh_per_expiry_and_no_failed_call(test: TestStore) {
    for mode in [TokenMode::Stable, TokenMode::Legacy] {
        hold_out(&test, mode, None, Simulator::expire_tokens).await;
    }
}

async fn tokens_that_end_before_their_time_are_replaced_once_as_well(test: TestStore) {
    hold_out(&test, TokenMode::Stable, Some(PERIOD_SECONDS), |weixin| weixin.move_clock(PERIOD_SECONDS)).await;
}
