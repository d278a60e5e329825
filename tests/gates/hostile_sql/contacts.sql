-- roles: portal_app portal_worker

-- everybody: writes a contact past the function
INSERT INTO partners_contactpoint (id, organisation_id, kind, label, address, trust, trust_because, "order", is_active) VALUES (gen_random_uuid(), %(me)s, 'email', 'x', 'x@y.example', 'trusted', '', 1, true);

-- everybody: moves a contact to an address of its own
UPDATE partners_contactpoint SET address = 'intruder@y.example';

-- everybody: says that a contact was tested
UPDATE partners_contactpoint SET tested_at = now();

-- everybody: reads private numbers
SELECT * FROM partners_privatenumber;

-- everybody: writes a private number
INSERT INTO partners_privatenumber (contact_point_id, organisation_id, sealed) SELECT c.id, c.organisation_id, '\x00' FROM partners_contactpoint c WHERE c.is_private LIMIT 1;

-- others: puts a contact into another organisation's register
SELECT sec.put_contact((SELECT gen_random_uuid()), NULL, 'email', 'x', 'x', NULL, false, 1, NULL);

-- everybody: asks who is on duty elsewhere
SELECT * FROM sec.on_duty(%(other)s, now());

-- everybody: answers a test by its id as if it were the door
SELECT sec.answer_contact_link('\x00', now());

-- everybody: answers a test for somebody
SELECT sec.contact_answered(gen_random_uuid(), now(), 'link');

-- everybody: tells an organisation of a change that was none
SELECT sec.contact_told((SELECT gen_random_uuid()), 'changed');

-- everybody: reads the hash of a link as the application
SELECT set_config('gate.x', (SELECT count(digest) FROM notifications_contacttestask WHERE organisation_id = %(other)s)::text, true) WHERE (SELECT count(*) FROM notifications_contacttestask WHERE organisation_id = %(other)s) > 0;

-- everybody: reports that a message arrived
SELECT sec.take_receipt(gen_random_uuid(), 'x', 'delivered', now());

-- everybody: reads the reports of services
SELECT id FROM notifications_receipt;
