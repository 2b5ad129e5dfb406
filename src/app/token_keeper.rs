//! The access_token of one account in this process: served at once while it is fresh, replaced in the background when it ages,
//! waited for when there is none. One fetch at a time, and after a failed one a rest, however many callers there are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::watch;

use super::central_token::CentralToken;
use super::lone_token::LoneToken;
use super::shared_token::SharedToken;
use super::token_origin::{Fetched, TokenOrigin};
use crate::platform::{
    AccessToken, CurrentToken, ForceRefreshError, PlatformError, TokenRequest, TokenServer, TokenSource,
};
use crate::store::AccessTokens;

/// How long nothing is asked after the first failed fetch; twice as long after each further one, up to the longest.
const FIRST_REST: Duration = Duration::from_millis(500);
const LONGEST_REST: Duration = Duration::from_secs(30);

/// How long a token is used that the platform refused and then handed out again. Asking once more would give the same.
const REFUSED_TOKEN_REST: Duration = Duration::from_secs(5);

/// The token of one account.
pub struct TokenKeeper(Arc<Keeping>);

struct Keeping {
    origin: Box<dyn TokenOrigin>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// The last token that the platform refused.
    refused: Option<AccessToken>,
    /// The fetch that is under way; it ends with its outcome.
    flight: Option<watch::Receiver<Option<Outcome>>>,
    failure: Option<FailedFetch>,
}

struct Held {
    fetched: Fetched,
    refresh_at: Timestamp,
    /// Until when a refusal of it is not followed by another fetch.
    rests_until: Option<Instant>,
}

struct FailedFetch {
    error: PlatformError,
    rest: Duration,
    until: Instant,
}

type Outcome = Result<CurrentToken, PlatformError>;

impl TokenKeeper {
    /// Keeps the token that all gateways over `store` share. Whoever fetches it holds a lease of `lease`, which is longer than a
    /// call to the platform may take.
    ///
    /// # Errors
    /// [`getrandom::Error`] when the system gives no random bytes.
    pub fn over_store(
        store: Arc<dyn AccessTokens>,
        request: TokenRequest,
        lease: Duration,
    ) -> Result<Self, getrandom::Error> {
        Ok(Self::new(Box::new(SharedToken::new(store, request, lease)?)))
    }

    /// Keeps the token that another central server gives.
    #[must_use]
    pub fn of_server(server: TokenServer) -> Self {
        Self::new(Box::new(CentralToken::new(server)))
    }

    /// Keeps a token for this process alone, which has no database to share it through.
    #[must_use]
    pub fn alone(request: TokenRequest) -> Self {
        Self::new(Box::new(LoneToken(request)))
    }

    fn new(origin: Box<dyn TokenOrigin>) -> Self {
        Self(Arc::new(Keeping { origin, state: Mutex::default() }))
    }
}

#[async_trait]
impl TokenSource for TokenKeeper {
    async fn current(&self) -> Result<CurrentToken, PlatformError> {
        let mut flight = {
            let mut state = self.0.state();
            let (now, instant) = (Timestamp::now(), Instant::now());
            let held = state.held.as_ref().filter(|held| held.fetched.life.is_usable(now));
            if let Some(held) = held {
                let current = held.fetched.current();
                if now >= held.refresh_at && state.flight.is_none() && state.rest(instant).is_none() {
                    self.0.start_flight(&mut state);
                }
                return Ok(current);
            }
            match (&state.flight, state.rest(instant)) {
                (Some(flight), _) => flight.clone(),
                (None, Some(error)) => return Err(error),
                (None, None) => self.0.start_flight(&mut state),
            }
        };
        match flight.wait_for(Option::is_some).await.map(|outcome| outcome.clone()) {
            Ok(Some(outcome)) => outcome,
            // The flight ends without an outcome only by a panic, or when the runtime stops.
            Ok(None) | Err(_) => Err(PlatformError::NoToken { problem: "the fetch was broken off".to_owned() }),
        }
    }

