-- roles: portal_app portal_worker

-- others: reads what another's tool answered
SELECT 1 FROM incidents_workorder WHERE organisation_id <> %(me)s;

-- everybody: takes another's order for it
INSERT INTO incidents_workorder (task_id, organisation_id, lease, lease_until, taken_at, key_name)
    VALUES (%(task)s, %(other)s, gen_random_uuid(), now(), now(), 'x');

-- everybody: takes another's order in its own name
INSERT INTO incidents_workorder (task_id, organisation_id, lease, lease_until, taken_at, key_name)
    VALUES (%(task)s, %(me)s, gen_random_uuid(), now(), now(), 'x');

-- everybody: changes what was answered
UPDATE incidents_workorder SET result = 'x' WHERE outcome <> '' RETURNING 1;

-- everybody: removes an answer
DELETE FROM incidents_workorder RETURNING 1;

-- others: reads why another gave an order again
SELECT 1 FROM incidents_orderagain WHERE organisation_id <> %(me)s;

-- everybody: gives another's order again
SELECT sec.give_order_again(%(task)s, %(task)s, 'x', 'x');

-- everybody: writes or changes the history of an order
UPDATE incidents_orderagain SET outcome = 'expired' RETURNING 1;

-- everybody: says what another's tool did
INSERT INTO ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_id, incident_reference, audience, data)
    VALUES (gen_random_uuid(), 'work_order.answered', now(), %(me)s, 'key', %(incident)s, 'x', ARRAY[%(other)s]::uuid[], '{}');
