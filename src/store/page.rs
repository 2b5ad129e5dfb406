//! Lists read page by page: where a page goes on, and what it holds.

/// The most rows of a page: what a reader takes in one piece, and a gateway keeps in memory while it writes them.
pub const MAX_PAGE_ROWS: u32 = 1_000;

/// How many rows a page looks at to find those that fit: a search for what hardly ever occurs costs no more than this, and goes on
/// with the next page.
pub(super) const MAX_ROWS_LOOKED_AT: u32 = 20_000;

/// Which page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<K> {
    /// The key that the page before it ended with; `None` for the first.
    pub after: Option<K>,
    limit: u32,
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paged<T, K> {
    /// What it holds; it may be empty though there are more pages.
    pub rows: Vec<T>,
    /// Where the next page goes on; `None` for the last one.
    pub next: Option<K>,
}

impl<K> Page<K> {
    /// A page of at most `limit` rows, of at least one and no more than [`MAX_PAGE_ROWS`].
    #[must_use]
    pub fn new(after: Option<K>, limit: u32) -> Self {
        Self { after, limit: limit.clamp(1, MAX_PAGE_ROWS) }
    }

    /// One row more than it holds: it tells whether there is a next page.
    pub(super) const fn one_more(&self) -> i64 {
        self.limit as i64 + 1
    }

    /// The page of rows that were read with [`Self::one_more`].
    pub(super) fn of<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> K) -> Paged<T, K> {
        let limit = self.limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(key);
        Paged { rows, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_goes_on_while_there_is_more() {
        let page = Page::new(None, 2);
        assert_eq!(page.of(vec![1, 2, 3], |row| *row), Paged { rows: vec![1, 2], next: Some(2) });
        assert_eq!(page.of(vec![1, 2], |row| *row), Paged { rows: vec![1, 2], next: None });
        assert_eq!((Page::<i64>::new(None, 0).one_more(), Page::<i64>::new(None, u32::MAX).one_more()), (2, 1_001));
    }
}
