//! Which request is sent next.

/// Requests of one callback.
#[derive(Clone, Copy)]
pub(crate) struct Lane<'a> {
    pub(crate) requests: &'a [Vec<u8>],
    /// Queries may be sent again and again; a notification pays once.
    pub(crate) again: bool,
}

impl<'a> Lane<'a> {
    /// Queries.
    pub(crate) const fn queries(requests: &'a [Vec<u8>]) -> Self {
        Self { requests, again: true }
    }

    /// Notifications.
    pub(crate) const fn notifications(requests: &'a [Vec<u8>]) -> Self {
        Self { requests, again: false }
    }
}

/// A request in its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) lane: usize,
    pub(crate) index: usize,
}

/// One or more lanes, which take turns.
pub(crate) struct Feed<'a> {
    lanes: Vec<Lane<'a>>,
    taken: usize,
}

impl<'a> Feed<'a> {
    /// From their beginnings.
    pub(crate) const fn new(lanes: Vec<Lane<'a>>) -> Self {
        Self { lanes, taken: 0 }
    }

    /// The next request; `None` when the lane whose turn it is has no more.
    pub(crate) fn next(&mut self) -> Option<(Chosen, &'a [u8])> {
        let lane = self.taken % self.lanes.len();
        let Lane { requests, again } = self.lanes[lane];
        let turn = self.taken / self.lanes.len();
        let index = if again { turn % requests.len() } else { turn };
        let request = requests.get(index)?;
        self.taken += 1;
        Some((Chosen { lane, index }, request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_take_turns_until_one_is_used_up() {
        let (queries, notifications) = (vec![vec![1]], vec![vec![2], vec![3]]);
        let mut feed = Feed::new(vec![Lane::queries(&queries), Lane::notifications(&notifications)]);
        let sent: Vec<u8> = std::iter::from_fn(|| feed.next().map(|(_, request)| request[0])).collect();
        assert_eq!(sent, [1, 2, 1, 3, 1]);
        assert_eq!(feed.next(), None);
    }
}
