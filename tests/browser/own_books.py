"""What the pages of one's own books show: a situation report and three lines of costs. No key writes any."""

from __future__ import annotations

import psycopg

PUT = """
WITH i AS (SELECT id FROM incidents_incident WHERE reference = %(reference)s),
o AS (SELECT x.id, p.id AS who FROM partners_organisation x JOIN partners_person p ON p.organisation_id = x.id
       WHERE x.slug = 'ashbourne' ORDER BY p.name LIMIT 1),
told AS (
    INSERT INTO incidents_situationreport (id, incident_id, organisation_id, number, at, written_by, shared, major,
        exact, type, hazards, access, number_affected, engaged)
    SELECT gen_random_uuid(), i.id, o.id, v.number, now() - v.ago, o.who, v.shared, v.major, 'FS-02 at the town hall',
           'Ransomware', '', 'Mobile telephones of the duty desk', '9,000 tenants; letters', 'NCSC' FROM i, o, (VALUES
           (1, interval '3 hours', '', 'no'), (2, interval '1 hour', 'lead', 'standby')) v (number, ago, shared, major))
INSERT INTO incidents_cost (id, incident_id, organisation_id, once, "on", what, hours, grade, pence, invoice,
    written_by, at, struck_at, struck_by, struck_because)
SELECT gen_random_uuid(), i.id, o.id, gen_random_uuid(), current_date, v.what, v.hours, v.grade, v.pence, v.invoice,
       o.who, now(), v.struck, CASE WHEN v.struck IS NOT NULL THEN o.who END, v.because FROM i, o, (VALUES
       ('Night work at the data centre', 7.5, 'PO3', NULL::bigint, '', NULL::timestamptz, ''),
       ('Forensics, first day', NULL, '', 120005, 'INV-2077', NULL, ''),
       ('Hire of twelve laptops', NULL, '', 54000, 'INV-2078', now(), 'Paid by the insurer.'))
       v (what, hours, grade, pence, invoice, struck, because)
"""


def put_own_books(database_url: str, reference: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(PUT, {"reference": reference})
