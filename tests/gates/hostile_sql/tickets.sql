-- roles: portal_app

-- everybody: reads tickets
SELECT token_hash FROM sec.grant_token;

-- everybody: reads who is isolated
SELECT org_id FROM sec.org_state;

-- everybody: isolates another
UPDATE sec.org_state SET isolated_at = now() WHERE org_id = %(other)s;

-- everybody: writes itself a ticket
INSERT INTO sec.grant_token (token_hash, org_id, kind, expires_at) VALUES (sha256('mine'), %(other)s,
    'session', now() + interval '1 day');

-- everybody: prolongs its ticket
UPDATE sec.grant_token SET expires_at = 'infinity';

-- everybody: forges a ticket
SELECT set_config('app.ticket', %(other)s::text, true);
SELECT id FROM incidents_incident;

-- everybody: forges a ticket for the session
SET app.ticket = 'forged';
SELECT id FROM partners_organisation;

-- everybody: forgets its ticket
RESET app.ticket;
SELECT id FROM partners_organisation;

-- everybody: enters another
SELECT sec.enter(%(other)s);

-- everybody: enters by a run
SELECT sec.enter_run(%(incident)s, 'x');

-- everybody: enters by a planning
SELECT sec.enter_planning(gen_random_uuid(), 'x');

-- everybody: enters by a delivery
SELECT sec.enter_delivery(gen_random_uuid(), 'x');

-- everybody: mints
SELECT sec.mint('mine', %(other)s, 'session', NULL, NULL, interval '1 day');

-- everybody: revokes
SELECT sec.revoke('x');

-- everybody: revokes a key's tickets
SELECT sec.revoke_key(id) FROM partners_apikey;

-- everybody: spends a socket's ticket
SELECT sec.spend('x', interval '1 year');

-- everybody: sweeps
SELECT sec.sweep_tickets();

-- everybody: hashes
SELECT sec.hash('x');

-- everybody: replaces sec.me()
CREATE OR REPLACE FUNCTION sec.me() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid';

-- everybody: moves sec.me()
ALTER FUNCTION sec.me() SECURITY INVOKER;

-- everybody: seals by hand
SELECT sec.seal();
