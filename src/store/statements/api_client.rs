//! The client systems of the admin API, and the audit of what they did.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::change_audit::{self, NewChange};
use super::{Connection, Engine, Row, failed, rows};
use crate::domain::{ApiClient, ApiClientName, PartyName, SecretHash};
use crate::store::{ApiAuditEntry, ApiClients, Author, Revocation, StoreError};

#[async_trait]
impl ApiClients for Engine {
    async fn add_api_client(&self, client: ApiClient, by: Author) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let added = insert(&mut transaction, &client).await?;
        if added {
            let (after, at) = (Some(shown(&client)), client.created_at);
            audit(&mut transaction, ("token_client.add", &client.name), (None, after), &by, at).await?;
        }
        transaction.commit().await.map_err(failed("commit a client system"))?;
        Ok(added)
    }

    async fn find_api_client(&self, name: ApiClientName) -> Result<Option<ApiClient>, StoreError> {
        let found = sqlx::query(
            "SELECT name, secret_hash, scopes, appids, parties, created_at, revoked_at FROM api_client WHERE name = $1",
        )
        .bind(name.as_str())
        .fetch_optional(&mut *self.reader().await?)
        .await
        .map_err(failed("find a client system"))?;
        found.as_ref().map(client).transpose()
    }

    async fn list_api_clients(&self) -> Result<Vec<ApiClient>, StoreError> {
        let found = sqlx::query(
            "SELECT name, secret_hash, scopes, appids, parties, created_at, revoked_at FROM api_client ORDER BY name",
        )
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(failed("list client systems"))?;
        found.iter().map(client).collect()
    }

    async fn revoke_api_client(
        &self,
        name: ApiClientName,
        by: Author,
        at: Timestamp,
    ) -> Result<Revocation, StoreError> {
        let mut transaction = self.begin().await?;
        let revoked = sqlx::query("UPDATE api_client SET revoked_at = $2 WHERE name = $1 AND revoked_at IS NULL")
            .bind(name.as_str())
            .bind(at.as_millisecond())
            .execute(&mut *transaction)
            .await
            .map_err(failed("revoke a client system"))?;
        if revoked.rows_affected() == 1 {
            let (before, after) = (json!({ "revoked": false }), json!({ "revoked": true }));
            audit(&mut transaction, ("token_client.revoke", &name), (Some(before), Some(after)), &by, at).await?;
        }
        transaction.commit().await.map_err(failed("commit a revocation"))?;
        if revoked.rows_affected() == 1 {
            return Ok(Revocation::Revoked);
        }
        let held = self.find_api_client(name).await?;
        Ok(if held.is_some() { Revocation::WasRevoked } else { Revocation::NotFound })
    }

    async fn append_api_audit(&self, entry: ApiAuditEntry) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "INSERT INTO api_client_audit (client, action, appid, peer, detail, outcome, recorded_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(entry.client)
        .bind(entry.action)
        .bind(entry.appid)
        .bind(entry.peer)
        .bind(entry.detail)
        .bind(entry.outcome)
        .bind(entry.recorded_at.as_millisecond())
        .execute(&mut *transaction)
        .await
        .map_err(failed("append to the audit of client systems"))?;
        transaction.commit().await.map_err(failed("commit a row of the audit"))
    }
}

async fn insert(connection: &mut Connection, client: &ApiClient) -> Result<bool, StoreError> {
    let scopes: Vec<_> = client.scopes.iter().map(|scope| scope.name()).collect();
    let inserted = sqlx::query(
        "INSERT INTO api_client (name, secret_hash, scopes, appids, parties, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (name) DO NOTHING",
    )
    .bind(client.name.as_str())
    .bind(hex(client.secret_hash.as_bytes()))
    .bind(scopes.join(" "))
    .bind(client.appids.join(" "))
    .bind(client.parties.iter().map(PartyName::as_str).collect::<Vec<_>>().join(" "))
    .bind(client.created_at.as_millisecond())
    .execute(connection)
    .await
    .map_err(failed("add a client system"))?;
    Ok(inserted.rows_affected() == 1)
}

async fn audit(
    connection: &mut Connection,
    (action, name): (&'static str, &ApiClientName),
    (before, after): (Option<Value>, Option<Value>),
    by: &Author,
    at: Timestamp,
) -> Result<(), StoreError> {
    let change = NewChange { action, subject: name.as_str(), before, after, reason: "" };
    change_audit::append(connection, None, by, &[change], at).await
}

/// What it may do; nothing of its secret.
fn shown(client: &ApiClient) -> Value {
    json!({
        "scopes": client.scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>(),
        "appids": client.appids,
        "parties": client.parties.iter().map(PartyName::as_str).collect::<Vec<_>>(),
    })
}

fn client(row: &Row) -> Result<ApiClient, StoreError> {
    let scopes = rows::text(row, "scopes")?;
    let scopes = scopes.split_whitespace().map(str::parse).collect::<Result<_, _>>();
    let parties = rows::text(row, "parties")?;
    let parties = parties.split_whitespace().map(PartyName::new).collect::<Result<_, _>>();
    let revoked_at = rows::optional_integer(row, "revoked_at")?.map(Timestamp::from_millisecond).transpose();
    let secret_hash = from_hex(&rows::text(row, "secret_hash")?);
    Ok(ApiClient {
        name: ApiClientName::new(&rows::text(row, "name")?).map_err(|e| rows::impossible("api_client.name", e))?,
        secret_hash: secret_hash
            .ok_or_else(|| rows::impossible("api_client.secret_hash", "not 64 hexadecimal digits"))?,
        scopes: scopes.map_err(|e| rows::impossible("api_client.scopes", e))?,
        appids: rows::text(row, "appids")?.split_whitespace().map(str::to_owned).collect(),
        parties: parties.map_err(|e| rows::impossible("api_client.parties", e))?,
        created_at: rows::instant(row, "created_at")?,
        revoked_at: revoked_at.map_err(|e| rows::impossible("api_client.revoked_at", e))?,
    })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn from_hex(text: &str) -> Option<SecretHash> {
    let mut digest = [0; 32];
    if text.len() != 2 * digest.len() || !text.is_ascii() {
        return None;
    }
    for (byte, at) in digest.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
    }
    Some(SecretHash::new(digest))
}
