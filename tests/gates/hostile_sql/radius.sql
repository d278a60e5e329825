-- roles: portal_app

-- everybody: rewrites the opening radius
UPDATE incidents_radius SET document = '{}' RETURNING 1;

-- everybody: keeps a radius itself
INSERT INTO incidents_radiusversion (id, incident_id, number, at, causes, document, contain_first, changed)
VALUES (gen_random_uuid(), %(incident)s, 9, now(), '[]', '{}', '[]', '{}');

-- everybody: rewrites a later radius
UPDATE incidents_radiusversion SET document = '{}' RETURNING 1;

-- everybody: forgets a later radius
DELETE FROM incidents_radiusversion RETURNING 1;

-- everybody: reads why others are walked again
SELECT what FROM incidents_rewalk;

-- everybody: has an incident walked again
INSERT INTO incidents_rewalk (id, incident_id, what, at) VALUES (gen_random_uuid(), %(incident)s, 'asked', now());

-- everybody: enters a walk
SELECT sec.enter_rewalk(%(incident)s, 'x');

-- everybody: settles the sides of others
SELECT sec.settle_sides(%(incident)s, '[]');

-- everybody: names a link without a passkey
SELECT sec.name_link(%(incident)s, gen_random_uuid(), 'new', NULL, 'A system', '');

-- everybody: writes a link past the functions that check
SELECT sec.write_link(gen_random_uuid(), 'new', NULL, 'A system');

-- everybody: counts a proposal without a passkey
SELECT sec.decide_link(c.id, true, '') FROM incidents_linkclaim c;

-- everybody: makes a claim a link itself
UPDATE incidents_linkclaim SET state = 'counted' RETURNING 1;

-- everybody: clears another organisation
INSERT INTO incidents_clearing (id, incident_id, organisation_id, why, stated_by, stated_at, was, withdrawn_why)
VALUES (gen_random_uuid(), %(incident)s, %(other)s, 'x', 'x', now(), 'direct', '');

-- everybody: clears itself without a passkey
SELECT sec.state_clear(%(incident)s, 'x');

-- everybody: takes a clearing back without a passkey
SELECT sec.withdraw_clear(%(incident)s, 'x');

-- everybody: reads another's paths
SELECT w FROM sec.why_here(%(incident)s, gen_random_uuid()) w WHERE w IS NOT NULL;

-- everybody: disputes a link that is on no path of its own
SELECT sec.dispute_link(%(incident)s, gen_random_uuid(), 'x');

-- everybody: answers in another's stead
UPDATE incidents_linkdispute SET answer = 'x', outcome = 'stands' RETURNING 1;

-- everybody: asks for a chore's walk
SELECT sec.edges_for_chore('x');

-- everybody: walks from anywhere
SELECT sec.walked_from(ARRAY[gen_random_uuid()]);

-- everybody: reads the register past the walk
SELECT sec.estate_of(ARRAY[gen_random_uuid()]);

-- everybody: keeps figures itself
INSERT INTO incidents_concentrationsnapshot (id, organisation_id, quarter, taken_at, figures)
VALUES (gen_random_uuid(), %(me)s, '2026-01-01', now(), '{}');

-- everybody: leaves somebody untold after the opening, to let it in by itself
INSERT INTO incidents_untold (id, incident_id, organisation_id, slug, name, exposure, path, because, at)
VALUES (gen_random_uuid(), %(incident)s, %(other)s, 'x', 'x', 'none', 'x', 'x', now());

-- everybody: leaves a stranger untold, to let it in by itself
INSERT INTO incidents_untold (id, incident_id, organisation_id, slug, name, exposure, path, because, at)
VALUES (gen_random_uuid(), %(incident)s, %(stranger)s, 'x', 'x', 'none', 'x', 'x', now());

-- everybody: takes back that somebody was told
UPDATE incidents_untold SET told_at = NULL WHERE told_at IS NOT NULL RETURNING 1;

-- everybody: reads the register without a word to those whom it shows
SELECT sec.edges_quietly(sec.my_systems(), gen_random_uuid());
SET CONSTRAINTS ALL IMMEDIATE;

-- everybody: says that others have read of a quiet opening
SELECT sec.opening_read(%(incident)s);

-- everybody: records a wide read past the walk
SELECT sec.read_shown(ARRAY[gen_random_uuid()], 'x', NULL, NULL);
