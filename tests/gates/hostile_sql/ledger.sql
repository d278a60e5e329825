-- roles: portal_app

-- everybody: rewrites an event
UPDATE ledger_event SET data = '{}';

-- everybody: deletes an event
DELETE FROM ledger_event;

-- everybody: deletes from a stream
DELETE FROM ledger_streamentry;

-- everybody: adds to a stream
INSERT INTO ledger_streamentry VALUES (%(other)s, 9999, gen_random_uuid());

-- everybody: sets the head back
UPDATE ledger_head SET pos = 0;

-- everybody: sets a stream's head back
UPDATE ledger_organisationhead SET seq = 0;

-- everybody: explains a deletion
EXPLAIN ANALYZE DELETE FROM ledger_event;

-- everybody: numbers its event itself
INSERT INTO ledger_event (id, kind, at, actor_kind, audience, pos) VALUES (gen_random_uuid(), 'x.y', now(),
    'person', ARRAY[%(me)s::uuid], 1);

-- everybody: gives it its place itself
INSERT INTO ledger_event (id, kind, at, actor_kind, audience, ordinal) OVERRIDING SYSTEM VALUE VALUES
    (gen_random_uuid(), 'x.y', now(), 'person', ARRAY[%(me)s::uuid], -1);

-- everybody: plans
INSERT INTO notifications_planning (id, event_id, organisation_id, incident_id, kind) VALUES
    (gen_random_uuid(), gen_random_uuid(), %(other)s, %(incident)s, 'incident.closed');
