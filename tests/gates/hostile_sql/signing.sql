-- roles: portal_app

-- everybody: reads private halves
SELECT sealed FROM incidents_signingsecret;

-- everybody: puts a private half in place of another's
UPDATE incidents_signingsecret SET sealed = '\x00';

-- everybody: makes a key by hand
INSERT INTO incidents_signingkey (id, organisation_id, algorithm, public_key, thumbprint) VALUES (gen_random_uuid(), %(me)s,
    'Ed25519', 'x', 'x');

-- everybody: makes a key without a passkey
SELECT sec.make_signing_key(gen_random_uuid(), 'Ed25519', 'MCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=', '\x00')
 WHERE NOT (SELECT sec.fresh() AND sec.role() = 'administrator');

-- everybody: makes a key under the id of another's
SELECT sec.make_signing_key(k.id, 'Ed25519', 'MCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=', '\x00')
  FROM incidents_signingkey k WHERE k.organisation_id <> %(me)s;

-- everybody: ends the keys of others
SELECT sec.retire_signing_key(k.id, 'exposed') FROM incidents_signingkey k WHERE k.organisation_id <> %(me)s
 UNION ALL SELECT sec.retire_signing_key(gen_random_uuid(), 'exposed');

-- everybody: signs what is not there
SELECT whole FROM sec.use_signing_key(gen_random_uuid());

-- everybody: has the private half handed out without a passkey
SELECT u.whole FROM incidents_playbook p, sec.use_signing_key(p.id) u
 WHERE NOT (SELECT sec.fresh() AND sec.role() IN ('administrator', 'incident_manager'));

-- everybody: signs in another's name
INSERT INTO incidents_playbooksignature (id, playbook_id, signature_id, document, organisation_id, position)
SELECT gen_random_uuid(), p.id, 'jss--forged', '{}', %(other)s, 0 FROM incidents_playbook p;

-- others: says that another's key made a signature
INSERT INTO incidents_playbooksignature (id, playbook_id, signature_id, document, organisation_id, key_id, position)
SELECT gen_random_uuid(), p.id, 'jss--forged', '{}', %(me)s, k.id, 0 FROM incidents_playbook p, incidents_signingkey k
 WHERE k.organisation_id <> %(me)s;

-- everybody: fills the places of others
INSERT INTO incidents_playbooksignature (id, playbook_id, signature_id, document, organisation_id, position)
SELECT gen_random_uuid(), p.id, 'jss--junk-' || n, '{}', %(me)s, 0 FROM incidents_playbook p, generate_series(1, 60) n;

-- everybody: says that another's key took a signature back
INSERT INTO incidents_playbooksignature (id, playbook_id, signature_id, document, organisation_id, position, takes_back)
SELECT gen_random_uuid(), s.playbook_id, s.signature_id, '{"revoked": true}', %(other)s, 0, true
  FROM incidents_playbooksignature s;

-- everybody: removes signatures
DELETE FROM incidents_playbooksignature;

-- everybody: changes signatures
UPDATE incidents_playbooksignature SET document = '{}';

-- everybody: trusts a key by hand, for all
INSERT INTO incidents_trustedkey (id, owner, public_key, thumbprint, reason, for_all, added_by_id, vouched_by_id)
VALUES (gen_random_uuid(), 'Me', 'x', 'x', 'r', true, %(me)s, %(other)s);

-- everybody: trusts a key by hand, for another
INSERT INTO incidents_trustedkey (id, owner, public_key, thumbprint, reason, for_all, added_by_id)
VALUES (gen_random_uuid(), 'Me', 'x', 'x', 'r', false, %(other)s);

-- everybody: gives a listed key another owner
UPDATE incidents_trustedkey SET owner = 'Me', for_all = true;

-- everybody: takes keys off the list by hand
UPDATE incidents_trustedkey SET ended_at = now();

-- everybody: trusts for all with an approval that there is not
SELECT sec.trust_key_for_all(gen_random_uuid());

-- everybody: trusts for all with an approval of something else
SELECT sec.trust_key_for_all(a.id) FROM partners_approval a UNION ALL SELECT sec.trust_key_for_all(gen_random_uuid());

-- everybody: takes off what others have put on
SELECT sec.distrust_key(t.id, 'r') FROM incidents_trustedkey t
 WHERE t.added_by_id <> %(me)s AND %(me)s NOT IN (t.vouched_by_id, t.owner_organisation_id)
 UNION ALL SELECT sec.distrust_key(gen_random_uuid(), 'r');

-- everybody: says by hand that a key was made
INSERT INTO ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_reference, audience, data)
VALUES (gen_random_uuid(), 'signing_key.exposed', now(), %(me)s, 'person', '', ARRAY[%(me)s::uuid], '{}');

-- everybody: says by hand that something was signed
INSERT INTO ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_reference, audience, data)
VALUES (gen_random_uuid(), 'playbook.signed', now(), %(me)s, 'person', '', ARRAY[%(me)s::uuid], '{}');
