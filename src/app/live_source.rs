//! The live source of a party: the bureau's own back office, asked for a notice while a query waits (docs/live-source.md).

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::redirect::Policy;
use serde::Deserialize;
use serde_json::{Value, json};

use super::notice_file::NoticeReader;
use super::upsert_notices::ONE_A_LINE;
use crate::domain::DepartmentCode;
use crate::store::{NoticeDraft, ReceivablesLookup};

/// The largest reply that is read. A notice with a thousand items has a hundred kilobytes.
const MAX_REPLY_BYTES: usize = 1 << 20;

/// The word by which the back office says that there is no such notice. A 404 without it may be anybody's.
const NOTICE_UNKNOWN: &str = "notice_unknown";

/// What is done when the back office does not answer as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveFallback {
    /// The book's copy is answered; where it holds none, 299.
    Local,
    /// 299.
    Error,
}

/// A back office to ask.
pub struct LiveSource {
    client: reqwest::Client,
    url: String,
    authorization: HeaderValue,
    /// What is done when it does not answer.
    pub fallback: LiveFallback,
}

/// A back office that cannot be asked at all.
#[derive(Debug, thiserror::Error)]
pub enum NoLiveSource {
    /// The TLS roots of this machine cannot be read.
    #[error("no connection can be made to a live source")]
    Connections(#[source] reqwest::Error),
    /// The bearer token cannot stand in a header.
    #[error("the bearer token of a live source holds a line end or another control character")]
    Bearer,
}

/// What the back office says.
#[derive(Debug)]
pub(super) enum LiveAnswer {
    /// This is the notice.
    Notice(Box<NoticeDraft>),
    /// There is no such notice.
    Unknown,
}

/// A back office that did not answer as it should. Nothing of what it said is shown: it may name a payer.
#[derive(Debug, thiserror::Error)]
pub enum LiveSourceError {
    /// It did not answer in time.
    #[error("the live source did not answer in time")]
    Late,
    /// It cannot be reached.
    #[error("the live source cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// It said something else than the contract has.
    #[error("the live source answered with HTTP status {status}: {problem}")]
    Unreadable {
        /// The status.
        status: u16,
        /// What is wrong with it.
        problem: String,
    },
}

#[derive(Deserialize)]
struct Complaint {
    error: String,
}

impl LiveSource {
    /// A source at `url`, which knows us by `bearer` and is given `timeout` for each answer.
    ///
    /// # Errors
    /// [`NoLiveSource`] when it can never be asked.
    pub fn new(url: String, bearer: &str, timeout: Duration, fallback: LiveFallback) -> Result<Self, NoLiveSource> {
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .timeout(timeout)
            .user_agent(concat!("nontax-gateway/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(NoLiveSource::Connections)?;
        let mut authorization = HeaderValue::from_str(&format!("Bearer {bearer}")).map_err(|_| NoLiveSource::Bearer)?;
        authorization.set_sensitive(true);
        Ok(Self { client, url, authorization, fallback })
    }

    /// Asks for the notice of a query.
    pub(super) async fn ask(&self, lookup: &ReceivablesLookup) -> Result<LiveAnswer, LiveSourceError> {
        let body = json!({
            "party": lookup.party.as_str(),
            "region_code": lookup.region_code.as_str(),
            "department_code": lookup.department_code.as_ref().map(DepartmentCode::as_str),
            "payment_notice_no": lookup.payment_notice_no.as_str(),
        });
        let request = self.client.post(&self.url).header(AUTHORIZATION, self.authorization.clone());
        let request = request.header("content-type", "application/json").body(body.to_string());
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status();
        let unreadable =
            |problem: &str| LiveSourceError::Unreadable { status: status.as_u16(), problem: problem.into() };
        let mut reply = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(failed)? {
            if reply.len() + piece.len() > MAX_REPLY_BYTES {
                return Err(unreadable("the reply is larger than 1 MiB"));
            }
            reply.extend_from_slice(&piece);
        }
        match status {
            StatusCode::OK => notice_of(&reply, lookup).map_err(|problem| unreadable(&problem)),
            StatusCode::NOT_FOUND if says_unknown(&reply) => Ok(LiveAnswer::Unknown),
            StatusCode::NOT_FOUND => Err(unreadable("it does not say {\"error\": \"notice_unknown\"}")),
            _ => Err(unreadable("200 or 404 was expected")),
        }
    }
}

fn failed(error: reqwest::Error) -> LiveSourceError {
    if error.is_timeout() { LiveSourceError::Late } else { LiveSourceError::Unreachable(error.without_url()) }
}

fn says_unknown(reply: &[u8]) -> bool {
    serde_json::from_slice(reply).is_ok_and(|complaint: Complaint| complaint.error == NOTICE_UNKNOWN)
}

/// The notice of a reply, checked as an import checks it, when it is the one that was asked for.
fn notice_of(reply: &[u8], lookup: &ReceivablesLookup) -> Result<LiveAnswer, String> {
    let document: Value = serde_json::from_slice(reply).map_err(|_| "it is not JSON".to_owned())?;
    let line = document.to_string();
    let mut reader = NoticeReader::open(line.as_bytes(), ONE_A_LINE).map_err(|error| error.to_string())?;
    let read = reader.read_notice().map_err(|error| error.to_string())?;
    let draft = read.ok_or("it is empty")?.map_err(|refused| refused.to_string())?;
    let key = &draft.notice.key;
    let is_asked_for = key.payment_notice_no == lookup.payment_notice_no
        && key.region_code == lookup.region_code
        && lookup.department_code.as_ref().is_none_or(|code| *code == key.department_code);
    if is_asked_for { Ok(LiveAnswer::Notice(Box::new(draft))) } else { Err("it is another notice's".to_owned()) }
}
