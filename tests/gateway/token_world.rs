//! A platform that hands out tokens, ends them and counts who asks; and gateways' keepers of its token.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use nontax_gateway::app::TokenKeeper;
use nontax_gateway::platform::{AppSecret, Https, PlatformClient, TokenMode, TokenRequest, TokenSource};
use nontax_gateway::store::{AccessTokens, SharedStore};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::served::APP_SECRET;
use crate::weixin::APPID;

/// Longer than anything takes, so that no lease is taken over that should not be.
pub(crate) const LEASE: Duration = Duration::from_mins(1);

/// How long a call may take on a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// What every token begins with, to look for in logs.
pub(crate) const TOKEN_STEM: &str = "a-token-of-the-token-world-";

/// The platform, as its tests see it and change it.
#[derive(Default)]
pub(crate) struct Tokens {
    /// How many tokens there were.
    pub(crate) issued: usize,
    /// How often a token was asked for.
    pub(crate) fetches: usize,
    /// How often by force.
    pub(crate) forced: usize,
    /// How many calls came with a token that is not valid.
    pub(crate) refused_calls: usize,
    /// How long it thinks before it answers who asks for a token.
    pub(crate) thinks: Duration,
    /// What it answers in place of a token.
    pub(crate) answers: Option<Value>,
    /// Whether the current token is not valid any more.
    expired: bool,
    /// Whether it hands out a token that is not valid.
    pub(crate) is_stubborn: bool,
}

/// The platform.
#[derive(Clone)]
pub(crate) struct TokenPlatform {
    /// Its base URL.
    pub(crate) url: String,
    https: Https,
    tokens: Arc<Mutex<Tokens>>,
}

impl TokenPlatform {
    pub(crate) async fn start() -> Self {
        crate::logs::capture();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let platform = Self { https: Https::new(&url, PATIENCE).unwrap(), url, tokens: Arc::default() };
        let router = Router::new()
            .route("/cgi-bin/stable_token", post(stable_token))
            .route("/cgi-bin/token", get(legacy_token))
            .route("/nontax/getorder", post(get_order))
            .with_state(platform.clone());
        tokio::spawn(async move { axum_serve(listener, router).await });
        platform
    }

    pub(crate) fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap()
    }

    /// Ends the token that everybody holds.
    pub(crate) fn expire(&self) {
        self.tokens().expired = true;
    }

    /// A keeper as one gateway has it.
    pub(crate) fn keeper(&self, store: &SharedStore, mode: TokenMode) -> Arc<TokenKeeper> {
        let request = TokenRequest {
            https: self.https.clone(),
            appid: APPID.to_owned(),
            secret: AppSecret::new(APP_SECRET),
            mode,
        };
        let store: Arc<dyn AccessTokens> = Arc::<dyn nontax_gateway::store::Store>::clone(store);
        Arc::new(TokenKeeper::over_store(store, request, LEASE).unwrap())
    }

    /// A client that calls with a keeper's token.
    pub(crate) fn client(&self, tokens: &Arc<TokenKeeper>) -> PlatformClient {
        let tokens: Arc<dyn TokenSource> = Arc::<TokenKeeper>::clone(tokens);
        PlatformClient::new(self.https.clone(), APPID.to_owned(), tokens, PATIENCE)
    }
}

async fn axum_serve(listener: TcpListener, router: Router) {
    let limits = nontax_gateway::server::ConnectionLimits {
        header_timeout: PATIENCE,
        idle_timeout: PATIENCE,
        shutdown_grace: PATIENCE,
    };
    nontax_gateway::server::serve(listener, router, limits, std::future::pending()).await;
}

#[derive(Deserialize)]
struct StableRequest {
    force_refresh: bool,
}

async fn stable_token(State(platform): State<TokenPlatform>, Json(request): Json<StableRequest>) -> Json<Value> {
    give(&platform, request.force_refresh, false).await
}

async fn legacy_token(State(platform): State<TokenPlatform>) -> Json<Value> {
    give(&platform, false, true).await
}

async fn give(platform: &TokenPlatform, force: bool, always: bool) -> Json<Value> {
    let thinks = platform.tokens().thinks;
    tokio::time::sleep(thinks).await;
    let mut tokens = platform.tokens();
    tokens.fetches += 1;
    tokens.forced += usize::from(force);
    if let Some(answer) = &tokens.answers {
        return Json(answer.clone());
    }
    if force || always || tokens.issued == 0 || (tokens.expired && !tokens.is_stubborn) {
        tokens.issued += 1;
        tokens.expired = false;
    }
    Json(json!({ "access_token": format!("{TOKEN_STEM}{}", tokens.issued), "expires_in": 7200 }))
}

#[derive(Deserialize)]
struct Presented {
    access_token: String,
}

async fn get_order(
    State(platform): State<TokenPlatform>,
    Query(Presented { access_token }): Query<Presented>,
) -> Json<Value> {
    let mut tokens = platform.tokens();
    if tokens.expired || access_token != format!("{TOKEN_STEM}{}", tokens.issued) {
        tokens.refused_calls += 1;
        return Json(json!({ "errcode": 42001, "errmsg": "access_token expired" }));
    }
    Json(json!({ "errcode": 9_201_010, "errmsg": "no such order" }))
}
