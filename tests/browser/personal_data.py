"""What the pages on personal data show: positions, a notice, reports. No key writes any: the owner does."""

from __future__ import annotations

import psycopg

PUT = """
WITH i AS (SELECT id FROM incidents_incident WHERE reference = %(reference)s),
o AS (SELECT slug, id, (SELECT p.id FROM partners_person p WHERE p.organisation_id = x.id
                          ORDER BY p.name LIMIT 1) AS who FROM partners_organisation x),
said AS (
    INSERT INTO incidents_dataposition (id, incident_id, organisation_id, state, categories, people, records, touched,
                                        words, said_by, at, newest, shared)
    SELECT gen_random_uuid(), i.id, o.id, v.state, v.kinds, v.people, '', v.touched, v.words, o.who, now() - v.ago,
           v.newest, v.shared
      FROM i, o JOIN (VALUES
           ('dunmere', 'assessing', '{}'::text[], '', '{}'::text[], '', interval '2 hours', false, ''),
           ('dunmere', 'personal', '{health,basic_identifiers}', '100-999', '{availability}',
            'The duty rota of adult care lay on FS-02. Whether it was read is not known yet.', interval '1 hour', true,
            'lead'),
           ('brackenfield', 'none', '{}', '', '{}', 'Only test data stands on the share: looked at by two.',
            interval '40 minutes', true, 'all')
           ) v (slug, state, kinds, people, touched, words, ago, newest, shared) ON v.slug = o.slug),
told AS (
    INSERT INTO incidents_datanotice (id, incident_id, sender_id, addressee_id, about, known, known_since, reference,
                                      sent_by, sent_at, due_at, reminded, unreached_at, ring)
    SELECT gen_random_uuid(), i.id, o.id, a.id, 'Housing benefit letters of 2024, on the shared files',
           'The account that reads them was used from outside. Whether letters were taken is not known yet.',
           now() - interval '3 hours', 'NG-4471', o.who, now() - interval '1 hour', now() + v.remaining, v.reminded,
           CASE v.slug WHEN 'coldharbour' THEN now() - interval '1 hour' END,
           CASE v.slug WHEN 'coldharbour' THEN '01632 960104' ELSE '' END
      FROM i, o JOIN (VALUES ('ashbourne', interval '3 hours', 0), ('coldharbour', interval '-5 minutes', 2))
           v (slug, remaining, reminded) ON true JOIN partners_organisation a ON a.slug = v.slug
     WHERE o.slug = 'northgate'),
reports AS (
    INSERT INTO incidents_outsidereport (id, incident_id, organisation_id, body, body_name, route, reference, told_at,
                                         written_at, shared)
    SELECT gen_random_uuid(), i.id, o.id, v.body, '', v.route, v.reference, now() - interval '50 minutes', now(),
           v.shared
      FROM i, o JOIN (VALUES ('ncsc', 'report.ncsc.gov.uk', 'NCSC-20417', 'all'),
                             ('report_fraud', '0300 123 2040', 'RF-88120', '')) v (body, route, reference, shared)
           ON true
     WHERE o.slug = 'ashbourne' RETURNING id, organisation_id)
INSERT INTO incidents_outsidereportnote (report_id, organisation_id, told_by, words, written_by)
SELECT r.id, r.organisation_id, 'Priya Nair', 'Asked to be called back by noon.', o.who FROM reports r
  JOIN o ON o.id = r.organisation_id
"""


def put_personal_data(database_url: str, reference: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(PUT, {"reference": reference})
