-- roles: portal_app portal_worker

-- everybody: decides for the incident without leading it
SELECT sec.write_decision(%(apart)s, true, 'k', 'o', 'd', 'w', '', 'Grace', 'Gold', now(), NULL, NULL, '', NULL);

-- everybody: writes a decision down where it does not take part
SELECT sec.write_decision(%(apart)s, false, 'k', 'o', 'd', 'w', '', 'Grace', 'Gold', now(), NULL, NULL, '', NULL);

-- everybody: decided in the future
SELECT sec.write_decision(%(incident)s, false, 'k', 'o', 'd', 'w', '', 'G', 'Gold', now() + interval '1 day', NULL, NULL, '',
    NULL);

-- everybody: revises what is not its own
SELECT sec.write_decision(%(incident)s, false, 'k', 'o', 'd', 'w', '', 'G', 'Gold', now(), NULL, %(decision)s, 'so', NULL);

-- everybody: decides nothing
SELECT sec.write_decision(%(incident)s, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

-- everybody: shares a decision that is not its own
SELECT sec.share_decision(%(decision)s, 'all');

-- everybody: says what is known where it does not lead
SELECT sec.say_known(%(apart)s, '{So}', '{}', '{}');

-- everybody: says nothing at all
SELECT sec.say_known(%(incident)s, '{}', '{}', '{}');

-- everybody: says a line of no words
SELECT sec.say_known(%(incident)s, ARRAY['So', NULL], '{}', '{}');

-- everybody: writes past the function
INSERT INTO incidents_knowncard (id, incident_id, number, organisation_id, known, believed, not_known, said_by, at)
VALUES (gen_random_uuid(), %(incident)s, 77, %(me)s, '{So}', '{}', '{}', gen_random_uuid(), now());

-- everybody: edits what was decided
UPDATE incidents_logentry SET decision = 'x';

-- everybody: shares what others keep
UPDATE incidents_logentry SET shared = 'all';

-- everybody: takes a decision away
DELETE FROM incidents_logentry;

-- everybody: unsays what was known
DELETE FROM incidents_knowncard;

-- everybody: gives an old update another card
UPDATE incidents_update SET card_id = NULL;
