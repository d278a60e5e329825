-- roles: portal_app

-- everybody: stands on a foreign system
INSERT INTO partners_participation (id, organisation_id, system_id, services, safety_critical, status)
SELECT gen_random_uuid(), %(me)s, %(system)s, '{}', false, 'live';

-- everybody: adds another to a foreign system
INSERT INTO partners_participation (id, organisation_id, system_id, services, safety_critical, status)
SELECT gen_random_uuid(), %(other)s, %(system)s, '{}', false, 'live';

-- everybody: leads from a foreign system into its own
INSERT INTO partners_dependency (id, source_id, target_id, kind, label, phrase, stops, carries, "group", barrier, reviewed_by,
    note)
SELECT gen_random_uuid(), %(system)s, x, 'hosting', 'h', '', '', false, '', 'none', '', '' FROM unnest(sec.my_systems()) x;

-- everybody: leads from its own into a foreign system
INSERT INTO partners_dependency (id, source_id, target_id, kind, label, phrase, stops, carries, "group", barrier, reviewed_by,
    note)
SELECT gen_random_uuid(), x, %(system)s, 'hosting', 'h', '', '', false, '', 'none', '', '' FROM unnest(sec.my_systems()) x;

-- everybody: makes a link that is cut already
INSERT INTO partners_dependency (id, source_id, target_id, kind, label, phrase, stops, carries, "group", barrier, reviewed_by,
    note, cut_source_at, cut_target_at)
SELECT gen_random_uuid(), d.source_id, d.target_id, d.kind, 'h', '', '', false, '', 'none', '', '', now(), now()
  FROM partners_dependency d;

-- everybody: makes a link that is tested already
INSERT INTO partners_dependency (id, source_id, target_id, kind, label, phrase, stops, carries, "group", barrier, reviewed_by,
    note, tested_on)
SELECT gen_random_uuid(), d.source_id, d.target_id, d.kind, 'h', '', '', false, '', 'tested', '', '', current_date
  FROM partners_dependency d;

-- everybody: calls a barrier tested by hand
UPDATE partners_dependency SET barrier = 'tested', tested_on = current_date;

-- everybody: cuts a link by hand
UPDATE partners_dependency SET cut_source_at = now(), cut_target_at = now();

-- everybody: turns a link round
UPDATE partners_dependency SET source_id = target_id, target_id = source_id;

-- everybody: deletes links
DELETE FROM partners_dependency;

-- everybody: deletes systems
DELETE FROM partners_sharedsystem;

-- everybody: deletes participations
DELETE FROM partners_participation;

-- everybody: takes a foreign system over
UPDATE partners_sharedsystem SET owner_id = %(me)s WHERE id = %(system)s;

-- everybody: takes over a system that nobody runs
UPDATE partners_sharedsystem SET owner_id = %(me)s WHERE owner_id IS NULL AND provider_id IS NULL;

-- everybody: adds a system of another one's
INSERT INTO partners_sharedsystem (id, slug, name, spoken, description, hosting, status, safety_critical, cut_stops,
    account_realms, owner_id)
VALUES (gen_random_uuid(), 's', 's', '', '', '', 'live', false, '', '{}', %(other)s);

-- everybody: adds a system of nobody's
INSERT INTO partners_sharedsystem (id, slug, name, spoken, description, hosting, status, safety_critical, cut_stops,
    account_realms)
VALUES (gen_random_uuid(), 's', 's', '', '', '', 'live', false, '', '{}');

-- everybody: makes the portal out of a system
UPDATE partners_sharedsystem SET is_portal = true;

-- everybody: chooses a slug
UPDATE partners_sharedsystem SET slug = 'planning-search';

-- everybody: moves a participation
UPDATE partners_participation SET system_id = %(system)s;

-- everybody: says how many people another serves
UPDATE partners_participation SET people_served = 0;

-- everybody: says who decides for another
UPDATE partners_participation SET decision_owner_id = NULL WHERE organisation_id = %(other)s;

-- everybody: confirms for another
UPDATE partners_participation SET confirmed_at = now() WHERE organisation_id = %(other)s;

-- everybody: names another's person as deciding
UPDATE partners_participation SET decision_owner_id = (SELECT decision_owner_id FROM partners_participation
    WHERE organisation_id <> %(me)s AND decision_owner_id IS NOT NULL LIMIT 1)
 WHERE organisation_id = %(me)s AND EXISTS (SELECT 1 FROM partners_participation
    WHERE organisation_id <> %(me)s AND decision_owner_id IS NOT NULL);

-- everybody: says services for another
INSERT INTO partners_publicservice (id, participation_id, organisation_id, system_id, position, category, name,
    safety_critical, critical_dates)
SELECT gen_random_uuid(), p.id, %(me)s, p.system_id, 1, 'other', 'x', false, '[]'::jsonb FROM partners_participation p
 WHERE p.organisation_id <> %(me)s
UNION ALL SELECT gen_random_uuid(), gen_random_uuid(), %(me)s, %(system)s, 1, 'other', 'x', false, '[]'::jsonb;

-- everybody: takes services of others away
DELETE FROM partners_publicservice WHERE organisation_id <> %(me)s;

-- everybody: says what a foreign system is made of
INSERT INTO partners_component (id, system_id, vendor, product, product_version, cpe, purl, note)
VALUES (gen_random_uuid(), %(system)s, '', 'x', '', '', '', '');

-- everybody: reads segments of a foreign system
SELECT name FROM partners_segment WHERE system_id = %(system)s;

-- everybody: reads components of a foreign system
SELECT product FROM partners_component WHERE system_id = %(system)s;

-- everybody: asks who speaks for a foreign system
SELECT sec.speakers(%(system)s);

-- everybody: walks without being written down
SELECT sec.walked_from(sec.my_systems());

-- everybody: takes another off
SELECT sec.remove_stand(p.id) FROM partners_participation p WHERE p.organisation_id <> %(me)s
UNION ALL SELECT sec.remove_stand(gen_random_uuid());

-- everybody: calls a barrier tested without a passkey
SELECT sec.state_barrier(d.id, 'tested', 'x', 'x', current_date, current_date) FROM partners_dependency d
UNION ALL SELECT sec.state_barrier(gen_random_uuid(), 'tested', 'x', 'x', current_date, current_date);

-- everybody: writes a history of its own
SELECT sec.told_of_runners('{}');
