-- What is looked up while a callback waits is found by one key, however large the tables are.

-- Without the party: an index that holds it could be taken for the primary key while a table is empty, where all plans cost the
-- same, and a plan that was made then may live long. Numbers of notices are hardly shared by parties.
DROP INDEX platform_order_notice;
CREATE INDEX platform_order_notice ON platform_order (payment_notice_no, region_code, department_code);

-- The payments that wait for a notice, which the refund of the one that settles it looks for.
CREATE INDEX payment_recorded ON payment (payment_notice_no, region_code, department_code)
    WHERE disposition = 'recorded';

-- Room for the row of a notice that is paid beside the row of the unpaid one: no index has to be told.
ALTER TABLE notice SET (fillfactor = 90);
ALTER TABLE platform_order SET (fillfactor = 90);

-- Keys are compared byte by byte, whatever language the database speaks: it is faster, and both engines sort alike. Builds the
-- indexes of these tables anew, and locks the tables meanwhile.
ALTER TABLE notice
    ALTER COLUMN party TYPE TEXT COLLATE "C",
    ALTER COLUMN payment_notice_no TYPE TEXT COLLATE "C",
    ALTER COLUMN region_code TYPE TEXT COLLATE "C",
    ALTER COLUMN department_code TYPE TEXT COLLATE "C";
ALTER TABLE platform_order
    ALTER COLUMN party TYPE TEXT COLLATE "C",
    ALTER COLUMN order_id TYPE TEXT COLLATE "C",
    ALTER COLUMN payment_notice_no TYPE TEXT COLLATE "C",
    ALTER COLUMN region_code TYPE TEXT COLLATE "C",
    ALTER COLUMN department_code TYPE TEXT COLLATE "C";
ALTER TABLE payment
    ALTER COLUMN party TYPE TEXT COLLATE "C",
    ALTER COLUMN order_id TYPE TEXT COLLATE "C",
    ALTER COLUMN payment_notice_no TYPE TEXT COLLATE "C",
    ALTER COLUMN region_code TYPE TEXT COLLATE "C",
    ALTER COLUMN department_code TYPE TEXT COLLATE "C";
ALTER TABLE refund
    ALTER COLUMN party TYPE TEXT COLLATE "C",
    ALTER COLUMN order_id TYPE TEXT COLLATE "C",
    ALTER COLUMN refund_order_id TYPE TEXT COLLATE "C";
ALTER TABLE suspension
    ALTER COLUMN party TYPE TEXT COLLATE "C",
    ALTER COLUMN scope TYPE TEXT COLLATE "C",
    ALTER COLUMN subject TYPE TEXT COLLATE "C";
