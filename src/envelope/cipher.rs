//! AES with PKCS#7 padding, the key schedule prepared once: CBC for the callbacks, ECB for the real name.

use aes::cipher::{BlockCipherDecrypt as _, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit};
use aes::{Aes128, Aes192, Aes256, Block};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _, ConstantTimeLess as _};

/// Length of an iv and of a block.
pub const IV_BYTES: usize = 16;

/// A whole block, when the plaintext ends with one.
const LONGEST_PADDING: u8 = 16;

/// A key schedule. The `zeroize` feature of the cipher wipes it on drop.
pub(super) enum Aes {
    Bits128(Box<Aes128>),
    Bits192(Box<Aes192>),
    Bits256(Box<Aes256>),
}

impl Aes {
    /// The schedule of a key of 16, 24 or 32 bytes.
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        match key.len() {
            16 => Aes128::new_from_slice(key).ok().map(|aes| Self::Bits128(Box::new(aes))),
            24 => Aes192::new_from_slice(key).ok().map(|aes| Self::Bits192(Box::new(aes))),
            32 => Aes256::new_from_slice(key).ok().map(|aes| Self::Bits256(Box::new(aes))),
            _ => None,
        }
    }

    pub(super) const fn bits(&self) -> usize {
        match self {
            Self::Bits128(_) => 128,
            Self::Bits192(_) => 192,
            Self::Bits256(_) => 256,
        }
    }
}

/// What is wrong with a ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadCiphertext {
    /// Not an iv and at least one whole block.
    Length(usize),
    /// The padding of the last block is not PKCS#7's.
    Padding,
}

/// iv ‖ ciphertext.
pub(super) fn encrypt(aes: &Aes, plaintext: &[u8], iv: [u8; IV_BYTES]) -> Vec<u8> {
    let padding = IV_BYTES - plaintext.len() % IV_BYTES;
    let mut bytes = Vec::with_capacity(IV_BYTES + plaintext.len() + padding);
    bytes.extend_from_slice(&iv);
    bytes.extend_from_slice(plaintext);
    // At most 16.
    bytes.resize(bytes.len() + padding, padding.to_le_bytes()[0]);
    let (blocks, _) = Block::slice_as_chunks_mut(&mut bytes[IV_BYTES..]);
    match aes {
        Aes::Bits128(aes) => cbc::Encryptor::inner_iv_init(&**aes, &iv.into()).encrypt_blocks(blocks),
        Aes::Bits192(aes) => cbc::Encryptor::inner_iv_init(&**aes, &iv.into()).encrypt_blocks(blocks),
        Aes::Bits256(aes) => cbc::Encryptor::inner_iv_init(&**aes, &iv.into()).encrypt_blocks(blocks),
    }
    bytes
}

/// The plaintext of iv ‖ ciphertext. Whether the padding is right is decided without a branch on its bytes.
pub(super) fn decrypt(aes: &Aes, iv_and_ciphertext: &[u8]) -> Result<Vec<u8>, BadCiphertext> {
    let length = iv_and_ciphertext.len();
    if length < 2 * IV_BYTES || !length.is_multiple_of(IV_BYTES) {
        return Err(BadCiphertext::Length(length));
    }
    let (iv, ciphertext) = iv_and_ciphertext.split_at(IV_BYTES);
    let iv = Block::try_from(iv).map_err(|_| BadCiphertext::Length(length))?;
    let mut plaintext = ciphertext.to_vec();
    let (blocks, _) = Block::slice_as_chunks_mut(&mut plaintext);
    match aes {
        Aes::Bits128(aes) => cbc::Decryptor::inner_iv_init(&**aes, &iv).decrypt_blocks(blocks),
        Aes::Bits192(aes) => cbc::Decryptor::inner_iv_init(&**aes, &iv).decrypt_blocks(blocks),
        Aes::Bits256(aes) => cbc::Decryptor::inner_iv_init(&**aes, &iv).decrypt_blocks(blocks),
    }
    let padding = padding_of(&plaintext[plaintext.len() - IV_BYTES..]).ok_or(BadCiphertext::Padding)?;
    plaintext.truncate(plaintext.len() - padding);
    Ok(plaintext)
}

