//! As much of HTTP/1.1 as the replies of servers on loopback need: a status line and a Content-Length.

use std::ops::Range;

/// A head longer than this is none.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// A whole reply at the start of what was received.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Range<usize>,
}

/// Reads a reply; `None` while some of it is still to come.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read(received: &[u8]) -> Result<Option<Reply>, String> {
    let Some(head_end) = received.windows(4).position(|four| four == b"\r\n\r\n") else {
        if received.len() > MAX_HEAD_BYTES {
            return Err(format!("no end of the head within {MAX_HEAD_BYTES} bytes"));
        }
        return Ok(None);
    };
    let head = str::from_utf8(&received[..head_end]).map_err(|_| "the head is not UTF-8".to_owned())?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
    let status = status.ok_or_else(|| format!("no status line of HTTP/1.1: {head}"))?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
    });
    let length = length.and_then(Result::ok).ok_or_else(|| format!("no Content-Length: {head}"))?;
    let body = head_end + 4..head_end + 4 + length;
    Ok((received.len() >= body.end).then_some(Reply { status, body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPLY: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-LENGTH: 5\r\n\r\nhello";

    #[test]
    fn a_reply_is_complete_with_its_last_byte_and_not_before() {
        for end in 0..REPLY.len() {
            assert_eq!(read(&REPLY[..end]), Ok(None), "{end} bytes");
        }
        let start = REPLY.len() - 5;
        assert_eq!(read(REPLY), Ok(Some(Reply { status: 200, body: start..REPLY.len() })));
    }

    #[test]
    fn what_follows_a_reply_is_not_taken_for_it() {
        let two = [REPLY, REPLY].concat();
        assert_eq!(read(&two).unwrap().unwrap().body.end, REPLY.len());
    }

    #[test]
    fn what_is_no_reply_is_told() {
        assert!(read(b"HTTP/1.1 2 OK\r\nContent-Length: 0\r\n\r\n").is_err());
        assert!(read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
        assert!(read(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n").is_err());
        assert!(read(&vec![b'x'; MAX_HEAD_BYTES + 1]).is_err());
    }
}
