-- roles: portal_worker

-- everybody: the worker enters without a claim
SELECT sec.enter_planning(id, 'x') FROM notifications_planning;

-- everybody: the worker enters without a name
SELECT sec.enter_planning(id, '') FROM notifications_planning;

-- everybody: the worker enters a delivery
SELECT sec.enter_delivery(id, 'x') FROM notifications_delivery;

-- everybody: the worker enters a run
SELECT sec.enter_run(incident_id, 'x') FROM incidents_run;

-- everybody: the worker enters an organisation
SELECT sec.enter(%(other)s);

-- everybody: the worker sends what it has not claimed
SELECT 1 FROM sec.claimed('x');

-- everybody: the worker sends for nobody
SELECT 1 FROM sec.claimed('');

-- everybody: the worker reads codes
SELECT code FROM notifications_delivery;

-- members: the worker reads others' addresses
SELECT 1 FROM partners_contactpoint WHERE organisation_id <> %(me)s;

-- everybody: the worker moves addresses
UPDATE partners_contactpoint SET address = 'x';

-- members: the worker distrusts others'
UPDATE partners_contactpoint SET trust = 'doubtful' WHERE organisation_id <> %(me)s;

-- everybody: the worker answers
UPDATE incidents_task SET status = 'done';

-- others: the worker moves due times
UPDATE incidents_task SET finish_by = now() WHERE incident_id = %(incident)s;

-- members: the worker says that another was told
UPDATE incidents_participant SET told_at = now() WHERE organisation_id <> %(me)s;

-- everybody: the worker moves a run
UPDATE incidents_run SET lead_id = %(me)s;

-- everybody: the worker reads notes
SELECT 1 FROM incidents_tasknote;

-- everybody: the worker reads duties
SELECT 1 FROM incidents_duty;

-- everybody: the worker reads passwords
SELECT 1 FROM partners_credential;

-- everybody: the worker mints
SELECT sec.mint('x', %(other)s, 'session', NULL, NULL, interval '1 day');

-- everybody: the worker changes where a delivery goes
UPDATE notifications_delivery SET contact_point_id = NULL;

-- members: the worker writes to another's people
INSERT INTO notifications_delivery (id, organisation_id, incident_id, incident_reference, exercise, event_id,
    contact_point_id, person_id, way, message, code, idempotency_key, state) SELECT gen_random_uuid(), %(me)s,
    %(incident)s, 'x', false, gen_random_uuid(), d.contact_point_id, d.person_id, 'email', 'opened', 'x',
    uuid_send(gen_random_uuid()), 'pending' FROM notifications_delivery d WHERE d.organisation_id <> %(me)s;

-- everybody: the worker reads what a service calls a message
SELECT provider_ref FROM notifications_receipt;

-- everybody: the worker reports for the service
SELECT sec.take_receipt(gen_random_uuid(), 'x', 'delivered', now());

-- everybody: the worker reads what was said
SELECT said FROM notifications_answer;

-- everybody: the worker answers a message
SELECT sec.take_answer(gen_random_uuid(), 'link', 'has_it', '', '');

-- everybody: the worker accepts a task that nobody accepted
UPDATE incidents_task SET status = 'acknowledged';

-- everybody: the worker rewrites the ledger
UPDATE ledger_event SET data = '{}';

-- everybody: the worker walks
SELECT sec.edges_from(sec.my_systems(), 'x');
