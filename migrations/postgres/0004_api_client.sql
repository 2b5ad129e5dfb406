-- The client systems of the admin API, and the audit of what they did, which is only ever appended.

CREATE TABLE api_client (
    name        TEXT   NOT NULL PRIMARY KEY,
    secret_hash TEXT   NOT NULL,          -- SHA-256 of the secret, hex
    scopes      TEXT   NOT NULL,          -- separated by blanks
    appids      TEXT   NOT NULL,          -- separated by blanks; '' for all
    created_at  BIGINT NOT NULL,
    revoked_at  BIGINT
);

CREATE TABLE api_client_audit (
    audit_id    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client      TEXT   NOT NULL,          -- '' for somebody unknown
    action      TEXT   NOT NULL,
    appid       TEXT   NOT NULL,          -- '' for none
    peer        TEXT   NOT NULL,
    detail      TEXT   NOT NULL,
    outcome     TEXT   NOT NULL,
    recorded_at BIGINT NOT NULL
);
CREATE INDEX api_client_audit_client ON api_client_audit (client, audit_id);

CREATE TRIGGER api_client_audit_append_only BEFORE UPDATE OR DELETE ON api_client_audit
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER api_client_audit_no_truncate BEFORE TRUNCATE ON api_client_audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
