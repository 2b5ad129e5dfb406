-- The client systems of the admin API, and the audit of what they did, which is only ever appended.

CREATE TABLE api_client (
    name        TEXT    NOT NULL PRIMARY KEY,
    secret_hash TEXT    NOT NULL,         -- SHA-256 of the secret, hex
    scopes      TEXT    NOT NULL,         -- separated by blanks
    appids      TEXT    NOT NULL,         -- separated by blanks; '' for all
    created_at  INTEGER NOT NULL,
    revoked_at  INTEGER
) STRICT;

CREATE TABLE api_client_audit (
    audit_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    client      TEXT    NOT NULL,         -- '' for somebody unknown
    action      TEXT    NOT NULL,
    appid       TEXT    NOT NULL,         -- '' for none
    peer        TEXT    NOT NULL,
    detail      TEXT    NOT NULL,
    outcome     TEXT    NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT;
CREATE INDEX api_client_audit_client ON api_client_audit (client, audit_id);

CREATE TRIGGER api_client_audit_no_update BEFORE UPDATE ON api_client_audit
BEGIN
    SELECT RAISE(ABORT, 'table api_client_audit is append-only');
END;
CREATE TRIGGER api_client_audit_no_delete BEFORE DELETE ON api_client_audit
BEGIN
    SELECT RAISE(ABORT, 'table api_client_audit is append-only');
END;
-- A row that is replaced fires no delete trigger.
CREATE TRIGGER api_client_audit_no_replace BEFORE INSERT ON api_client_audit
WHEN EXISTS (SELECT 1 FROM api_client_audit WHERE audit_id = NEW.audit_id)
BEGIN
    SELECT RAISE(ABORT, 'table api_client_audit is append-only');
END;
