-- Suspensions for a time, client systems for some parties, and the audit of every change that a person or a system makes.

ALTER TABLE suspension ADD COLUMN starts_at BIGINT;   -- NULL since ever
ALTER TABLE suspension ADD COLUMN ends_at BIGINT;     -- the first instant after it; NULL until it is lifted

ALTER TABLE api_client ADD COLUMN parties TEXT NOT NULL DEFAULT '';   -- separated by blanks; '' for all

CREATE TABLE change_audit (
    audit_id     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    party        TEXT   NOT NULL,         -- '' for what is of no party
    who          TEXT   NOT NULL,
    came_from    TEXT   NOT NULL,         -- an address, or the command line
    action       TEXT   NOT NULL,
    subject      TEXT   NOT NULL,
    before_value TEXT,                    -- JSON
    after_value  TEXT,                    -- JSON
    reason       TEXT   NOT NULL,
    recorded_at  BIGINT NOT NULL
);
CREATE INDEX change_audit_subject ON change_audit (party, subject);

CREATE TRIGGER change_audit_append_only BEFORE UPDATE OR DELETE ON change_audit
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER change_audit_no_truncate BEFORE TRUNCATE ON change_audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Lists are read page by page, newest first.
CREATE INDEX placed_order_created ON placed_order (party, created_at, idempotency_key);
CREATE INDEX refund_request_created ON refund_request (party, created_at, refund_out_id);
