-- roles: portal_app portal_worker

-- everybody: did something where it does not take part
SELECT sec.did_ourselves(%(apart)s, 'Shut it', now(), '', NULL, '', '');

-- everybody: did something tomorrow
SELECT sec.did_ourselves(%(incident)s, 'Shut it', now() + interval '1 day', '', NULL, '', '');

-- everybody: did nothing
SELECT sec.did_ourselves(%(incident)s, ' ', now(), '', NULL, '', '');

-- everybody: says nothing at all
SELECT sec.did_ourselves(%(incident)s, NULL, NULL, NULL, NULL, NULL, NULL);

-- everybody: finds out the name of a system by its id
SELECT sec.did_ourselves(%(apart)s, 'Shut it', now(), 'system', %(system)s, '', '');

-- everybody: writes a row by hand
INSERT INTO incidents_ownaction (id, incident_id, organisation_id, title, done_at, about, touches, written_at)
VALUES (gen_random_uuid(), %(incident)s, %(other)s, 'x', now(), '', '', now());

-- everybody: takes away what others did
DELETE FROM incidents_ownaction;

-- unseeing: answers for another as if it had been rung
SELECT sec.report_task(%(task)s, 'done', 'Carol', 'Duty officer', '1', '', '', '[]');

-- everybody: says that it rang itself
SELECT sec.report_task(%(own)s, 'waiting', 'Carol', 'Duty officer', '1', '', '', '[]');

-- everybody: has another's answer checked
SELECT sec.report_task(%(task)s, 'verified', 'Carol', 'Duty officer', '1', '', '', '[]');

-- everybody: rang nobody
SELECT sec.report_task(%(task)s, 'done', '', '', '', '', '', '[]');

-- everybody: points a task at an answer of its own making
UPDATE incidents_task SET status = 'done', reported_id = gen_random_uuid() WHERE id = %(task)s;

-- everybody: moves a task past its arrows
SELECT sec.put_reported(t, NULL, 'done', '') FROM incidents_task t;

-- everybody: confirms what was never said
SELECT sec.settle_report(%(task)s, 'confirmed');
