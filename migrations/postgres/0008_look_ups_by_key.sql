-- What is looked up while a callback waits is found by one key, however large the tables are.

-- The party comes last: an index that begins like the primary key could be taken for it while the table is small and has no
-- statistics, and a plan that was made then may live long.
DROP INDEX platform_order_notice;
CREATE INDEX platform_order_notice ON platform_order (payment_notice_no, region_code, department_code, party);

-- The payments that wait for a notice, which the refund of the one that settles it looks for.
CREATE INDEX payment_recorded ON payment (payment_notice_no, region_code, department_code, party)
    WHERE disposition = 'recorded';

-- Room for the row of a notice that is paid beside the row of the unpaid one: no index has to be told.
ALTER TABLE notice SET (fillfactor = 90);
ALTER TABLE platform_order SET (fillfactor = 90);
