-- The access_token of each account, which all gateways on this database share. Changed by single conditional statements.

CREATE TABLE access_token (
    appid              TEXT NOT NULL,
    mode               TEXT NOT NULL CHECK (mode IN ('stable', 'legacy')),
    token              TEXT NOT NULL,     -- '' before the first, and after the platform refused it
    issued_at          INTEGER NOT NULL,
    expires_at         INTEGER NOT NULL,
    generation         INTEGER NOT NULL,   -- how many tokens were put here
    refused_digest     TEXT NOT NULL,     -- SHA-256 of the last one that was refused, hex
    lease_owner        TEXT NOT NULL,     -- who fetches the next one; '' for nobody
    lease_until        INTEGER NOT NULL,
    last_forced_at     INTEGER NOT NULL,   -- 0 for never
    forced_on_that_day INTEGER NOT NULL,
    PRIMARY KEY (appid, mode)
) STRICT;
