-- The orders that are placed here, by the caller's key. A row is there before the platform is called.

CREATE TABLE placed_order (
    party             TEXT   NOT NULL,
    idempotency_key   TEXT   NOT NULL,
    request_digest    TEXT   NOT NULL,                           -- SHA-256 of the order as it is sent, hex
    payment_notice_no TEXT   NOT NULL,                           -- '' for an order by order_no
    region_code       TEXT   NOT NULL,
    department_code   TEXT   NOT NULL,
    order_no          TEXT   NOT NULL,                           -- '' for none
    requested_by      TEXT   NOT NULL,
    state             TEXT   NOT NULL CHECK (state IN ('placing', 'open', 'failed', 'unknown')),
    order_id          TEXT            CHECK (order_id IS NOT NULL OR state <> 'open'),
    expires_at        INTEGER          CHECK (expires_at IS NOT NULL OR state <> 'open'),
    reply             TEXT            CHECK (reply IS NOT NULL OR state <> 'open'),   -- JSON, as the platform gave it
    errcode           INTEGER,
    errmsg            TEXT,
    placing_since     INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    PRIMARY KEY (party, idempotency_key)
) STRICT;
CREATE INDEX placed_order_subject ON placed_order (party, payment_notice_no, order_no, region_code, department_code);
CREATE INDEX placed_order_order ON placed_order (party, order_id);

-- One row for each notice or number that an order was placed for. It is locked while another order for it is reserved.
CREATE TABLE order_subject (
    party             TEXT   NOT NULL,
    payment_notice_no TEXT   NOT NULL,
    order_no          TEXT   NOT NULL,
    region_code       TEXT   NOT NULL,
    department_code   TEXT   NOT NULL,
    PRIMARY KEY (party, payment_notice_no, order_no, region_code, department_code)
) STRICT;
