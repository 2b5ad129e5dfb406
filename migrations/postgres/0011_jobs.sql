-- The jobs that gateways do unasked: one row for each, with the lease of the gateway that runs it. Changed by single conditional
-- statements. Columns ending in _at and _until are epoch milliseconds; days are YYYYMMDD in China, '' for none.

CREATE TABLE job (
    name              TEXT   NOT NULL,
    party             TEXT   NOT NULL,            -- '' for a job of the whole database
    first_day         TEXT   NOT NULL,            -- the first day that a daily job answers for
    lease_owner       TEXT   NOT NULL,            -- '' when nobody runs it, and no run was broken off
    lease_until       BIGINT NOT NULL,
    running_day       TEXT   NOT NULL,            -- what the lease's owner works on
    last_started_at   BIGINT,
    last_ended_at     BIGINT,
    last_outcome      TEXT   NOT NULL CHECK (last_outcome IN ('', 'done', 'not_yet', 'failed')),
    last_detail       TEXT   NOT NULL,
    last_succeeded_at BIGINT,
    failures          BIGINT NOT NULL CHECK (failures >= 0),   -- since the last run that did not fail
    next_at           BIGINT,                     -- when it is due, as far as the last run could tell
    requested_at      BIGINT,                     -- somebody wants it run now
    requested_day     TEXT   NOT NULL,
    version           BIGINT NOT NULL,            -- how often it was taken or ended
    PRIMARY KEY (name, party)
);

-- What became of a daily job for a day.
CREATE TABLE job_day (
    name     TEXT   NOT NULL,
    party    TEXT   NOT NULL,
    day      TEXT   NOT NULL,
    tries    BIGINT NOT NULL CHECK (tries > 0),
    tried_at BIGINT NOT NULL,
    outcome  TEXT   NOT NULL CHECK (outcome IN ('done', 'not_yet', 'failed')),
    detail   TEXT   NOT NULL,
    PRIMARY KEY (name, party, day)
);

-- The bodies of notifications as they came in, encrypted, until they are pruned. The journal of callbacks knows them by their digest.
CREATE TABLE callback_body (
    body_id     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    party       TEXT   NOT NULL,
    body_digest TEXT   NOT NULL,                  -- SHA-256, hex, as in callback_journal
    body        BYTEA  NOT NULL,
    received_at BIGINT NOT NULL
);
CREATE INDEX callback_body_digest ON callback_body (body_digest);
CREATE INDEX callback_body_age ON callback_body (received_at);

-- What became of an order that was placed here, once its time was over: the platform was asked.
ALTER TABLE placed_order ADD COLUMN closed_as TEXT NOT NULL DEFAULT '' CHECK (closed_as IN ('', 'expired', 'paid'));
ALTER TABLE placed_order ADD COLUMN looked_at BIGINT;
CREATE INDEX placed_order_open ON placed_order (party, expires_at) WHERE state = 'open' AND closed_as = '';

-- When the bytes of a statement were pruned. That it was there, and its SHA-256, is kept.
ALTER TABLE statement_file ADD COLUMN pruned_at BIGINT;
