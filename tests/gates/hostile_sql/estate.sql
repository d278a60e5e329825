-- roles: portal_app

-- everybody: walks from a foreign system
SELECT sec.edges_from(ARRAY[%(system)s::uuid], 'x');

-- everybody: walks from a foreign system and its own
SELECT sec.edges_from(sec.my_systems() || %(system)s::uuid, 'x');

-- everybody: counts from a foreign system
SELECT * FROM sec.who_would_be_told(ARRAY[%(system)s::uuid], NULL, ARRAY['email']);

-- everybody: asks who shares a foreign system
SELECT 1 FROM sec.shared_with(ARRAY[%(other)s::uuid]) x WHERE x = %(system)s;

-- everybody: takes part in a foreign system
INSERT INTO partners_participation (id, organisation_id, system_id) VALUES (gen_random_uuid(), %(me)s,
    %(system)s);

-- everybody: moves a contact point
UPDATE partners_contactpoint SET address = 'mine';

-- everybody: trusts a contact point
UPDATE partners_contactpoint SET trust = 'trusted';

-- everybody: reads password hashes of people
SELECT password FROM partners_credential;

-- everybody: reads keys' hashes
SELECT digest FROM partners_apikeysecret;

-- everybody: reads sessions
SELECT session_data FROM django_session;

-- everybody: reads links
SELECT digest FROM partners_signinlink;

-- everybody: makes itself administrator
UPDATE partners_person SET role = 'administrator';

-- everybody: makes a key
INSERT INTO partners_apikey (id, organisation_id, label, scopes, created_at, expires_at) VALUES
    (gen_random_uuid(), %(other)s, 'x', '{open}', now(), 'infinity');

-- everybody: widens its keys
UPDATE partners_apikey SET scopes = '{open}';

-- everybody: reads what waits to be told
SELECT id FROM notifications_planning;

-- everybody: reads codes
SELECT code FROM notifications_delivery;

-- everybody: settles a delivery
UPDATE notifications_delivery SET state = 'dead';

-- everybody: tells somebody
INSERT INTO notifications_delivery (id) VALUES (gen_random_uuid());

-- everybody: claims
SELECT * FROM sec.claimed('x');

-- members: reads others' replays
SELECT body FROM api_replay WHERE organisation_id <> %(me)s;

-- members: deletes others' replays
DELETE FROM api_replay WHERE organisation_id <> %(me)s;
