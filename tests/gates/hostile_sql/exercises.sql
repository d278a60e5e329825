-- roles: portal_app

-- everybody: puts aside what is no exercise
SELECT sec.suspend_exercise(%(incident)s);

-- everybody: puts aside an exercise of others
SELECT sec.suspend_exercise(%(apart)s);

-- everybody: goes on with what is not put aside
SELECT sec.resume_exercise(%(incident)s);

-- everybody: plans words in what is no exercise
SELECT sec.plan_inject(%(incident)s, 3, 'x');

-- everybody: writes words of an exercise past the function
INSERT INTO incidents_inject (id, incident_id, minute, text, due_at)
    VALUES (gen_random_uuid(), %(incident)s, 3, 'x', now());

-- everybody: sends what is due
SELECT sec.send_injects();

-- everybody: gives itself a score
INSERT INTO incidents_score (id, incident_id, organisation_id, closed_at, steps, done, declined)
    VALUES (gen_random_uuid(), %(incident)s, %(me)s, now(), 1, 1, 0);

-- everybody: betters a score
UPDATE incidents_score SET done = steps;

-- everybody: puts an incident aside by hand
UPDATE incidents_incident SET suspended_at = now() WHERE id = %(incident)s;
