-- roles: portal_app

-- unseeing: stops the ladder of another organisation
SELECT sec.stop_ladder(%(incident)s, %(other)s, 'x');

-- everybody: gives a rung of an incident that it cannot see no time
SELECT sec.climb_ladder(gen_random_uuid(), %(stranger)s, 'x');

-- everybody: stops a ladder without saying why
SELECT sec.stop_ladder(i.id, %(me)s, '') FROM incidents_incident i LIMIT 1;

-- everybody: passes on without a passkey used just now
SELECT sec.pass_ladder_on(gen_random_uuid(), gen_random_uuid());

-- everybody: takes a step in the worker's place
SELECT sec.claim_ladder('x');

-- everybody: puts a step off
SELECT sec.put_off_ladder(gen_random_uuid());

-- everybody: ends a ladder past the functions
SELECT sec.end_ladder(gen_random_uuid(), %(me)s, 'stopped', 'x');

-- everybody: gives itself all night
UPDATE notifications_ladderstep SET due_at = now() + interval '1 day' RETURNING 1;

-- everybody: forgets who was called
DELETE FROM notifications_ladderstep RETURNING 1;

-- everybody: writes what comes next on the board
UPDATE incidents_participant SET next_step = 'nobody' RETURNING 1;

-- everybody: puts a person of others on its rung
INSERT INTO partners_ladderrung (id, organisation_id, rung, person_id)
SELECT gen_random_uuid(), %(stranger)s, 'deputy', p.id FROM partners_person p LIMIT 1;
