-- roles: portal_auth portal_sealer

-- everybody: the door reads incidents
SELECT 1 FROM incidents_incident;

-- everybody: the door reads tasks
SELECT 1 FROM incidents_task;

-- everybody: the door reads the ledger
SELECT 1 FROM ledger_event;

-- everybody: the door reads contacts
SELECT 1 FROM partners_contactpoint;

-- everybody: the door reads tickets
SELECT 1 FROM sec.grant_token;

-- everybody: the door asks who it is
SELECT sec.me();

-- everybody: the door enters
SELECT sec.enter(%(other)s);

-- everybody: the door promotes somebody
UPDATE partners_person SET role = 'administrator';

-- everybody: the door moves somebody
UPDATE partners_person SET organisation_id = %(other)s;

-- everybody: the door widens keys
UPDATE partners_apikey SET scopes = '{open}';

-- everybody: the door mints a job's ticket
SELECT sec.mint('x', %(other)s, 'job', NULL, NULL, interval '1 day');

-- everybody: the door mints for ever
SELECT sec.mint('x', %(other)s, 'session', NULL, NULL, interval '10 years');

-- everybody: the door reads streams
SELECT 1 FROM sec.tail(ARRAY['x'], ARRAY[0], 1);

-- everybody: the door isolates
UPDATE sec.org_state SET isolated_at = now();
