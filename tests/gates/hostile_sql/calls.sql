-- roles: portal_app

-- everybody: takes a call of anybody
SELECT sec.claim_call(id) FROM notifications_delivery;

-- everybody: takes a call that there is not
SELECT sec.claim_call(gen_random_uuid());

-- everybody: reads a number without holding the call
SELECT sec.call_number(id, 'x') FROM notifications_delivery;

-- everybody: reads a number that there is not
SELECT sec.call_number(gen_random_uuid(), 'x');

-- everybody: says what came of a call that it does not hold
SELECT sec.settle_call(id, 1, 'reached', true, 'x') FROM notifications_delivery;

-- everybody: says what came of no call
SELECT sec.settle_call(gen_random_uuid(), 0, 'reached', true, 'x');

-- unseeing: has somebody rung in an incident that it does not oversee
SELECT sec.ask_call(%(incident)s, %(other)s, '{}', 'x');

-- everybody: has somebody rung in an incident of which it knows nothing
SELECT sec.ask_call(%(apart)s, %(me)s, '{}', 'x');

-- everybody: puts a call on the list as a job would
SELECT sec.want_call(%(incident)s, 'opened', NULL, true, '{}', 'x', 'x');

-- everybody: puts a call on the list past the checks
SELECT sec.write_call(%(other)s, %(incident)s, 'opened', NULL, true, '{}', 'x', 'x', false);

-- everybody: says that a call has ended
SELECT sec.call_said(gen_random_uuid(), 'call.ended', '{}');

-- everybody: asks who may ring
SELECT sec.may_ring(gen_random_uuid());

-- everybody: writes a call
INSERT INTO notifications_callattempt (id, delivery_id, organisation_id, caller_organisation_id, caller_id, attempt, taken_at)
SELECT gen_random_uuid(), d.id, d.organisation_id, d.organisation_id, d.person_id, 9, now() FROM notifications_delivery d;

-- everybody: changes what came of a call
UPDATE notifications_callattempt SET outcome = 'reached';

-- everybody: removes a call
DELETE FROM notifications_callattempt;

-- everybody: says that mail came back
SELECT sec.take_bounce(gen_random_uuid(), 'x', 'permanent-failure', now());
