-- Statements as they were downloaded. A file is known by its hash: another one for the same day stands beside the first, and the one
-- that the platform gave last counts. Columns ending in _at are epoch milliseconds. An absent part of a key is ''.

CREATE TABLE statement_file (
    party       TEXT COLLATE "C" NOT NULL,
    bill_date   TEXT COLLATE "C" NOT NULL,       -- YYYYMMDD, in China
    mch_id      TEXT COLLATE "C" NOT NULL,       -- '' for all merchant accounts
    bill_type   TEXT COLLATE "C" NOT NULL CHECK (bill_type IN ('ALL', 'SUCCESS', 'REFUND')),
    sha256      TEXT COLLATE "C" NOT NULL,       -- hex
    kind        TEXT COLLATE "C" NOT NULL CHECK (kind IN ('csv', 'zip')),
    size_bytes  BIGINT           NOT NULL CHECK (size_bytes > 0),
    chunk_count BIGINT           NOT NULL CHECK (chunk_count > 0),
    fetched_at  BIGINT           NOT NULL,       -- first
    seen_at     BIGINT           NOT NULL,       -- when the platform last gave the same bytes
    pruned_at   BIGINT,                          -- since when the bytes are gone
    PRIMARY KEY (party, bill_date, mch_id, bill_type, sha256)
);

-- Their bytes. The chunks come before the row of their file, so that what has a row is whole.
CREATE TABLE statement_chunk (
    party       TEXT COLLATE "C" NOT NULL,
    bill_date   TEXT COLLATE "C" NOT NULL,
    mch_id      TEXT COLLATE "C" NOT NULL,
    bill_type   TEXT COLLATE "C" NOT NULL,
    sha256      TEXT COLLATE "C" NOT NULL,       -- of the whole file
    chunk_no    BIGINT           NOT NULL CHECK (chunk_no >= 0),
    deflated    BYTEA            NOT NULL,       -- zlib; 1 MiB of the file, the last one less
    PRIMARY KEY (party, bill_date, mch_id, bill_type, sha256, chunk_no)
);
-- It is compressed already.
ALTER TABLE statement_chunk ALTER COLUMN deflated SET STORAGE EXTERNAL;
