//! The encodings of notice files: UTF-8, and GBK as finance systems in China still write it.

/// How a file's text is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Found out: a BOM or valid UTF-8 means UTF-8, anything else GBK.
    #[default]
    Auto,
    /// UTF-8, with or without a BOM.
    Utf8,
    /// GBK, read as its superset GB18030.
    Gbk,
}

/// The byte order mark of UTF-8.
pub(in crate::app) const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

/// Whether a file begins as UTF-16 does (a spreadsheet's "Unicode text").
pub(in crate::app) fn begins_as_utf16(start: &[u8]) -> bool {
    start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff")
}

/// The encoding that the beginning of a file shows; `Auto` while there is nothing in it but ASCII.
///
/// Lines are counted, so that one broken line does not turn a UTF-8 file into a GBK one and its names into nonsense: a line of
/// GBK is hardly ever valid UTF-8.
pub(in crate::app) fn detect(start: &[u8]) -> Encoding {
    if start.starts_with(UTF8_BOM) {
        return Encoding::Utf8;
    }
    // The last line may be cut within a character.
    let whole = start.iter().rposition(|byte| *byte == b'\n').map_or(start, |end| &start[..end]);
    let telling = whole.split(|byte| *byte == b'\n').filter(|line| !line.is_ascii());
    let (valid, invalid): (Vec<_>, Vec<_>) = telling.partition(|line| is_utf8_but_for_a_cut_end(line));
    match (valid.len(), invalid.len()) {
        (0, 0) => Encoding::Auto,
        (valid, invalid) if valid >= invalid => Encoding::Utf8,
        _ => Encoding::Gbk,
    }
}

fn is_utf8_but_for_a_cut_end(line: &[u8]) -> bool {
    std::str::from_utf8(line).err().is_none_or(|error| error.error_len().is_none())
}

/// The text of a line. `encoding` is settled by the first line that is more than ASCII.
///
/// # Errors
/// What is wrong with the bytes.
pub(in crate::app) fn decode(line: Vec<u8>, encoding: &mut Encoding) -> Result<String, String> {
    if *encoding == Encoding::Auto && !line.is_ascii() {
        *encoding = if std::str::from_utf8(&line).is_ok() { Encoding::Utf8 } else { Encoding::Gbk };
    }
    if *encoding == Encoding::Gbk {
        return encoding_rs::GB18030
            .decode_without_bom_handling_and_without_replacement(&line)
            .map(std::borrow::Cow::into_owned)
            .ok_or_else(|| "the line is not valid GBK: write the file as UTF-8 or GBK throughout".to_owned());
    }
    String::from_utf8(line).map_err(|error| {
        let column = error.utf8_error().valid_up_to() + 1;
        format!("the line is not valid UTF-8 at byte {column}: if the file is GBK, say --encoding gbk")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GBK: &[u8] = b"\xb9\xe3\xd6\xdd\xca\xd0"; // 广州市

    #[test]
    fn the_beginning_of_a_file_tells() {
        assert_eq!(detect(b"region_code\n"), Encoding::Auto);
        assert_eq!(detect("a\n广州市\n".as_bytes()), Encoding::Utf8);
        assert_eq!(detect(b"\xef\xbb\xbfregion_code"), Encoding::Utf8);
        assert_eq!(detect(&[b"a\n", GBK, b"\n"].concat()), Encoding::Gbk);
        assert_eq!(detect(&"广州市".as_bytes()[..7]), Encoding::Utf8, "cut within a character");
    }

    #[test]
    fn one_broken_line_does_not_change_the_encoding_of_all() {
        let text = ["广州市\n".as_bytes(), "广州市\n".as_bytes(), GBK, b"\n"].concat();
        assert_eq!(detect(&text), Encoding::Utf8);
    }

    #[test]
    fn the_first_telling_line_settles_it() {
        let mut encoding = Encoding::Auto;
        assert_eq!(decode(b"fee".to_vec(), &mut encoding).unwrap(), "fee");
        assert_eq!(encoding, Encoding::Auto);
        assert_eq!(decode(GBK.to_vec(), &mut encoding).unwrap(), "广州市");
        assert_eq!(encoding, Encoding::Gbk);
        let mut utf8 = Encoding::Utf8;
        assert!(decode(GBK.to_vec(), &mut utf8).unwrap_err().contains("--encoding gbk"));
        let mut gbk = Encoding::Gbk;
        assert!(decode(b"\xff\xff".to_vec(), &mut gbk).is_err());
    }
}
