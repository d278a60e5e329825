"""What the decision log, the card and the statements register show. No key writes any: the owner does."""

from __future__ import annotations

import psycopg

PUT = """
WITH i AS (SELECT id FROM incidents_incident WHERE reference = %(reference)s),
o AS (SELECT slug, id, (SELECT p.id FROM partners_person p WHERE p.organisation_id = x.id
                          ORDER BY p.name LIMIT 1) AS who FROM partners_organisation x),
root AS (SELECT gen_random_uuid() AS id),
log AS (
    INSERT INTO incidents_logentry (id, root, number, incident_id, organisation_id, as_lead, known, options, decision,
        why, dissent, decided_by, decided_role, decided_at, review_at, change, written_by, at, newest, shared)
    SELECT CASE v.number WHEN 1 THEN r.id ELSE gen_random_uuid() END, r.id, v.number, i.id, o.id, v.as_lead, v.known,
           'Cut the link, watch it for an hour, or wait for the provider''s night shift.', v.decision, v.why, v.dissent,
           'Priya Nair', 'Incident manager, silver', now() - interval '3 hours', now() - v.review, v.change, o.who,
           now() - v.ago, v.newest, v.shared
      FROM i, o JOIN (VALUES
           ('ashbourne', 1, true, 'Files on FS-02 are locked. Nobody has looked at FS-01.',
            'Cut the link to Northgate.', 'It is the only way back in that we know.', '', interval '1 hour', '',
            interval '170 minutes', false, 'lead'),
           ('ashbourne', 2, true, 'Files on FS-02 are locked. FS-01 is clean.',
            'Cut the link to Northgate until FS-01 is looked at.', 'It is the only way back in that we know.',
            'Northgate: the night batch stops.', interval '20 minutes',
            'FS-01 was looked at meanwhile.', interval '2 hours', true, 'all')
           ) v (slug, number, as_lead, known, decision, why, dissent, review, change, ago, newest, shared)
           ON v.slug = o.slug,
           root r
    RETURNING 1),
own AS (
    INSERT INTO incidents_logentry (id, root, number, incident_id, organisation_id, as_lead, known, options, decision,
        why, dissent, decided_by, decided_role, decided_at, change, written_by, at, newest, shared)
    SELECT r.id, r.id, 1, i.id, o.id, false, 'The rota is not to be reached.', 'Wait, or print the paper rota.',
           'Adult care works from the paper rota tonight.', 'Visits must not fail.', '', 'Ben Ashcroft', 'Duty officer',
           now() - interval '1 hour', '', o.who, now() - interval '50 minutes', true, ''
      FROM i, o, (SELECT gen_random_uuid() AS id) r WHERE o.slug = 'dunmere' RETURNING 1),
cards AS (
    INSERT INTO incidents_knowncard (id, incident_id, number, organisation_id, known, believed, not_known, said_by, at)
    SELECT gen_random_uuid(), i.id, v.number, o.id, v.known, v.believed, v.not_known, o.who, now() - v.ago
      FROM i, o, (VALUES
           (1, ARRAY['Files on FS-02 are locked.'], ARRAY['It came in by the administration network.'],
            ARRAY['Whether data was taken.'], interval '3 hours'),
           (2, ARRAY['Files on FS-02 are locked.', 'FS-01 is clean.'],
            ARRAY['It came in by the administration network.'],
            ARRAY['Whether data was taken.', 'When the payroll works again.'], interval '1 hour')
           ) v (number, known, believed, not_known, ago) WHERE o.slug = 'ashbourne' RETURNING 1),
made AS (
    INSERT INTO incidents_statement (id, incident_id, organisation_id, title, audience, status, version, written_by,
        at, issued_at, withdrawn_because)
    SELECT gen_random_uuid(), i.id, o.id, v.title, v.audience, v.status, 1, o.who,
           now() - interval '2 hours', CASE v.status WHEN 'issued' THEN now() - interval '1 hour' END, ''
      FROM i, o, (VALUES ('First words to the press', 'press', 'asked'), ('To our staff', 'staff', 'issued'))
           v (title, audience, status) WHERE o.slug = 'ashbourne' RETURNING *),
texts AS (
    INSERT INTO incidents_statementversion (id, statement_id, incident_id, organisation_id, number, text, asked, hours,
        written_by, at, asked_at, issued)
    SELECT gen_random_uuid(), m.id, m.incident_id, m.organisation_id, 1,
           'Councils of the partnership look into an attack on shared systems.' || chr(10) || chr(10) ||
           'Bins are collected, and the telephones work. We say more at 16:00.', '{}', 4, m.written_by, m.at, m.at,
           m.status = 'issued'
      FROM made m RETURNING *)
INSERT INTO incidents_statementask (id, version_id, statement_id, incident_id, organisation_id, author_id, newest,
    answer, reason, answered_at, earlier, asked_at, due_at, reminded)
SELECT gen_random_uuid(), t.id, t.statement_id, t.incident_id, x.id, t.organisation_id, true, v.answer, v.reason,
       CASE v.answer WHEN '' THEN NULL ELSE now() - interval '1 hour' END, '[]', t.asked_at,
       now() - interval '5 minutes', 0
  FROM texts t JOIN made m ON m.id = t.statement_id, o x JOIN (VALUES
       ('northgate', 'press', 'objects', 'It must not say “attack” before the police agree.'),
       ('dunmere', 'press', '', ''),
       ('northgate', 'staff', 'agrees', ''), ('dunmere', 'staff', 'agrees', '')) v (slug, audience, answer, reason)
       ON v.slug = x.slug
 WHERE v.audience = m.audience
RETURNING statement_id, (SELECT m.audience FROM made m WHERE m.id = statement_id)
"""


def put_decisions(database_url: str, reference: str) -> dict[str, str]:
    """The addresses of the statements: `asked_words` waits for agreement, `issued_words` went out."""
    with psycopg.connect(database_url) as connection:
        found = {audience: str(id) for id, audience in connection.execute(PUT, {"reference": reference}).fetchall()}
    return {"asked_words": f"/statements/{found['press']}/", "issued_words": f"/statements/{found['staff']}/"}
