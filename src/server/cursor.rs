//! Where a list goes on, as its reader carries it from page to page: text without a meaning of its own.

use axum::Json;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Problem;
use crate::domain::NoticeKey;
use crate::store::{AgeKey, Page, Paged};

/// How many rows a page has unless its reader says.
const PAGE_ROWS: u32 = 100;

/// A key that a list goes on after.
pub(super) trait Cursor: Sized {
    /// Its parts.
    fn parts(&self) -> Vec<String>;

    /// The key of the parts.
    fn of_parts(parts: &[String]) -> Option<Self>;
}

impl Cursor for i64 {
    fn parts(&self) -> Vec<String> {
        vec![self.to_string()]
    }

    fn of_parts(parts: &[String]) -> Option<Self> {
        let [number] = parts else { return None };
        number.parse().ok()
    }
}

impl Cursor for NoticeKey {
    fn parts(&self) -> Vec<String> {
        [self.region_code.as_str(), self.department_code.as_str(), self.payment_notice_no.as_str()]
            .map(str::to_owned)
            .to_vec()
    }

    fn of_parts(parts: &[String]) -> Option<Self> {
        let [region, department, number] = parts else { return None };
        Self::new(region, department, number).ok()
    }
}

impl Cursor for AgeKey {
    fn parts(&self) -> Vec<String> {
        vec![self.created_at.as_millisecond().to_string(), self.name.clone()]
    }

    fn of_parts(parts: &[String]) -> Option<Self> {
        let [created_at, name] = parts else { return None };
        Some(Self { created_at: Timestamp::from_millisecond(created_at.parse().ok()?).ok()?, name: name.clone() })
    }
}

/// A page as its reader gets it: its rows under a name, and where the next one begins.
pub(super) fn answer<R, K: Cursor>(name: &str, listed: &Paged<R, K>, show: impl Fn(&R) -> Value) -> Json<Value> {
    let rows: Value = listed.rows.iter().map(show).collect();
    Json(json!({ name: rows, "next": listed.next.as_ref().map(write) }))
}

/// The key as text.
fn write<K: Cursor>(key: &K) -> String {
    let parts: Value = key.parts().into();
    BASE64_URL_SAFE_NO_PAD.encode(parts.to_string())
}

fn read<K: Cursor>(text: &str) -> Option<K> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    K::of_parts(&serde_json::from_slice::<Vec<String>>(&bytes).ok()?)
}

/// The page that a reader asks for.
pub(super) fn page<K: Cursor>(after: Option<&str>, limit: Option<u32>) -> Result<Page<K>, Problem> {
    let after = after.map(|text| {
        read(text).ok_or_else(|| Problem::invalid_request("after is not what a page of this list gave as its next"))
    });
    Ok(Page::new(after.transpose()?, limit.unwrap_or(PAGE_ROWS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_by_its_own_list_alone() {
        let key = NoticeKey::new("440000", "1/2", "叶 \"3").unwrap();
        assert_eq!(read(&write(&key)), Some(key.clone()));
        assert_eq!(read(&write(&7_i64)), Some(7_i64));
        let age =
            AgeKey { created_at: Timestamp::from_millisecond(1_700_000_000_123).unwrap(), name: "client:a:b".into() };
        assert_eq!(read(&write(&age)), Some(age));
        assert_eq!(read::<i64>(&write(&key)), None);
        for text in ["", "7", "!", "WzFd"] {
            assert_eq!(read::<NoticeKey>(text), None, "{text}");
        }
    }
}
