-- What is only ever appended: the journal of callbacks, the journal of state changes, and the outbox.

CREATE TABLE callback_journal (
    callback_id INTEGER PRIMARY KEY AUTOINCREMENT,
    party       TEXT   NOT NULL,
    kind        TEXT   NOT NULL CHECK (kind IN ('receivables', 'notification')),
    wxnontaxstr TEXT,
    peer        TEXT   NOT NULL,
    body_digest TEXT   NOT NULL,          -- SHA-256 of the raw body, hex
    subject     TEXT,
    outcome     TEXT   NOT NULL,
    errcode     INTEGER NOT NULL,
    key_id      TEXT,
    received_at INTEGER NOT NULL,
    duration_us INTEGER NOT NULL
) STRICT;
CREATE INDEX callback_journal_wxnontaxstr ON callback_journal (wxnontaxstr);
CREATE INDEX callback_journal_subject ON callback_journal (party, subject);

CREATE TABLE state_journal (
    change_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    party        TEXT   NOT NULL,
    subject_kind TEXT   NOT NULL CHECK (subject_kind IN ('notice', 'order', 'payment', 'refund', 'suspension')),
    subject      TEXT   NOT NULL,
    step         TEXT   NOT NULL,
    from_state   TEXT   NOT NULL,
    to_state     TEXT   NOT NULL,
    cause        TEXT   NOT NULL,
    recorded_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX state_journal_subject ON state_journal (party, subject_kind, subject);

CREATE TABLE outbox (
    event_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    party       TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    subject     TEXT   NOT NULL,
    body        TEXT   NOT NULL,          -- JSON
    recorded_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER callback_journal_no_update BEFORE UPDATE ON callback_journal
BEGIN
    SELECT RAISE(ABORT, 'table callback_journal is append-only');
END;
CREATE TRIGGER callback_journal_no_delete BEFORE DELETE ON callback_journal
BEGIN
    SELECT RAISE(ABORT, 'table callback_journal is append-only');
END;
CREATE TRIGGER state_journal_no_update BEFORE UPDATE ON state_journal
BEGIN
    SELECT RAISE(ABORT, 'table state_journal is append-only');
END;
CREATE TRIGGER state_journal_no_delete BEFORE DELETE ON state_journal
BEGIN
    SELECT RAISE(ABORT, 'table state_journal is append-only');
END;
-- A row that is replaced fires no delete trigger.
CREATE TRIGGER callback_journal_no_replace BEFORE INSERT ON callback_journal
WHEN EXISTS (SELECT 1 FROM callback_journal WHERE callback_id = NEW.callback_id)
BEGIN
    SELECT RAISE(ABORT, 'table callback_journal is append-only');
END;
CREATE TRIGGER state_journal_no_replace BEFORE INSERT ON state_journal
WHEN EXISTS (SELECT 1 FROM state_journal WHERE change_id = NEW.change_id)
BEGIN
    SELECT RAISE(ABORT, 'table state_journal is append-only');
END;
