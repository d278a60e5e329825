-- roles: portal_app portal_worker

-- everybody: reads sealed addresses
SELECT * FROM partners_sealedaddress;

-- everybody: reads how many there are
SELECT count(*) FROM partners_sealedaddress;

-- everybody: swaps the address of a channel for one of its own
UPDATE partners_sealedaddress SET sealed = '\x00';

-- everybody: writes a channel past the function
INSERT INTO partners_contactpoint (id, organisation_id, kind, label, address, host, trust, trust_because, "order", is_active) VALUES (gen_random_uuid(), %(me)s, 'slack', 'x', 'x', 'x.example', 'trusted', '', 1, true);

-- others: puts a channel into the duty desk of an organisation, without a passkey used just now
SELECT sec.put_sealed_contact(gen_random_uuid(), NULL, 'slack', 'x', 'x', 'x.example', NULL, 1, '\x00', sha256('x'));

-- everybody: switches notices on for somebody else
SELECT sec.put_sealed_contact(gen_random_uuid(), p.id, 'push', 'x', 'x', 'x.example', NULL, 1, '\x00', sha256('x'))
  FROM partners_person p WHERE p.organisation_id = %(other)s LIMIT 1;

-- everybody: turns a channel of another organisation to an address of its own
SELECT sec.put_sealed_contact(gen_random_uuid(), gen_random_uuid(), 'teams', 'x', 'x', 'x.example', NULL, 1, '\x00', sha256('x'));

-- everybody: makes a number of a channel
SELECT sec.put_contact(c.id, NULL, 'sms', 'x', '+447700900999', NULL, false, 1, NULL) FROM partners_contactpoint c WHERE c.host <> '';

-- everybody: reads what is sent where, for a claim that it does not hold
SELECT * FROM sec.claimed_addresses('somebody else');

-- everybody: has a colleague left alone
INSERT INTO partners_reachpreference (person_id, organisation_id, first, beside, quiet_category)
SELECT p.id, p.organisation_id, '', '{}', 3 FROM partners_person p LIMIT 1;

-- everybody: has everybody left alone
UPDATE partners_reachpreference SET quiet_from = '00:00', quiet_until = '13:00', quiet_category = 3;

-- everybody: asks until when somebody is left alone
SELECT sec.quiet_until(gen_random_uuid(), 6, now());

-- everybody: wishes to be told by a browser alone
SELECT sec.keep_reach('push', '{}', NULL, NULL, 4);

-- everybody: wishes for quiet in category 2
SELECT sec.keep_reach('', '{}', '22:00', '07:00', 2);

-- everybody: wishes for quiet all day
SELECT sec.keep_reach('', '{}', '07:00', '06:59', 4);
