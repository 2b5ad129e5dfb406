-- The book of every party: notices, orders, payments, refunds, suspensions.
-- Amounts are fen. Columns ending in _time are Unix seconds as the platform tells them, _at our own epoch milliseconds,
-- _date days in China as YYYYMMDD. An absent part of a key is ''.

CREATE TABLE notice (
    party                      TEXT   NOT NULL,
    payment_notice_no          TEXT   NOT NULL,
    region_code                TEXT   NOT NULL,
    department_code            TEXT   NOT NULL,
    department_name            TEXT   NOT NULL,
    payment_notice_type        INTEGER NOT NULL CHECK (payment_notice_type IN (1, 2)),
    user_name                  TEXT,
    payment_notice_create_time INTEGER,
    payment_expire_date        TEXT,
    fee                        INTEGER NOT NULL CHECK (fee >= 0),
    items                      TEXT   NOT NULL,
    late_payment               TEXT   NOT NULL CHECK (late_payment IN ('refused', 'allowed')),
    bank_ids                   TEXT   NOT NULL,
    state                      TEXT   NOT NULL CHECK (state IN ('unpaid', 'paid', 'canceled', 'suspended')),
    paid_by_order              TEXT            CHECK (paid_by_order IS NULL OR state = 'paid'),
    origin                     TEXT   NOT NULL CHECK (origin IN ('import', 'order')),
    version                    INTEGER NOT NULL,
    created_at                 INTEGER NOT NULL,
    updated_at                 INTEGER NOT NULL,
    -- The number first: a query without a department finds its notice by the same index.
    PRIMARY KEY (party, payment_notice_no, region_code, department_code)
) STRICT;

-- What is known of the platform's orders. Without a fee nothing is known but that the order was notified.
CREATE TABLE platform_order (
    party               TEXT   NOT NULL,
    order_id            TEXT   NOT NULL,
    payment_notice_no   TEXT   NOT NULL,
    region_code         TEXT   NOT NULL,
    department_code     TEXT   NOT NULL,
    fee                 INTEGER          CHECK (fee >= 0),
    bank_id             TEXT,
    department_name     TEXT,
    payment_notice_type INTEGER,
    items               TEXT   NOT NULL,
    source              TEXT            CHECK (source IN ('registered', 'notification', 'platform')),
    state               TEXT   NOT NULL CHECK (state IN ('open', 'refunded_ahead', 'paid', 'partly_refunded', 'refunded')),
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    PRIMARY KEY (party, order_id)
) STRICT;
CREATE INDEX platform_order_notice ON platform_order (party, payment_notice_no, region_code, department_code);

CREATE TABLE payment (
    payment_id         INTEGER PRIMARY KEY AUTOINCREMENT,
    party              TEXT   NOT NULL,
    order_id           TEXT   NOT NULL,
    payment_notice_no  TEXT   NOT NULL,
    region_code        TEXT   NOT NULL,
    department_code    TEXT   NOT NULL,
    fee                INTEGER          CHECK (fee >= 0),
    pay_channel        TEXT   NOT NULL,
    pay_finish_time    INTEGER,
    disposition        TEXT   NOT NULL CHECK (disposition IN ('settles', 'recorded', 'refused', 'held')),
    objection          TEXT,
    objection_order_id TEXT,
    recorded_at        INTEGER NOT NULL,
    UNIQUE (party, order_id)
) STRICT;
-- A notice is settled by at most one order at a time, whatever the programs above believe.
CREATE UNIQUE INDEX payment_settles ON payment (party, payment_notice_no, region_code, department_code)
    WHERE disposition = 'settles';
CREATE INDEX payment_held ON payment (party) WHERE disposition = 'held';

CREATE TABLE refund (
    party              TEXT   NOT NULL,
    order_id           TEXT   NOT NULL,
    refund_order_id    TEXT   NOT NULL,   -- '' for a refund of all that was left
    refund_fee         INTEGER          CHECK (refund_fee >= 0),
    refund_finish_time INTEGER,
    recorded_at        INTEGER NOT NULL,
    PRIMARY KEY (party, order_id, refund_order_id)
) STRICT;

CREATE TABLE suspension (
    party      TEXT   NOT NULL,
    scope      TEXT   NOT NULL CHECK (scope IN ('everything', 'department', 'item')),
    subject    TEXT   NOT NULL,           -- '' for everything
    reason     TEXT   NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (party, scope, subject)
) STRICT;
