//! The payer's code, as the scanner read it.

use std::fmt;

use zeroize::Zeroizing;

/// How many digits a code has (source §6.1.9).
const DIGITS: usize = 18;

/// What the first two digits are (source §6.1.9).
const PREFIXES: [&str; 6] = ["10", "11", "12", "13", "14", "15"];

/// Text that is no payer's code. It is not quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("auth_code is not 18 digits that begin with 10, 11, 12, 13, 14 or 15")]
pub struct InvalidAuthCode;

/// The payer's code: good for one payment, and shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthCode(Zeroizing<String>);

impl AuthCode {
    /// Checks and keeps `text`, without blanks around it.
    ///
    /// # Errors
    /// [`InvalidAuthCode`] when it is not 18 digits that begin with 10 to 15.
    pub fn new(text: &str) -> Result<Self, InvalidAuthCode> {
        let text = text.trim();
        let sound = text.len() == DIGITS
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && PREFIXES.iter().any(|prefix| text.starts_with(prefix));
        if sound { Ok(Self(Zeroizing::new(text.to_owned()))) } else { Err(InvalidAuthCode) }
    }

    /// The digits, for the call and the store.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AuthCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthCode(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eighteen_digits_with_a_known_beginning() {
        let code = AuthCode::new(" 134971951305811268").unwrap();
        assert_eq!((code.expose(), format!("{code:?}").as_str()), ("134971951305811268", "AuthCode(redacted)"));
        for wrong in ["", "13497195130581126", "1349719513058112680", "164971951305811268", "13497195130581126x"] {
            assert_eq!(AuthCode::new(wrong), Err(InvalidAuthCode), "{wrong}");
        }
    }
}
