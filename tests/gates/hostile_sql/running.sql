-- roles: portal_app portal_worker

-- unseeing: reads how far a run has come
SELECT 1 FROM incidents_runstep;

-- unseeing: reads what the lead is asked
SELECT 1 FROM incidents_decision;

-- others: reads what another answered
SELECT 1 FROM incidents_runanswer WHERE organisation_id <> %(me)s;

-- everybody: begins a step
INSERT INTO incidents_runstep (id, incident_id, key, turn, name, kind, parent_key, parent_turn, lap, state, outcome, open, rounds) VALUES (gen_random_uuid(), %(apart)s, 'action--9', 1, 'x', 'action', '', 0, 0, 'begun', '', 0, 0);

-- others: ends a step
UPDATE incidents_runstep SET state = 'ended', outcome = 'success';

-- others: chooses what only the lead may choose
SELECT sec.choose(d.id, 'true', 'so') FROM incidents_decision d WHERE d.chosen IS NULL;

-- everybody: chooses for a decision that is none
SELECT sec.choose(gen_random_uuid(), 'true', 'so');

-- everybody: writes a choice past the function
UPDATE incidents_decision SET chosen = 'true', why = 'so';

-- everybody: asks in a form that is answered already
INSERT INTO incidents_decision (id, incident_id, key, turn, lap, kind, name, condition, choices, asked_at, chosen, why) VALUES (gen_random_uuid(), %(incident)s, 'x', 1, 0, 'choose', 'x', '', '["true"]', now(), 'true', 'so');

-- everybody: answers for another
INSERT INTO incidents_runanswer (id, incident_id, task_id, organisation_id, scope, name, kind, value, at) VALUES (gen_random_uuid(), %(incident)s, %(task)s, %(other)s, '', '__asked__', 'string', 'x', now());

-- everybody: answers another's task in its own name
INSERT INTO incidents_runanswer (id, incident_id, task_id, organisation_id, scope, name, kind, value, at) VALUES (gen_random_uuid(), %(incident)s, %(task)s, %(me)s, '', '__asked__', 'string', 'x', now());

-- others: changes what another answered
UPDATE incidents_runanswer SET value = 'x' WHERE organisation_id <> %(me)s;

-- others: lets itself off a step
SELECT sec.exempt(t.id, 'so') FROM incidents_task t WHERE t.organisation_id = %(me)s AND t.incident_id = %(incident)s;

-- everybody: lets another off without a word
SELECT sec.exempt(%(task)s, '  ');

-- others: lets another off
SELECT sec.exempt(%(task)s, 'so');

-- everybody: writes an exemption past the function
UPDATE incidents_task SET exempt_because = 'so';

-- others: calls off what was not reached
SELECT * FROM sec.call_off_unreached(%(incident)s);

-- everybody: ends a run of a playbook that runs another
UPDATE incidents_run SET called = '{"x/": "y"}';
