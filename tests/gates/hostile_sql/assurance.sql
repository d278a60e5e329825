-- roles: portal_app

-- everybody: writes an assessment by hand
INSERT INTO partners_assessment (id, provider_id, organisation_id, kind, title, scope, assessor, summary, written_at)
VALUES (gen_random_uuid(), %(other)s, %(me)s, 'architecture', 't', 's', '', '', now());

-- everybody: assesses somebody who provides nothing to it
SELECT sec.write_assessment(NULL, %(other)s, '{"kind": "architecture", "title": "t", "scope": "s"}');

-- everybody: changes another's assessment
SELECT sec.write_assessment(gen_random_uuid(), %(me)s, '{"kind": "architecture", "title": "t", "scope": "s"}');

-- everybody: shares another's assessment with itself
SELECT sec.share_assessment(gen_random_uuid(), ARRAY[%(me)s::uuid]);

-- everybody: shares by hand
INSERT INTO partners_assessmentshare (id, assessment_id, organisation_id, shared_by_organisation_id, shared_at)
SELECT gen_random_uuid(), a.id, %(me)s, a.organisation_id, now() FROM partners_assessment a;

-- everybody: raises a finding at a council
SELECT sec.raise_finding(%(other)s, NULL, '{"title": "t", "severity": "high", "due_on": "2030-01-01"}');

-- everybody: raises a finding in an assessment that there is not
SELECT sec.raise_finding((SELECT (sec.my_providers())[1]), gen_random_uuid(),
    '{"title": "t", "severity": "high", "due_on": "2030-01-01"}');

-- everybody: closes every finding
UPDATE partners_finding SET state = 'closed', retested_on = now(), retested_by = 'me';

-- everybody: closes findings that it reads without a passkey
SELECT sec.move_finding(f.id, 'confirmed', 'x', current_date, 'me') FROM partners_finding f
 UNION ALL SELECT sec.move_finding(gen_random_uuid(), 'confirmed', 'x', current_date, 'me');

-- everybody: writes what was said of a finding
INSERT INTO partners_findingmove (id) VALUES (gen_random_uuid());

-- everybody: gives a provider work
SELECT sec.finding_work(f) FROM partners_finding f UNION ALL SELECT sec.finding_work(NULL);

-- everybody: says that a finding is overdue
SELECT sec.finding_overdue(gen_random_uuid(), now());

-- everybody: asks who reads a finding
SELECT sec.readers_of_finding(NULL::partners_finding);

-- everybody: asks who reads an assessment
SELECT sec.readers_of_assessment(gen_random_uuid());

-- everybody: writes a contract with somebody who provides nothing to it
SELECT sec.write_contract(%(other)s, '{}');

-- everybody: writes another's contract
INSERT INTO partners_contract (id, organisation_id, provider_id, version, written_at)
VALUES (gen_random_uuid(), %(other)s, %(me)s, 1, now());

-- everybody: changes contracts
UPDATE partners_contract SET liability_cap = 0;

-- everybody: reads another's contract
SELECT id FROM partners_contract WHERE organisation_id <> %(me)s AND provider_id <> %(me)s;

-- everybody: reads where files stand
SELECT storage_name FROM files_storedfile;

-- everybody: opens a file that is not shared with it
SELECT * FROM sec.open_file(gen_random_uuid());

-- everybody: keeps a file past the rooms
SELECT sec.keep_file('task', gen_random_uuid(), repeat('a', 64), 'n', 1, sha256('x'), 'text/plain', ARRAY[%(other)s::uuid]);

-- everybody: attaches a file to another's assessment
SELECT sec.attach_evidence(gen_random_uuid(), repeat('a', 64), 'n', 1, sha256('x'), 'text/plain');

-- everybody: removes a file past the rooms
SELECT sec.drop_file(gen_random_uuid(), '{}');

-- everybody: removes a file of another's
SELECT sec.remove_evidence(gen_random_uuid(), gen_random_uuid());

-- everybody: writes a file's row
INSERT INTO files_storedfile (id, organisation_id, purpose, owner_id, storage_name, name, size, sha256, content_type,
    state, uploaded_at) VALUES (gen_random_uuid(), %(me)s, 'task', gen_random_uuid(), 'x', 'x', 1, '', '', 'kept', now());

-- everybody: gives itself room for files
UPDATE files_usage SET bytes = 0;

-- everybody: reads how much others keep
SELECT bytes FROM files_usage;

-- everybody: asks which files are kept
SELECT * FROM sec.files_not_kept(ARRAY['x']);

-- everybody: says what only functions say of a file
INSERT INTO ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_reference, audience)
VALUES (gen_random_uuid(), 'file.downloaded', now(), %(me)s, 'person', '', ARRAY[%(me)s::uuid]);

-- everybody: says itself that a finding is mended
INSERT INTO ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_reference, audience)
VALUES (gen_random_uuid(), 'finding.confirmed', now(), %(me)s, 'person', '', ARRAY[%(me)s::uuid]);
