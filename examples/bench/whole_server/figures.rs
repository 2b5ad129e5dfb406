//! Percentiles, medians over turns, and tables.

/// What one turn gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) replies: u32,
    pub(crate) per_second: u32,
    pub(crate) p50_us: u32,
    pub(crate) p99_us: u32,
    pub(crate) p999_us: u32,
    pub(crate) max_us: u32,
    /// Processor time of the servers under test for each reply.
    pub(crate) server_us: u32,
    /// Of all processes of Postgres.
    pub(crate) postgres_us: u32,
    /// Of the load itself.
    pub(crate) load_us: u32,
    /// Requests that were due at a fixed rate and had no reply when the time was over.
    pub(crate) unanswered: u32,
}

impl Figures {
    /// Of each figure the median by itself.
    pub(crate) fn median(turns: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> u32| median(&turns.iter().map(figure).collect::<Vec<_>>());
        Self {
            replies: of(|turn| turn.replies),
            per_second: of(|turn| turn.per_second),
            p50_us: of(|turn| turn.p50_us),
            p99_us: of(|turn| turn.p99_us),
            p999_us: of(|turn| turn.p999_us),
            max_us: of(|turn| turn.max_us),
            server_us: of(|turn| turn.server_us),
            postgres_us: of(|turn| turn.postgres_us),
            load_us: of(|turn| turn.load_us),
            unanswered: of(|turn| turn.unanswered),
        }
    }
}

/// The middle one; 0 of none.
pub(crate) fn median(numbers: &[u32]) -> u32 {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

/// The smallest of the sorted numbers that `per_mille` of them do not exceed; 0 of none.
pub(crate) fn percentile(sorted: &[u32], per_mille: usize) -> u32 {
    let rank = (sorted.len() * per_mille).div_ceil(1000).max(1);
    sorted.get(rank - 1).copied().unwrap_or(0)
}

/// How many times as much, such as `3.4 ×`.
pub(crate) fn ratio(this: u32, other: u32) -> String {
    if other == 0 { "–".to_owned() } else { format!("{:.2} ×", f64::from(this) / f64::from(other)) }
}

/// Microseconds in milliseconds.
pub(crate) fn ms(us: u32) -> String {
    format!("{:.2}", f64::from(us) / 1000.0)
}

/// A table in Markdown.
pub(crate) struct Table {
    width: usize,
}

impl Table {
    /// Prints the head. The first `texts` columns are texts, the others numbers.
    pub(crate) fn begin(title: &str, columns: &[&str], texts: usize) -> Self {
        let rule = |column: usize| if column < texts { "---" } else { "---:" };
        let rules: Vec<&str> = (0..columns.len()).map(rule).collect();
        println!("\n{title}\n\n| {} |\n| {} |", columns.join(" | "), rules.join(" | "));
        Self { width: columns.len() }
    }

    /// Prints a row.
    pub(crate) fn row(&self, cells: &[String]) {
        debug_assert_eq!(cells.len(), self.width, "{cells:?}");
        println!("| {} |", cells.join(" | "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_numbers_themselves() {
        let numbers: Vec<u32> = (1..=1000).collect();
        assert_eq!(percentile(&numbers, 500), 500);
        assert_eq!(percentile(&numbers, 990), 990);
        assert_eq!(percentile(&numbers, 999), 999);
        assert_eq!(percentile(&numbers, 1000), 1000);
        assert_eq!(percentile(&[7], 999), 7);
        assert_eq!(percentile(&[7, 8], 500), 7);
        assert_eq!(percentile(&[], 500), 0);
    }

    #[test]
    fn each_figure_has_a_median_of_its_own() {
        let turn = |per_second, server_us| Figures { per_second, server_us, ..Figures::default() };
        let median = Figures::median(&[turn(1, 30), turn(3, 10), turn(2, 20)]);
        assert_eq!((median.per_second, median.server_us), (2, 20));
        assert_eq!(ratio(3, 2), "1.50 ×");
        assert_eq!(ms(1234), "1.23");
    }
}
