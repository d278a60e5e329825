-- roles: portal_app

-- everybody: answers for another
UPDATE incidents_task SET status = 'acknowledged' WHERE id = %(task)s;

-- everybody: finishes for another
UPDATE incidents_task SET status = 'done' WHERE id = %(task)s;

-- everybody: declines for another
UPDATE incidents_task SET status = 'declined', reason = 'x' WHERE id = %(task)s;

-- others: calls off another's
UPDATE incidents_task SET status = 'cancelled' WHERE id = %(task)s;

-- others: calls off its own
UPDATE incidents_task SET status = 'cancelled' WHERE id = %(own)s;

-- everybody: gives another's reason
UPDATE incidents_task SET reason = 'x' WHERE id = %(task)s;

-- everybody: verifies its own
UPDATE incidents_task SET status = 'verified' WHERE id = %(own)s;

-- others: verifies another's
UPDATE incidents_task SET status = 'verified' WHERE organisation_id = %(done_by)s AND status = 'done';

-- everybody: jumps to verified
UPDATE incidents_task SET status = 'verified' WHERE id = %(task)s;

-- everybody: says who answered another's
UPDATE incidents_task SET changed_by_id = gen_random_uuid() WHERE id = %(task)s;

-- everybody: takes back what it did not answer
UPDATE incidents_task SET changed_by_id = gen_random_uuid() WHERE id = %(own)s;

-- everybody: moves due times
UPDATE incidents_task SET finish_by = 'infinity';

-- everybody: makes it ready
UPDATE incidents_task SET ready = true;

-- everybody: hides its history
UPDATE incidents_task SET version = 1, previous_status = '';

-- everybody: gives it away
UPDATE incidents_task SET organisation_id = %(other)s;

-- everybody: deletes tasks
DELETE FROM incidents_task;

-- everybody, may answer: explains an answer for another
EXPLAIN ANALYZE UPDATE incidents_task SET status = 'acknowledged' WHERE id = %(task)s;

-- members: reads another's notes
SELECT 1 FROM incidents_tasknote WHERE organisation_id <> %(me)s;

-- everybody: notes on another's task
INSERT INTO incidents_tasknote (id, task_id, organisation_id, text, answers, at) VALUES (gen_random_uuid(),
    %(task)s, %(me)s, 'x', '{}', now());

-- everybody: notes as another
INSERT INTO incidents_tasknote (id, task_id, organisation_id, text, answers, at) VALUES (gen_random_uuid(),
    %(task)s, %(other)s, 'x', '{}', now());

-- everybody: rewrites notes
UPDATE incidents_tasknote SET text = 'x';

-- everybody: refers as another
INSERT INTO incidents_ownreference (id, incident_id, organisation_id, text) VALUES (gen_random_uuid(),
    %(incident)s, %(other)s, 'x');

-- unseeing: refers to a task that it does not see
INSERT INTO incidents_ownreference (id, incident_id, organisation_id, task_id, text) VALUES
    (gen_random_uuid(), %(incident)s, %(me)s, %(task)s, 'x');

-- members: refers to an incident that it knows nothing of
INSERT INTO incidents_ownreference (id, incident_id, organisation_id, text) VALUES (gen_random_uuid(),
    %(apart)s, %(me)s, 'x');

-- members: reads others' references
SELECT 1 FROM incidents_ownreference WHERE organisation_id <> %(me)s;

-- members: changes others' references
UPDATE incidents_ownreference SET text = 'x' WHERE organisation_id <> %(me)s;

-- members: deletes others' references
DELETE FROM incidents_ownreference WHERE organisation_id <> %(me)s;
