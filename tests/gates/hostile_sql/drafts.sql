-- roles: portal_app

-- everybody: reads a draft of another
SELECT id FROM incidents_playbookdraft WHERE organisation_id <> %(me)s;

-- inside: writes a draft into another organisation
INSERT INTO incidents_playbookdraft (id, organisation_id, name, content, version, changed_at)
VALUES (gen_random_uuid(), %(stranger)s, 'x', '{}', 1, now());

-- everybody: takes another's draft
UPDATE incidents_playbookdraft SET name = 'x' WHERE organisation_id <> %(me)s;

-- everybody: gives a draft away
UPDATE incidents_playbookdraft SET organisation_id = %(stranger)s;

-- everybody: removes another's draft
DELETE FROM incidents_playbookdraft WHERE organisation_id <> %(me)s;

-- everybody: types for another's task
INSERT INTO incidents_stopconfirmation (id, task_id, organisation_id, words, at)
VALUES (gen_random_uuid(), %(task)s, %(me)s, 'Telecare', now());

-- everybody: types in another's name
INSERT INTO incidents_stopconfirmation (id, task_id, organisation_id, words, at)
VALUES (gen_random_uuid(), %(task)s, %(stranger)s, 'Telecare', now());

-- everybody: changes what was typed
UPDATE incidents_stopconfirmation SET words = 'x';

-- everybody: removes what was typed
DELETE FROM incidents_stopconfirmation;

-- everybody: asks which services of any organisation have no fallback
SELECT sec.unguarded_of(%(stranger)s, (SELECT id FROM incidents_incident LIMIT 1));
