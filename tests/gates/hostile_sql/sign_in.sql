-- roles: portal_app

-- everybody: reads key material
SELECT public_key FROM partners_authenticator;

-- everybody: reads seeds
SELECT secret FROM partners_authenticator;

-- everybody: reads all of an authenticator
SELECT * FROM partners_authenticator;

-- everybody: plants a passkey
INSERT INTO partners_authenticator (id, organisation_id, person_id, kind, label, created_at, credential_id, public_key,
    rides_on_words, sign_count, backed_up, last_step)
SELECT gen_random_uuid(), %(me)s, p.id, 'passkey', 'mine', now(), 'c', 'k', '', 0, false, 0 FROM partners_person p;

-- everybody: reads recovery codes
SELECT digest FROM partners_recoverycode;

-- everybody: reads a client secret
SELECT client_secret FROM partners_identityprovider;

-- everybody: turns a provider to itself
UPDATE partners_identityprovider SET issuer = 'https://evil.example';

-- everybody: joins a subject to a person
INSERT INTO partners_federatedidentity (id, organisation_id, person_id, issuer, subject, linked_at)
SELECT gen_random_uuid(), %(me)s, p.id, 'i', 's', now() FROM partners_person p;

-- everybody: reads sign-ins under way
SELECT nonce, verifier FROM partners_oidcflow;

-- everybody: prolongs sessions
UPDATE partners_personsession SET ends_at = 'infinity';

-- everybody: forgets how often it tried
DELETE FROM partners_attempts;

-- everybody: counts a try for somebody else
SELECT sec.tried('x', interval '1 day');

-- everybody: steps itself up
SELECT sec.step_up(current_setting('app.ticket'), gen_random_uuid());

-- everybody: ends another's session
SELECT sec.revoke_session(gen_random_uuid());

-- everybody: narrows another's ticket
SELECT sec.narrow('x', interval '1 day');

-- everybody: writes an event of the door
SELECT sec.record_at_door('break_glass.used', p.id, '{}') FROM partners_person p;

-- everybody: asks which steps another is under
SELECT sec.steps_in_force(%(other)s);

-- everybody: asks whether another is in an incident
SELECT sec.in_open_incident(%(other)s);

-- everybody: asks whether a system is in an incident
SELECT sec.system_in_open_incident(%(system)s);

-- everybody: makes itself an administrator
UPDATE partners_person SET role = 'administrator';

-- everybody: adds a person without being an administrator
INSERT INTO partners_person (id, organisation_id, name, email, role, duty, is_active, break_glass)
VALUES (gen_random_uuid(), %(me)s, 'Mine', 'mine@example.org', 'administrator', '', true, false);

-- everybody: adds a person to another
INSERT INTO partners_person (id, organisation_id, name, email, role, duty, is_active, break_glass)
VALUES (gen_random_uuid(), %(other)s, 'Mine', 'mine@example.org', 'administrator', '', true, false);

-- everybody: loosens its sign-in policy
INSERT INTO partners_signinpolicy (organisation_id, idle_minutes, absolute_hours, allow_password)
VALUES (%(me)s, 720, 24, true);
