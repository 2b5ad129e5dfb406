-- Reconciliation: the book in the order in which a statement of a day is compared with it, the runs, and what differed.
-- Amounts are fen. Columns ending in _at are epoch milliseconds, bill_date is a day in China as YYYYMMDD.

-- The day in China of a payment or refund, as days since 1970-01-01: of the time that the platform told, else of when it was written
-- down. The day comes first: no index but the key begins with what a key begins with, so that look-ups by key have one way to go.
-- order_id is compared by its bytes, as the statement's rows are sorted.
CREATE INDEX payment_day ON payment ((COALESCE(pay_finish_time, recorded_at / 1000) + 28800) / 86400, party, order_id);
CREATE INDEX refund_day ON refund ((COALESCE(refund_finish_time, recorded_at / 1000) + 28800) / 86400, party, order_id);

-- The last run of each day.
CREATE TABLE reconciliation_run (
    party                   TEXT   NOT NULL,
    bill_date               TEXT   NOT NULL,
    run                     INTEGER NOT NULL,           -- counted from 1
    statement_sha256        TEXT   NOT NULL,
    stated_payments         INTEGER NOT NULL,
    stated_paid_fee         INTEGER NOT NULL,
    stated_refunds          INTEGER NOT NULL,
    stated_refunded_fee     INTEGER NOT NULL,
    bad_rows                INTEGER NOT NULL,
    booked_payments         INTEGER NOT NULL,
    booked_paid_fee         INTEGER NOT NULL,
    booked_refunds          INTEGER NOT NULL,
    booked_refunded_fee     INTEGER NOT NULL,
    started_at              INTEGER NOT NULL,
    ended_at                INTEGER,                    -- while it runs, or after a crash, there is none
    PRIMARY KEY (party, bill_date)
) STRICT;

CREATE TABLE discrepancy (
    discrepancy_id  INTEGER PRIMARY KEY AUTOINCREMENT,
    party           TEXT   NOT NULL,
    bill_date       TEXT   NOT NULL,
    kind            TEXT   NOT NULL,
    order_id        TEXT   NOT NULL,
    refund_order_id TEXT   NOT NULL,                       -- '' for a payment, and for a refund of all that was left
    state           TEXT   NOT NULL CHECK (state IN ('in_flight', 'open', 'healing', 'queued', 'healed', 'vanished', 'closed')),
    stated_fee      INTEGER          CHECK (stated_fee >= 0),
    booked_fee      INTEGER          CHECK (booked_fee >= 0),
    evidence        TEXT   NOT NULL,                       -- JSON: what both sides told
    seen            TEXT   NOT NULL,                       -- JSON: what the platform's order showed while it was healed; '' before
    stage           TEXT   NOT NULL,                       -- what was done last to heal it
    attempts        INTEGER NOT NULL CHECK (attempts >= 0),
    last_at         INTEGER,
    approved_by     TEXT   NOT NULL,                       -- who said yes to a refund; '' for nobody
    reason          TEXT   NOT NULL,                       -- why it is where it is
    closed_by       TEXT   NOT NULL,                       -- who closed it; '' for nobody
    seen_run        INTEGER NOT NULL,                       -- the last run that found it
    version         INTEGER NOT NULL,
    opened_at       INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    closed_at       INTEGER,
    UNIQUE (party, bill_date, order_id, refund_order_id, kind)
) STRICT;
CREATE INDEX discrepancy_unfinished ON discrepancy (party, discrepancy_id) WHERE state IN ('in_flight', 'open', 'healing', 'queued');
CREATE INDEX discrepancy_order ON discrepancy (order_id);
