//! The keeper over an origin that a test controls: what is served at once, and that there is one fetch at a time.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;

use super::*;
use crate::domain::TokenLife;

/// Gives `token-1`, `token-2`, … with so much left of a life of 7200 s, each when the test lets it.
struct Gated {
    fetches: AtomicUsize,
    gate: Arc<Semaphore>,
    left: Duration,
}

#[async_trait]
impl TokenOrigin for Gated {
    async fn fetch(&self, _: Option<&AccessToken>, _: u8) -> Result<Fetched, PlatformError> {
        let number = self.fetches.fetch_add(1, Ordering::SeqCst) + 1;
        self.gate.acquire().await.unwrap().forget();
        let expires_at = Timestamp::now() + self.left;
        let life = TokenLife { issued_at: expires_at - Duration::from_hours(2), expires_at };
        Ok(Fetched { token: AccessToken::new(format!("token-{number}")), life, was_refused: false })
    }

    async fn refused(&self, _: &AccessToken) -> bool {
        true
    }

    async fn force(&self) -> Result<Fetched, ForceRefreshError> {
        Err(ForceRefreshError::Elsewhere)
    }
}

fn keeper(left: Duration) -> (Arc<TokenKeeper>, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let origin = Gated { fetches: AtomicUsize::new(0), gate: Arc::clone(&gate), left };
    (Arc::new(TokenKeeper::new(Box::new(origin))), gate)
}

async fn text(keeper: &TokenKeeper) -> String {
    keeper.current().await.unwrap().token.expose().to_owned()
}

#[tokio::test]
async fn an_aging_token_is_served_at_once_while_one_fetch_runs() {
    let (keeper, gate) = keeper(Duration::from_secs(100));
    gate.add_permits(1);
    assert_eq!(text(&keeper).await, "token-1");
    // The next fetch hangs, and nobody waits for it.
    for _ in 0..10 {
        assert_eq!(text(&keeper).await, "token-1");
        tokio::task::yield_now().await;
    }
    gate.add_permits(1);
    while text(&keeper).await == "token-1" {
        tokio::task::yield_now().await;
    }
    assert_eq!(text(&keeper).await, "token-2");
}

#[tokio::test]
async fn a_token_that_is_refused_on_its_way_is_not_served() {
    let (keeper, gate) = keeper(Duration::from_hours(2));
    let waiting = tokio::spawn({
        let keeper = Arc::clone(&keeper);
        async move { text(&keeper).await }
    });
    while keeper.0.state().flight.is_none() {
        tokio::task::yield_now().await;
    }
    assert!(keeper.refused(&AccessToken::new("token-1".to_owned())).await);
    gate.add_permits(2);
    assert_eq!(waiting.await.unwrap(), "token-2");
}

#[tokio::test]
async fn a_caller_that_gives_up_breaks_off_nothing() {
    let (keeper, gate) = keeper(Duration::from_hours(2));
    let gave_up = tokio::time::timeout(Duration::from_millis(1), keeper.current()).await;
    assert!(gave_up.is_err());
    gate.add_permits(1);
    assert_eq!(text(&keeper).await, "token-1");
}
