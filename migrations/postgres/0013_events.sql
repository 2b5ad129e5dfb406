-- The outbox becomes a feed: each event gets a position after it was committed, which is what consumers count by. The numbers of
-- events do not do: of two transactions the one with the smaller number may commit later.

ALTER TABLE outbox ADD COLUMN position BIGINT;   -- NULL until the event has one
CREATE INDEX outbox_waiting ON outbox (event_id) WHERE position IS NULL;
CREATE UNIQUE INDEX outbox_position ON outbox (party, position) WHERE position IS NOT NULL;

-- One row, locked by whoever gives positions.
CREATE TABLE event_sequencer (
    sequencer_id    BIGINT NOT NULL PRIMARY KEY CHECK (sequencer_id = 1),
    last_position   BIGINT NOT NULL,
    pruned_position BIGINT NOT NULL               -- up to this one events may be gone
);
INSERT INTO event_sequencer (sequencer_id, last_position, pruned_position) VALUES (1, 0, 0);

-- How far the events of a party were taken over into deliveries to a webhook.
CREATE TABLE webhook_cursor (
    webhook    TEXT   NOT NULL,
    party      TEXT   NOT NULL,
    position   BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (webhook, party)
);

-- What is still to be delivered, and what was given up. A delivery that was taken is deleted.
CREATE TABLE webhook_delivery (
    webhook      TEXT   NOT NULL,
    event_id     BIGINT NOT NULL,
    party        TEXT   NOT NULL,
    position     BIGINT NOT NULL,
    ordering_key TEXT   NOT NULL,                 -- of those with the same one, the earlier goes first
    kind         TEXT   NOT NULL,
    state        TEXT   NOT NULL CHECK (state IN ('pending', 'dead')),
    attempts     BIGINT NOT NULL CHECK (attempts >= 0),
    next_at      BIGINT NOT NULL,
    problem      TEXT   NOT NULL,                 -- of the last attempt; '' before the first
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    PRIMARY KEY (webhook, event_id)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook, next_at) WHERE state = 'pending';
CREATE INDEX webhook_delivery_order ON webhook_delivery (webhook, party, ordering_key, position) WHERE state = 'pending';

-- Which process delivers to a webhook.
CREATE TABLE webhook_lease (
    webhook     TEXT   NOT NULL PRIMARY KEY,
    lease_owner TEXT   NOT NULL,                  -- '' for nobody
    lease_until BIGINT NOT NULL
);
