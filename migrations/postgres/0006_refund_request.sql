-- The refunds that are asked for here. A row is there before the platform is called, so that no crash asks twice.

CREATE TABLE refund_request (
    party              TEXT   NOT NULL,
    refund_out_id      TEXT   NOT NULL,
    order_id           TEXT   NOT NULL,
    caller_key         TEXT   NOT NULL,
    wished_fee         BIGINT          CHECK (wished_fee > 0),   -- NULL for all that was left
    refund_fee         BIGINT          CHECK (refund_fee > 0),   -- NULL for the whole order: neither it nor the number is sent
    reason             TEXT   NOT NULL,
    requested_by       TEXT   NOT NULL,
    state              TEXT   NOT NULL CHECK (state IN ('requested', 'accepted', 'refunded', 'refused')),
    refund_order_id    TEXT,
    refund_finish_time BIGINT,
    errcode            BIGINT          CHECK (errcode IS NOT NULL OR state <> 'refused'),
    errmsg             TEXT,
    attempts           BIGINT NOT NULL CHECK (attempts >= 0),
    call_began_at      BIGINT,                                   -- while a call is under way
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL,
    PRIMARY KEY (party, refund_out_id),
    UNIQUE (party, caller_key)
);
CREATE INDEX refund_request_order ON refund_request (party, order_id);
CREATE INDEX refund_request_open ON refund_request (party) WHERE state IN ('requested', 'accepted');