/// The plaintext of AES-ECB with PKCS#5 padding, which only the real name comes in. There is no iv.
pub(super) fn decrypt_ecb(aes: &Aes, ciphertext: &[u8]) -> Result<Vec<u8>, BadCiphertext> {
    let length = ciphertext.len();
    if length == 0 || !length.is_multiple_of(IV_BYTES) {
        return Err(BadCiphertext::Length(length));
    }
    let mut plaintext = ciphertext.to_vec();
    let (blocks, _) = Block::slice_as_chunks_mut(&mut plaintext);
    match aes {
        Aes::Bits128(aes) => aes.decrypt_blocks(blocks),
        Aes::Bits192(aes) => aes.decrypt_blocks(blocks),
        Aes::Bits256(aes) => aes.decrypt_blocks(blocks),
    }
    let padding = padding_of(&plaintext[length - IV_BYTES..]).ok_or(BadCiphertext::Padding)?;
    plaintext.truncate(length - padding);
    Ok(plaintext)
}

/// AES-ECB with PKCS#5 padding, as the platform makes it: the tests' side of [`decrypt_ecb`].
#[cfg(test)]
pub(super) fn encrypt_ecb(aes: &Aes, plaintext: &[u8]) -> Vec<u8> {
    use aes::cipher::BlockCipherEncrypt as _;
    let padding = IV_BYTES - plaintext.len() % IV_BYTES;
    let mut bytes = plaintext.to_vec();
    bytes.resize(bytes.len() + padding, padding.to_le_bytes()[0]);
    let (blocks, _) = Block::slice_as_chunks_mut(&mut bytes);
    match aes {
        Aes::Bits128(aes) => aes.encrypt_blocks(blocks),
        Aes::Bits192(aes) => aes.encrypt_blocks(blocks),
        Aes::Bits256(aes) => aes.encrypt_blocks(blocks),
    }
    bytes
}

/// The length of the padding of a last block, looking at all 16 bytes whatever they are.
fn padding_of(last_block: &[u8]) -> Option<usize> {
    let claimed = last_block[IV_BYTES - 1];
    let mut right = !claimed.ct_eq(&0) & !LONGEST_PADDING.ct_lt(&claimed);
    for (from_end, byte) in (1_u8..).zip(last_block.iter().rev()) {
        let is_padding = !claimed.ct_lt(&from_end);
        right &= Choice::conditional_select(&Choice::from(1), &byte.ct_eq(&claimed), is_padding);
    }
    bool::from(right).then_some(usize::from(claimed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_padding_but_the_right_ones_is_refused() {
        for length in 0..=255_u8 {
            let mut block = [0xAA; 16];
            let tail = usize::from(length).min(16);
            block[16 - tail..].fill(length);
            block[15] = length;
            let expected = (1..=16).contains(&length).then_some(usize::from(length));
            assert_eq!(padding_of(&block), expected, "{length}");
        }
        let mut wrong_inside = [16; 16];
        wrong_inside[0] = 15;
        assert_eq!(padding_of(&wrong_inside), None);
    }

    #[test]
    fn an_iv_alone_or_half_a_block_is_no_ciphertext() {
        let aes = Aes::new(&[1; 32]).unwrap();
        for length in [0, 1, 16, 31, 33, 47] {
            assert_eq!(decrypt(&aes, &vec![0; length]), Err(BadCiphertext::Length(length)));
        }
    }

    #[test]
    fn the_length_grows_by_whole_blocks_and_comes_back() {
        for key in [&[1_u8; 16][..], &[2; 24], &[3; 32]] {
            let aes = Aes::new(key).unwrap();
            for length in 0..70 {
                let plaintext = vec![9; length];
                let sealed = encrypt(&aes, &plaintext, [5; 16]);
                assert_eq!(sealed.len(), 16 + (length / 16 + 1) * 16);
                assert_eq!(decrypt(&aes, &sealed).unwrap(), plaintext);
            }
        }
    }
}
