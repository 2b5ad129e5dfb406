-- Statements as they were downloaded. A file is known by its hash: another one for the same day stands beside the first, and the one
-- that the platform gave last counts. Columns ending in _at are epoch milliseconds. An absent part of a key is ''.

CREATE TABLE statement_file (
    party       TEXT    NOT NULL,
    bill_date   TEXT    NOT NULL,               -- YYYYMMDD, in China
    mch_id      TEXT    NOT NULL,               -- '' for all merchant accounts
    bill_type   TEXT    NOT NULL CHECK (bill_type IN ('ALL', 'SUCCESS', 'REFUND')),
    sha256      TEXT    NOT NULL,               -- hex
    kind        TEXT    NOT NULL CHECK (kind IN ('csv', 'zip')),
    size_bytes  INTEGER NOT NULL CHECK (size_bytes > 0),
    chunk_count INTEGER NOT NULL CHECK (chunk_count > 0),
    fetched_at  INTEGER NOT NULL,               -- first
    seen_at     INTEGER NOT NULL,               -- when the platform last gave the same bytes
    pruned_at   INTEGER,                        -- since when the bytes are gone
    PRIMARY KEY (party, bill_date, mch_id, bill_type, sha256)
) STRICT;

-- Their bytes. The chunks come before the row of their file, so that what has a row is whole.
CREATE TABLE statement_chunk (
    party     TEXT    NOT NULL,
    bill_date TEXT    NOT NULL,
    mch_id    TEXT    NOT NULL,
    bill_type TEXT    NOT NULL,
    sha256    TEXT    NOT NULL,                 -- of the whole file
    chunk_no  INTEGER NOT NULL CHECK (chunk_no >= 0),
    deflated  BLOB    NOT NULL,                 -- zlib; 1 MiB of the file, the last one less
    PRIMARY KEY (party, bill_date, mch_id, bill_type, sha256, chunk_no)
) STRICT;
