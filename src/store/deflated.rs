//! Bytes as they are kept: in zlib's format, which has a checksum of its own and which every tool reads.

use std::io::{self, Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

/// Deflates some bytes. A statement becomes a tenth of what it was.
///
/// # Errors
/// Never in memory; the encoder may say so.
pub(super) fn deflated(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Inflates what was deflated here.
///
/// # Errors
/// What is wrong with it, more than `most_bytes` among it.
pub(super) fn inflated(deflated: &[u8], most_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    ZlibDecoder::new(deflated).take(most_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most_bytes {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("more than {most_bytes} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_deflated_comes_back_and_no_more_than_that() {
        let text = "`2017-09-25 09:39:03,`wx1".repeat(100);
        let small = deflated(text.as_bytes()).unwrap();
        assert!(small.len() < text.len() / 10);
        assert_eq!(inflated(&small, 2500).unwrap(), text.as_bytes());
        assert!(inflated(&small, 2499).is_err());
        assert!(inflated(&small[..small.len() - 1], 2500).is_err());
    }
}
