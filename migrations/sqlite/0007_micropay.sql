-- Payments at the counter: where each stands is kept before each call, so that nobody is charged twice.
-- Columns ending in _at and _until are epoch milliseconds. An absent part of a key is ''.

CREATE TABLE micropay (
    party               TEXT    NOT NULL,
    micropay_key        TEXT    NOT NULL,          -- what the caller knows it by
    request_digest      TEXT    NOT NULL,          -- SHA-256 of the request, hex
    request             TEXT    NOT NULL,          -- JSON, without the payer's code
    auth_code           TEXT,                      -- the payer's code; gone at the end
    region_code         TEXT    NOT NULL,
    department_code     TEXT    NOT NULL,
    payment_notice_no   TEXT    NOT NULL,
    order_no            TEXT    NOT NULL,
    fee                 INTEGER NOT NULL CHECK (fee >= 0),
    state               TEXT    NOT NULL CHECK (state IN ('waiting', 'submitting', 'asking', 'giving_up', 'abandoned',
        'refunding', 'paid', 'failed', 'closed', 'refunded', 'needs_person')),
    order_id            TEXT,
    order_named         INTEGER NOT NULL CHECK (order_named IN (0, 1)), -- whether a reply named it
    attempts            INTEGER NOT NULL CHECK (attempts >= 0),
    doubt               TEXT    NOT NULL CHECK (doubt IN ('none', 'password_pending', 'unknown')),
    errcode             INTEGER,                   -- of the last refusal
    errmsg              TEXT,
    refusal_about       TEXT             CHECK (refusal_about IN ('request', 'code', 'code_used', 'payment', 'unlisted')),
    gave_up             TEXT             CHECK (gave_up IN ('time_up', 'canceled', 'paid_by_another')),
    failed_looks        INTEGER NOT NULL,
    reason              TEXT,                      -- why a person is needed
    first_call_at       INTEGER,
    last_call_at        INTEGER,
    next_at             INTEGER,
    watch_until         INTEGER,
    cancel_requested_at INTEGER,
    lease_owner         TEXT    NOT NULL,          -- '' when nobody runs it
    lease_until         INTEGER NOT NULL,
    version             INTEGER NOT NULL,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    ended_at            INTEGER,
    PRIMARY KEY (party, micropay_key),
    CHECK (ended_at IS NULL OR auth_code IS NULL),
    CHECK (ended_at IS NOT NULL OR next_at IS NOT NULL),
    CHECK (order_id IS NOT NULL OR state NOT IN ('refunding', 'paid', 'refunded')),
    CHECK (watch_until IS NOT NULL OR state <> 'abandoned'),
    CHECK ((ended_at IS NOT NULL) = (state IN ('paid', 'failed', 'closed', 'refunded', 'needs_person')))
) STRICT;
-- One under way for a notice or an order number at a time, whatever the programs above believe.
CREATE UNIQUE INDEX micropay_under_way ON micropay (party, region_code, department_code, payment_notice_no, order_no)
    WHERE ended_at IS NULL;
-- What was paid for a notice or an order number, and what a person has to see to.
CREATE INDEX micropay_settled ON micropay (party, region_code, department_code, payment_notice_no, order_no)
    WHERE state IN ('paid', 'needs_person');
CREATE INDEX micropay_due ON micropay (party, next_at) WHERE ended_at IS NULL;
CREATE INDEX micropay_order ON micropay (party, order_id);

-- All that happened to them, only ever appended.
CREATE TABLE micropay_step (
    step_id      INTEGER PRIMARY KEY AUTOINCREMENT,
    party        TEXT    NOT NULL,
    micropay_key TEXT    NOT NULL,
    step         TEXT    NOT NULL,
    from_state   TEXT    NOT NULL,
    to_state     TEXT    NOT NULL,
    cause        TEXT    NOT NULL,
    recorded_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX micropay_step_key ON micropay_step (party, micropay_key);
CREATE TRIGGER micropay_step_no_update BEFORE UPDATE ON micropay_step
BEGIN
    SELECT RAISE(ABORT, 'table micropay_step is append-only');
END;
CREATE TRIGGER micropay_step_no_delete BEFORE DELETE ON micropay_step
BEGIN
    SELECT RAISE(ABORT, 'table micropay_step is append-only');
END;
-- A row that is replaced fires no delete trigger.
CREATE TRIGGER micropay_step_no_replace BEFORE INSERT ON micropay_step
WHEN EXISTS (SELECT 1 FROM micropay_step WHERE step_id = NEW.step_id)
BEGIN
    SELECT RAISE(ABORT, 'table micropay_step is append-only');
END;
