-- What is looked up while a callback waits is found by one key, however large the tables are.

-- The payments that wait for a notice, which the refund of the one that settles it looks for.
CREATE INDEX payment_recorded ON payment (payment_notice_no, region_code, department_code, party)
    WHERE disposition = 'recorded';
