-- roles: portal_app

-- everybody: signs in another's name
INSERT INTO incidents_signoff (id, organisation_id, playbook_id, cacao_id, signed_at, signed_by, valid_until, reservation,
    ended_how, ended_reason)
SELECT gen_random_uuid(), %(other)s, p.id, p.cacao_id, now(), gen_random_uuid(), current_date + 9, '', '', ''
  FROM incidents_playbook p LIMIT 1;

-- everybody: signs past the function, without a passkey
INSERT INTO incidents_signoff (id, organisation_id, playbook_id, cacao_id, signed_at, signed_by, valid_until, reservation,
    ended_how, ended_reason)
SELECT gen_random_uuid(), %(me)s, p.id, p.cacao_id, now(), gen_random_uuid(), current_date + 9, '', '', ''
  FROM incidents_playbook p LIMIT 1;

-- everybody: signs without a passkey used just now
SELECT sec.sign_off(p.id, current_date + 9, '', '[]') FROM incidents_playbook p WHERE p.slug = 'shared-platform-containment';

-- everybody: takes a reservation away
UPDATE incidents_signoff SET reservation = '' RETURNING 1;

-- everybody: lets a signature count for longer
UPDATE incidents_signoff SET valid_until = 'infinity' RETURNING 1;

-- everybody: forgets that somebody signed
DELETE FROM incidents_signoff RETURNING 1;

-- everybody: withdraws another's signature
SELECT sec.withdraw_sign_off(s.id, 'x') FROM incidents_signoff s WHERE s.organisation_id <> %(me)s
UNION ALL SELECT sec.withdraw_sign_off(gen_random_uuid(), 'x');

-- everybody: agrees to a step for somebody else
INSERT INTO incidents_signoffstep (id, sign_off_id, step_id, reservation, agreed_until)
SELECT gen_random_uuid(), s.id, t.id, '', current_date + 9 FROM incidents_signoff s, incidents_step t LIMIT 1;

-- everybody: lets an agreement of others last for ever
UPDATE incidents_signoffstep SET agreed_until = 'infinity' RETURNING 1;

-- everybody: says that a playbook is for a system on which it does not stand
SELECT sec.cover_system('playbook--own', %(system)s, true);

-- everybody: writes past the function for which system a playbook is
INSERT INTO incidents_playbooksystem (id, cacao_id, system_id, set_by_id, set_at)
VALUES (gen_random_uuid(), 'playbook--own', %(system)s, %(me)s, now());

-- everybody: takes a playbook from a system
DELETE FROM incidents_playbooksystem RETURNING 1;

-- everybody: writes later what was signed at an opening
UPDATE incidents_signedatopening SET word = 'signed' RETURNING 1;

-- everybody: forgets what was signed at an opening
DELETE FROM incidents_signedatopening RETURNING 1;

-- everybody: makes up what was signed at an opening
INSERT INTO incidents_signedatopening (id, incident_id, organisation_id, word, version, reservation, steps, frozen_at)
VALUES (gen_random_uuid(), %(incident)s, %(me)s, 'signed', '', '', '[]', now());

-- everybody: asks whether a version is revoked
SELECT sec.plan_trouble(p.id) FROM incidents_playbook p;

-- everybody: asks who kept a playbook
SELECT sec.plan_keeper(p.cacao_id) FROM incidents_playbook p;

-- everybody: says itself that somebody signed
INSERT INTO ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_reference, audience, data)
VALUES (gen_random_uuid(), 'signoff.given', now(), %(me)s, 'person', '', ARRAY[%(me)s]::uuid[], '{}');

-- everybody: sends the event of a signature
SELECT sec.signed_off(s, 'given', '{}') FROM incidents_signoff s;
