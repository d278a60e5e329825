-- roles: portal_app portal_worker

-- unseeing: rules out for everybody
SELECT sec.say_technique(%(incident)s, 'T1486', '18.1', 'ruled_out', 'It was a drill.', false);

-- unseeing: supposes for everybody
SELECT sec.say_technique(%(incident)s, 'T1486', '18.1', 'hypothesised', '', false);

-- everybody: has seen something in what it knows nothing of
SELECT sec.say_technique(%(apart)s, 'T1486', '18.1', 'observed', 'Files are locked.', false);

-- everybody: takes back what it never said
SELECT sec.say_technique(%(incident)s, 'T1486', '18.1', 'withdrawn', 'It was a drill.', false);

-- everybody: says something else of a technique
SELECT sec.say_technique(%(incident)s, 'T1486', '18.1', 'confirmed', 'x', false);

-- everybody: names what is no technique
SELECT sec.say_technique(%(incident)s, 'T1486; x', '18.1', 'observed', 'x', false);

-- everybody: has seen something without a word
SELECT sec.say_technique(%(incident)s, 'T1486', '18.1', 'observed', NULL, false);

-- everybody: opens a second time
SELECT sec.suppose_at_opening(%(incident)s, ARRAY['T1486'], '18.1');

-- unseeing: sets aside what another saw
SELECT sec.set_sightings_aside(%(incident)s, 'T1486', %(other)s, 'It was a drill.');

-- everybody: sets aside what somebody saw who is not cut off
SELECT sec.set_sightings_aside(%(incident)s, 'T1486', %(stranger)s, 'It was a drill.');

-- everybody: shares what is not its own
SELECT sec.share_evidence(gen_random_uuid());

-- everybody: reads the plan of what it knows nothing of
SELECT * FROM sec.plan_of(%(apart)s);

-- everybody: tells everybody of a technique
SELECT sec.technique_moved(t, 'observed', true, 'x') FROM incidents_incidenttechnique t;

-- everybody: tells the overseers of a technique
SELECT sec.technique_said(t, 'technique.observed', '{}') FROM incidents_incidenttechnique t;

-- everybody: puts a technique by hand
INSERT INTO incidents_incidenttechnique (id, incident_id, technique, attack_version, state, seen_count, put_at, changed_at)
    VALUES (gen_random_uuid(), %(incident)s, 'T1486', '18.1', 'observed', 9, now(), now());

-- everybody: rules out by hand
UPDATE incidents_incidenttechnique SET state = 'ruled_out', seen_count = 0;

-- everybody: makes others unsay what they saw
UPDATE incidents_techniquesaying SET in_force = false;

-- everybody: takes a saying away
DELETE FROM incidents_techniquesaying;

-- everybody: shares everything
UPDATE incidents_techniqueevidence SET shared_at = now();
