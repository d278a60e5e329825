-- roles: portal_app

-- everybody: writes a permission itself
INSERT INTO partners_integration (id, grantor_id, grantee_id, made_at, latest, permitted, ended_by_name, ended_because)
VALUES (gen_random_uuid(), %(me)s, %(other)s, now(), 1, 1, '', '');

-- everybody: puts every permission in force
UPDATE partners_integration SET permitted = latest, lapsed_at = NULL, ended_at = NULL;

-- everybody: changes what was approved
UPDATE partners_integrationversion SET accounts = ARRAY['*@everywhere'], expires_on = 'infinity';

-- everybody: approves a version by hand
UPDATE partners_integrationversion SET permitted_at = now(), grantor_approved_by = 'x', grantee_approved_by = 'y';

-- everybody: removes a permission
DELETE FROM partners_integrationversion;

-- everybody: puts one in force without an approval
SELECT sec.permit_integration(gen_random_uuid());

-- everybody: changes a permission that is not theirs
SELECT sec.propose_permission(gen_random_uuid(), 1, 'grantor', %(other)s, '{}');

-- everybody: permits itself
SELECT sec.propose_permission(NULL, 0, 'grantor', %(me)s, '{}');

-- everybody: proposes one for accounts of everybody
SELECT sec.propose_permission(NULL, 0, 'grantor', %(other)s, '{"name": "x", "purpose": "x", "kill_switch_name": "x",
    "kill_switch_how": "x", "direction": "both", "data_classes": ["personal"], "accounts": ["*@everywhere"]}');

-- everybody: names an owner without a passkey
SELECT sec.own_permission(gen_random_uuid(), 1, gen_random_uuid());

-- everybody: refuses what is not theirs
SELECT sec.refuse_permission(gen_random_uuid(), 1, 'because');

-- everybody: ends what is not theirs
SELECT sec.end_permission(gen_random_uuid(), 'because');

-- everybody: has one lapse
SELECT sec.lapse_permission(gen_random_uuid(), now(), 'infinity');

-- everybody: writes an event of a permission
SELECT sec.permission_happened(NULL::partners_integration, 'permission.permitted', '{}');

-- everybody: writes a link by way of a permission
SELECT sec.permission_link(NULL::partners_integration, NULL::partners_integrationversion);

-- everybody: clears another's work
SELECT sec.permission_settled(gen_random_uuid(), %(other)s, ARRAY['permission-asked']);

-- everybody: asks where others stand
SELECT sec.stands_or_runs(%(other)s, ARRAY[gen_random_uuid()]);

-- everybody: asks who works for another
SELECT sec.may_own_permission(gen_random_uuid(), %(other)s);

-- everybody: asks whether another stands on a system
SELECT sec.may_have_access(%(other)s);

-- everybody: attests in another's name
INSERT INTO partners_attestation (id, access_id, organisation_id, version, answer, note, said_by_name, at)
SELECT gen_random_uuid(), a.id, %(other)s, 1, 'needed', '', 'x', now() FROM partners_standingaccess a;

-- everybody: says by hand that access is needed
UPDATE partners_standingaccess SET answer = 'needed', answered_at = now();

-- everybody: hides a line of access
UPDATE partners_standingaccess SET removed_at = now();

-- everybody: attests without a passkey, or what is not theirs
SELECT sec.attest_access(ARRAY[gen_random_uuid()], ARRAY[1], ARRAY['needed'], ARRAY['']);

-- everybody: writes itself standing access into another
SELECT sec.keep_access(NULL, NULL, %(other)s, '{"name": "x", "kind": "group", "rights": "x", "why": "x"}');

-- everybody: takes away what is not theirs
SELECT sec.remove_access(gen_random_uuid());
