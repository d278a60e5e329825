-- roles: portal_app

-- everybody: writes an approval itself
INSERT INTO partners_approval (id, kind, payload, payload_hash, effects, reason, two_organisations, audience, state,
    requested_by, requested_by_name, requesting_organisation_id, requested_with, requested_session, requested_at,
    expires_at, decided_by_name, decided_because)
VALUES (gen_random_uuid(), 'isolate', '{}', '', '{}', 'r', false, ARRAY[%(me)s::uuid], 'approved', gen_random_uuid(), '',
    %(me)s, gen_random_uuid(), gen_random_uuid(), now(), 'infinity', '', '');

-- everybody: approves by hand
UPDATE partners_approval SET state = 'approved', decided_by = gen_random_uuid();

-- everybody: asks without a passkey
SELECT sec.request_approval('isolate', %(other)s, %(incident)s, '{"step": 4}', ARRAY['It cuts.'], 'because', true,
    ARRAY[%(me)s::uuid]);

-- everybody: decides without a passkey
SELECT sec.decide(gen_random_uuid(), true, '');

-- everybody: withdraws what another one asked
SELECT sec.withdraw(gen_random_uuid());

-- everybody: spends an approval
SELECT sec.carry_out(gen_random_uuid(), 'isolate');

-- everybody: writes an approval's event
SELECT sec.approval_happened(NULL::partners_approval, 'approval.given');

-- everybody: cuts another off alone
SELECT sec.isolate(%(other)s, 4, 'because', NULL, %(incident)s, NULL);

-- everybody: cuts another off with an approval that there is not
SELECT sec.isolate(%(other)s, 4, 'because', NULL, %(incident)s, gen_random_uuid());

-- everybody: distrusts another's mail
SELECT sec.isolate(%(other)s, 2, 'because', NULL, NULL, NULL);

-- everybody: limits itself without being an administrator
SELECT sec.isolate(%(me)s, 3, 'because', NULL, NULL, NULL);

-- everybody: writes an isolation
INSERT INTO partners_isolation (id, organisation_id, step, incident_reference, reason, pressed_by, pressed_by_name,
    pressing_organisation_id, started_at, lifted_by_name, audience)
VALUES (gen_random_uuid(), %(other)s, 4, '', 'r', gen_random_uuid(), '', %(me)s, now(), '', ARRAY[%(me)s::uuid]);

-- everybody: lifts what there is not
SELECT sec.lift_isolation(gen_random_uuid(), NULL);

-- everybody: takes the lead
SELECT sec.hand_over_lead(%(incident)s, %(me)s, true, 'because');

-- everybody: takes the lead by hand
UPDATE incidents_incident SET lead_id = %(me)s WHERE id = %(incident)s;

-- everybody: asks who leads next
SELECT sec.next_lead(%(incident)s, ARRAY[]::uuid[]);

-- everybody: reads another's number without a passkey
SELECT sec.registered_number(%(other)s, 'appeal');

-- everybody: records a call that was none
SELECT sec.record_call_back(%(other)s, 'emergency', 'reached', 'somebody', '');

-- everybody: writes a call-back
INSERT INTO partners_callback (id, about_id, purpose, number, outcome, spoke_with, note, called_by, called_by_name,
    calling_organisation_id, called_at, audience)
VALUES (gen_random_uuid(), %(other)s, 'emergency', '1', 'reached', 's', '', gen_random_uuid(), '', %(me)s, now(),
    ARRAY[%(me)s::uuid]);
