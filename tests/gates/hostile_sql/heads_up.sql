-- roles: portal_app

-- everybody: sends a word for an incident of others
SELECT sec.send_heads_up(%(apart)s, 'Look at your logs.');

-- everybody: writes a word to members outside
INSERT INTO incidents_headsup (id, incident_id, text, exercise, sent_at, recipients)
    VALUES (gen_random_uuid(), %(incident)s, 'x', false, now(), ARRAY[%(other)s]::uuid[]);

-- everybody: reads of which incident a word is
SELECT incident_id FROM incidents_headsup;

-- everybody: reads who else got one
SELECT recipients FROM incidents_headsup;

-- everybody: takes a word back
UPDATE incidents_headsup SET ended_at = now();
