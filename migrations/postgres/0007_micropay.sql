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
    fee                 BIGINT  NOT NULL CHECK (fee >= 0),
    state               TEXT    NOT NULL CHECK (state IN ('waiting', 'submitting', 'asking', 'giving_up', 'abandoned',
        'refunding', 'paid', 'failed', 'closed', 'refunded', 'needs_person')),
    order_id            TEXT,
    order_named         BIGINT  NOT NULL CHECK (order_named IN (0, 1)), -- whether a reply named it
    attempts            BIGINT  NOT NULL CHECK (attempts >= 0),
    doubt               TEXT    NOT NULL CHECK (doubt IN ('none', 'password_pending', 'unknown')),
    errcode             BIGINT ,                   -- of the last refusal
    errmsg              TEXT,
    refusal_about       TEXT             CHECK (refusal_about IN ('request', 'code', 'code_used', 'payment', 'unlisted')),
    gave_up             TEXT             CHECK (gave_up IN ('time_up', 'canceled', 'paid_by_another')),
    failed_looks        BIGINT  NOT NULL,
    reason              TEXT,                      -- why a person is needed
    first_call_at       BIGINT ,
    last_call_at        BIGINT ,
    next_at             BIGINT ,
    watch_until         BIGINT ,
    cancel_requested_at BIGINT ,
    lease_owner         TEXT    NOT NULL,          -- '' when nobody runs it
    lease_until         BIGINT  NOT NULL,
    version             BIGINT  NOT NULL,
    created_at          BIGINT  NOT NULL,
    updated_at          BIGINT  NOT NULL,
    ended_at            BIGINT ,
    PRIMARY KEY (party, micropay_key),
    CHECK (ended_at IS NULL OR auth_code IS NULL),
    CHECK (ended_at IS NOT NULL OR next_at IS NOT NULL),
    CHECK (order_id IS NOT NULL OR state NOT IN ('refunding', 'paid', 'refunded')),
    CHECK (watch_until IS NOT NULL OR state <> 'abandoned'),
    CHECK ((ended_at IS NOT NULL) = (state IN ('paid', 'failed', 'closed', 'refunded', 'needs_person')))
);
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
    step_id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    party        TEXT    NOT NULL,
    micropay_key TEXT    NOT NULL,
    step         TEXT    NOT NULL,
    from_state   TEXT    NOT NULL,
    to_state     TEXT    NOT NULL,
    cause        TEXT    NOT NULL,
    recorded_at  BIGINT  NOT NULL
);
CREATE INDEX micropay_step_key ON micropay_step (party, micropay_key);
CREATE TRIGGER micropay_step_append_only BEFORE UPDATE OR DELETE ON micropay_step
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER micropay_step_no_truncate BEFORE TRUNCATE ON micropay_step
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
