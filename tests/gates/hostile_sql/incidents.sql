-- roles: portal_app

-- everybody: adds itself to the arrays
UPDATE incidents_incident SET participants = participants || %(me)s::uuid;

-- everybody: makes itself overseer
UPDATE incidents_incident SET overseers = participants;

-- everybody: takes the lead
UPDATE incidents_incident SET lead_id = %(me)s;

-- everybody: makes a real one an exercise
UPDATE incidents_incident SET exercise = true;

-- members: renames another's
UPDATE incidents_incident SET title = 'x' WHERE lead_id <> %(me)s;

-- members: closes another's
UPDATE incidents_incident SET status = 'closed', outcome = 'duplicate', closed_at = now() WHERE lead_id <>
    %(me)s;

-- members: makes itself deputy
UPDATE incidents_incident SET deputy_lead_id = %(me)s WHERE lead_id <> %(me)s;

-- everybody: deletes incidents
DELETE FROM incidents_incident;

-- members: says that another has looked
UPDATE incidents_participant SET seen_at = now() WHERE organisation_id <> %(me)s;

-- everybody: says that it has answered
UPDATE incidents_participant SET acknowledged_at = now();

-- everybody: says that it was told
UPDATE incidents_participant SET told_at = now(), told_by = 'me';

-- everybody: throws somebody out
DELETE FROM incidents_participant;

-- everybody: says that it is contained
UPDATE incidents_standing SET word = 'contained';

-- others: writes an update
INSERT INTO incidents_update (id, incident_id, author_organisation_id, author_name, text, at) VALUES
    (gen_random_uuid(), %(incident)s, %(me)s, 'x', 'x', now());

-- members: writes an update as another
INSERT INTO incidents_update (id, incident_id, author_organisation_id, author_name, text, at) VALUES
    (gen_random_uuid(), %(incident)s, %(other)s, 'x', 'x', now());

-- everybody: rewrites an update
UPDATE incidents_update SET text = 'x';

-- others: redraws the radius
UPDATE incidents_radius SET document = '{}' WHERE incident_id = %(incident)s;

-- members: reads a foreign radius
SELECT document FROM incidents_radius WHERE incident_id = %(apart)s;

-- everybody: runs it
UPDATE incidents_run SET due_at = now();

-- everybody: changes a playbook
UPDATE incidents_playbook SET document = '{}';

-- members: adds a step to another's playbook
INSERT INTO incidents_step (id, playbook_id, cacao_step_id, position, title, audience, acknowledge_minutes,
    finish_minutes, containing, confirmed_by_council, "join", do_this, why, who, stops, worked, undo, cannot,
    d3fend, instructions, after) SELECT gen_random_uuid(), p.id, 'x', 99, 'x', 'all', 1, 1, false, false,
    'all', '', '', '', '', '', '', '', '[]', '[]', '{}' FROM incidents_playbook p WHERE
    p.created_by_organisation_id <> %(me)s;

-- everybody: keeps a revoked playbook as one that is not
INSERT INTO incidents_playbook (id, slug, name, description, cacao_id, version, created_by_organisation_id, imported_at,
    document, digest, warnings, blockers, revoked) VALUES (gen_random_uuid(), 'x', 'X', '', 'playbook--x', '1', %(me)s, now(),
    '{"id": "playbook--x", "modified": "1", "name": "X", "revoked": true}', '', '[]', '[]', false);

-- everybody: keeps its own document as a version of another one
INSERT INTO incidents_playbook (id, slug, name, description, cacao_id, version, created_by_organisation_id, imported_at,
    document, digest, warnings, blockers) VALUES (gen_random_uuid(), 'x', 'X', '', 'playbook--other', '1', %(me)s, '2001-01-01',
    '{"id": "playbook--x", "modified": "1", "name": "X"}', '', '[]', '[]');

-- everybody: keeps a version as a newer one
INSERT INTO incidents_playbook (id, slug, name, description, cacao_id, version, created_by_organisation_id, imported_at,
    document, digest, warnings, blockers) VALUES (gen_random_uuid(), 'x', 'X', '', 'playbook--x', '9', %(me)s, now(),
    '{"id": "playbook--x", "modified": "1", "name": "X"}', '', '[]', '[]');

-- everybody: keeps a version past its days
INSERT INTO incidents_playbook (id, slug, name, description, cacao_id, version, created_by_organisation_id, imported_at,
    document, digest, warnings, blockers) VALUES (gen_random_uuid(), 'x', 'X', '', 'playbook--x', '1', %(me)s, now(),
    '{"id": "playbook--x", "modified": "1", "name": "X", "valid_until": "2001-01-01T00:00:00.000Z"}', '', '[]', '[]');

-- everybody: keeps a version before its days
INSERT INTO incidents_playbook (id, slug, name, description, cacao_id, version, created_by_organisation_id, imported_at,
    document, digest, warnings, blockers, valid_from) VALUES (gen_random_uuid(), 'x', 'X', '', 'playbook--x', '1', %(me)s,
    now(), '{"id": "playbook--x", "modified": "1", "name": "X", "valid_from": "2999-01-01T00:00:00.000Z"}', '', '[]', '[]',
    '2001-01-01');

-- everybody: hides what a playbook runs within itself
INSERT INTO incidents_playbook (id, slug, name, description, cacao_id, version, created_by_organisation_id, imported_at,
    document, digest, warnings, blockers) VALUES (gen_random_uuid(), 'x', 'X', '', 'playbook--x', '1', %(me)s, now(),
    '{"id": "playbook--x", "modified": "1", "name": "X", "workflow": {"s": {"playbook_id": "playbook--y"}}}', '', '[]', '[]');

-- everybody: adds a step to a version that is kept
INSERT INTO incidents_step (id, playbook_id, cacao_step_id, position, title, audience, acknowledge_minutes,
    finish_minutes, containing, confirmed_by_council, "join", do_this, why, who, stops, worked, undo, cannot,
    d3fend, instructions, after) SELECT gen_random_uuid(), p.id, 'x', 99, 'x', 'all', 1, 1, false, false,
    'all', '', '', '', '', '', '', '', '[]', '[]', '{}' FROM incidents_playbook p;

-- members: decides another's duty
INSERT INTO incidents_duty (id, incident_id, organisation_id, kind, hours, decision) VALUES
    (gen_random_uuid(), %(incident)s, %(other)s, 'x', 72, 'Not notifiable');

-- members: settles another's duty
INSERT INTO incidents_duty (id, incident_id, organisation_id, kind, hours, decision, settled_at) VALUES
    (gen_random_uuid(), %(incident)s, %(other)s, 'x', 72, '', now());

-- members: makes another aware
UPDATE incidents_duty SET aware_at = now() WHERE organisation_id <> %(me)s;

-- members: reads another's duties
SELECT 1 FROM incidents_duty WHERE organisation_id <> %(me)s AND shared = '';
