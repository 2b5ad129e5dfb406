-- What is only ever appended: the journal of callbacks, the journal of state changes, and the outbox.

CREATE TABLE callback_journal (
    callback_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    party       TEXT   NOT NULL,
    kind        TEXT   NOT NULL CHECK (kind IN ('receivables', 'notification')),
    wxnontaxstr TEXT,
    peer        TEXT   NOT NULL,
    body_digest TEXT   NOT NULL,          -- SHA-256 of the raw body, hex
    subject     TEXT,
    outcome     TEXT   NOT NULL,
    errcode     BIGINT NOT NULL,
    key_id      TEXT,
    received_at BIGINT NOT NULL,
    duration_us BIGINT NOT NULL
);
CREATE INDEX callback_journal_wxnontaxstr ON callback_journal (wxnontaxstr);
CREATE INDEX callback_journal_subject ON callback_journal (party, subject);

CREATE TABLE state_journal (
    change_id    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    party        TEXT   NOT NULL,
    subject_kind TEXT   NOT NULL CHECK (subject_kind IN ('notice', 'order', 'payment', 'refund', 'suspension')),
    subject      TEXT   NOT NULL,
    step         TEXT   NOT NULL,
    from_state   TEXT   NOT NULL,
    to_state     TEXT   NOT NULL,
    cause        TEXT   NOT NULL,
    recorded_at  BIGINT NOT NULL
);
CREATE INDEX state_journal_subject ON state_journal (party, subject_kind, subject);

CREATE TABLE outbox (
    event_id    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    party       TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    subject     TEXT   NOT NULL,
    body        TEXT   NOT NULL,          -- JSON
    recorded_at BIGINT NOT NULL
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER callback_journal_append_only BEFORE UPDATE OR DELETE ON callback_journal
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER state_journal_append_only BEFORE UPDATE OR DELETE ON state_journal
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER callback_journal_no_truncate BEFORE TRUNCATE ON callback_journal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER state_journal_no_truncate BEFORE TRUNCATE ON state_journal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