    async fn refused(&self, token: &AccessToken) -> bool {
        {
            let mut state = self.0.state();
            let held = state.held.as_ref().filter(|held| held.fetched.token == *token);
            if held.is_some_and(|held| held.rests_until.is_some_and(|until| Instant::now() < until)) {
                return true;
            }
            if held.is_some() {
                state.held = None;
            } else if state.refused.as_ref() == Some(token) {
                // One of many calls with the same token: the first one has told everybody.
                return false;
            }
            state.refused = Some(token.clone());
        }
        let was_current = self.0.origin.refused(token).await;
        tracing::info!(token = token.digest_prefix(), was_current, "the platform refused an access_token");
        was_current
    }

    async fn force_refresh(&self) -> Result<CurrentToken, ForceRefreshError> {
        let keeping = Arc::clone(&self.0);
        // On its own: whoever asked may go away, and the token must be kept all the same.
        let forced = tokio::spawn(async move {
            let fetched = keeping.origin.force().await?;
            let current = fetched.current();
            keeping.state().hold(fetched, random_byte());
            Ok(current)
        });
        let broken = |_| PlatformError::NoToken { problem: "the fetch was broken off".to_owned() };
        forced.await.map_err(broken)?
    }
}

impl Keeping {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the one fetch, on its own: a caller that gives up waiting breaks off nothing.
    fn start_flight(self: &Arc<Self>, state: &mut State) -> watch::Receiver<Option<Outcome>> {
        let (told, flight) = watch::channel(None);
        state.flight = Some(flight.clone());
        let keeping = Arc::clone(self);
        tokio::spawn(async move {
            // Ended by a panic, it makes way for the next one.
            let _ends = EndOfFlight(&keeping);
            let outcome = keeping.fly().await;
            let _ = told.send(Some(outcome));
        });
        flight
    }

    async fn fly(&self) -> Outcome {
        loop {
            let (refused, jitter) = (self.state().refused.clone(), random_byte());
            let fetched = self.origin.fetch(refused.as_ref(), jitter).await;
            let mut state = self.state();
            match fetched {
                // It was refused while it was on its way here.
                Ok(fetched) if state.refused != refused && state.refused.as_ref() == Some(&fetched.token) => {}
                Ok(fetched) => {
                    let current = fetched.current();
                    state.hold(fetched, jitter);
                    // Under the same lock: nobody joins it for a token that was refused since.
                    state.flight = None;
                    return Ok(current);
                }
                Err(error) => {
                    state.fail(error.clone());
                    state.flight = None;
                    return Err(error);
                }
            }
        }
    }
}

/// A flight's place is free when it has ended, however it ended.
struct EndOfFlight<'a>(&'a Keeping);

impl Drop for EndOfFlight<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.state().flight = None;
        }
    }
}

impl State {
    fn hold(&mut self, fetched: Fetched, jitter: u8) {
        let refresh_at = fetched.life.refresh_at(jitter);
        let rests_until = fetched.was_refused.then(|| Instant::now() + REFUSED_TOKEN_REST);
        self.held = Some(Held { fetched, refresh_at, rests_until });
        self.failure = None;
    }

    fn fail(&mut self, error: PlatformError) {
        let rest = self.failure.as_ref().map_or(FIRST_REST, |failure| (failure.rest * 2).min(LONGEST_REST));
        tracing::warn!(error = &error as &dyn std::error::Error, "no access_token could be had");
        self.failure = Some(FailedFetch { error, rest, until: Instant::now() + rest });
    }

    /// What the last fetch failed with, while nothing is asked again.
    fn rest(&self, now: Instant) -> Option<PlatformError> {
        self.failure.as_ref().filter(|failure| now < failure.until).map(|failure| failure.error.clone())
    }
}

/// Without randomness all gateways refresh at one moment, which only costs them a look at the row.
fn random_byte() -> u8 {
    let mut byte = [0];
    let _ = getrandom::fill(&mut byte);
    byte[0]
}

#[cfg(test)]
mod tests;
