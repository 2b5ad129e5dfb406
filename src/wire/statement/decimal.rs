//! Decimals of yuan as whole numbers of a smaller unit, without floats.

/// Decimals of a yuan in fen.
pub(super) const FEN: usize = 2;

/// Decimals of a yuan in 1/1000 fen, in which service fees are stated.
pub(super) const MILLIFEN: usize = 5;

/// The number of units that a decimal is, where a yuan has 10^`places` of them: `12.3` with two places is 1230. Zeros may follow
/// after that.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn units(text: &str, places: usize) -> Result<i64, &'static str> {
    const NO_DECIMAL: &str = "is no decimal such as 12.30";
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return Err(NO_DECIMAL);
    }
    let (kept, beyond) = fraction.split_at(fraction.len().min(places));
    if beyond.bytes().any(|byte| byte != b'0') {
        return Err("has more decimals than its unit");
    }
    let padding = std::iter::repeat_n(b'0', places - kept.len());
    let value = whole
        .bytes()
        .chain(kept.bytes())
        .chain(padding)
        .try_fold(0_i64, |value, digit| value.checked_mul(10)?.checked_add(i64::from(digit - b'0')));
    let value = value.ok_or("is too large")?;
    Ok(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decimals_of_any_length_that_the_unit_holds() {
        for (text, fen) in [("0.01", 1), ("12", 1200), ("12.3", 1230), ("0.00000", 0), ("12.3400", 1234), ("007", 700)]
        {
            assert_eq!(units(text, FEN), Ok(fen), "{text}");
        }
        assert_eq!(units("-0.00600", MILLIFEN), Ok(-600));
        assert_eq!(units("-0.00", FEN), Ok(0));
        assert_eq!(units("92233720368547758.07", FEN), Ok(i64::MAX));
    }

    #[test]
    fn everything_else_is_refused() {
        for wrong in ["", "-", ".5", "1.", "1.2.3", "1e3", "+1", "1,000", " 1", "0.001", "１", "92233720368547758.08"]
        {
            assert!(units(wrong, FEN).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(fen in 0..=i64::MAX) {
            prop_assert_eq!(units(&format!("{}.{:02}", fen / 100, fen % 100), FEN), Ok(fen));
        }

        #[test]
        fn no_text_panics(text in "[-+.0-9e ]{0,30}", places in 0_usize..6) {
            let _ = units(&text, places);
        }
    }
}
