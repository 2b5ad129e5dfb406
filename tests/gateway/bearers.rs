//! Bearer tokens of client systems for tests of the admin API, and calls that carry one.

use jiff::Timestamp;
use nontax_gateway::app::new_api_client;
use nontax_gateway::domain::{ApiClient, ApiClientName, PartyName, Scope};
use nontax_gateway::store::SharedStore;
use serde_json::Value;

use crate::book::author;
use crate::served::Served;

/// Lets a client in; its bearer token. Clients of different names have different secrets.
pub(crate) async fn let_in(store: &SharedStore, name: &str, scopes: &[Scope], appids: &[&str]) -> String {
    let mut random = [7; 32];
    random.iter_mut().zip(name.bytes()).for_each(|(random, byte)| *random = byte);
    let appids = appids.iter().map(ToString::to_string).collect();
    let name = ApiClientName::new(name).unwrap();
    let (client, bearer) = new_api_client(name, scopes.to_vec(), appids, &random, Timestamp::now());
    assert!(store.add_api_client(client, author()).await.unwrap());
    bearer.to_string()
}

/// Lets a client in that is good for some parties alone; its bearer token.
pub(crate) async fn let_in_for(store: &SharedStore, name: &str, scopes: &[Scope], parties: &[PartyName]) -> String {
    let name = ApiClientName::new(name).unwrap();
    let (client, bearer) = new_api_client(name, scopes.to_vec(), Vec::new(), &[9; 32], Timestamp::now());
    let client = ApiClient { parties: parties.to_vec(), ..client };
    assert!(store.add_api_client(client, author()).await.unwrap());
    bearer.to_string()
}

/// An answer of the admin API: status, body, and whether a bearer was asked for.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) asks_for_bearer: bool,
    pub(crate) cache_control: String,
}

impl Served {
    /// GETs from the admin API.
    pub(crate) async fn api_get(&self, path: &str, bearer: Option<&str>) -> Answer {
        self.api(self.client.get(format!("http://{}{path}", self.admin)), bearer).await
    }

    /// POSTs to the admin API.
    pub(crate) async fn api_post(&self, path: &str, body: &Value, bearer: Option<&str>) -> Answer {
        self.api(self.client.post(format!("http://{}{path}", self.admin)).body(body.to_string()), bearer).await
    }

    /// PUTs to the admin API.
    pub(crate) async fn api_put(&self, path: &str, body: &Value, bearer: Option<&str>) -> Answer {
        self.api(self.client.put(format!("http://{}{path}", self.admin)).body(body.to_string()), bearer).await
    }

    async fn api(&self, request: reqwest::RequestBuilder, bearer: Option<&str>) -> Answer {
        let request = match bearer {
            Some(bearer) => request.bearer_auth(bearer),
            None => request,
        };
        let request = request.build().unwrap();
        let (method, path) = (request.method().to_string(), request.url().path().to_owned());
        let response = self.client.execute(request).await.unwrap();
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let answer = Answer {
            status: response.status().as_u16(),
            asks_for_bearer: header("www-authenticate").as_deref() == Some("Bearer"),
            cache_control: header("cache-control").unwrap_or_default(),
            body: response.json().await.unwrap(),
        };
        // Whatever a test asks for, the answer is as the committed description has it.
        crate::openapi::check(&method, &path, answer.status, &answer.body);
        answer
    }
}
