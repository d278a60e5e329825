-- roles: portal_app

-- everybody: marks a domain by hand
INSERT INTO partners_maildistrust (id, domain, organisation_id, for_all, reason, suspected_from, marked_by, marked_by_name,
    marked_by_organisation_id, marked_at, until, lifted_by_name, incident_reference, audience)
VALUES (gen_random_uuid(), 'x.example', %(other)s, true, 'r', now(), gen_random_uuid(), '', %(me)s, now(),
    now() + interval '7 days', '', '', ARRAY[%(me)s::uuid]);

-- everybody: trusts all mail again by hand
UPDATE partners_maildistrust SET lifted_at = now();

-- everybody: prolongs marks by hand
UPDATE partners_maildistrust SET until = 'infinity';

-- everybody: removes marks
DELETE FROM partners_maildistrust;

-- everybody: marks another's mail for all, alone
SELECT sec.mark_mail(o.id, o.mail_domains[1], true, 'r', NULL, NULL, NULL) FROM partners_organisation o
 WHERE o.id <> %(me)s;

-- everybody: marks the own mail without a passkey
SELECT sec.mark_mail(o.id, o.mail_domains[1], true, 'r', NULL, NULL, NULL) FROM partners_organisation o
 WHERE o.id = %(me)s;

-- everybody: marks mail with an approval that there is not
SELECT sec.mark_mail(%(other)s, 'x.example', true, 'r', NULL, %(incident)s, gen_random_uuid());

-- everybody: lifts every mark that it knows
SELECT sec.lift_mail_mark(m.id, NULL) FROM sec.mail_distrust() m UNION ALL SELECT sec.lift_mail_mark(gen_random_uuid(), NULL);

-- everybody: renews every mark that it knows
SELECT sec.renew_mail_mark(m.id, NULL) FROM sec.mail_distrust() m
 UNION ALL SELECT sec.renew_mail_mark(gen_random_uuid(), NULL);

-- everybody: reads who distrusts whom for itself alone
SELECT id FROM partners_maildistrust WHERE NOT for_all AND marked_by_organisation_id <> %(me)s;

-- everybody: asks for the same through the function
SELECT id FROM sec.mail_distrust() WHERE NOT for_all AND NOT mine;

-- everybody: reads why and by whom a mark was set that it only knows as a fact
SELECT id FROM sec.mail_distrust() WHERE NOT told AND (reason <> '' OR incident_reference <> '' OR marked_by_name <> ''
    OR isolation_id IS NOT NULL OR by_two);

-- everybody: reads the notices of others
SELECT id FROM partners_mailnotice WHERE organisation_id <> %(me)s;

-- everybody: says by hand that its staff was told
INSERT INTO partners_mailnotice (id, mark_id, organisation_id, text, people, issued_by, issued_by_name, issued_at)
SELECT gen_random_uuid(), m.id, %(me)s, 't', 1, gen_random_uuid(), '', now() FROM partners_maildistrust m;

-- everybody: says so of a mark that there is not
SELECT sec.issue_mail_notice(gen_random_uuid(), 't', 1);

-- unseeing: asks who has told their staff
SELECT mark_id FROM sec.mail_notices_in(%(incident)s);

-- everybody: asks who has told their staff, of an incident of others
SELECT mark_id FROM sec.mail_notices_in(%(apart)s);

-- everybody: asks for the mark on any address
SELECT sec.mail_mark_on(%(other)s, 'a@x.example');

-- everybody: asks for the ways of everybody in reach
SELECT contact_point_id FROM sec.first_ways(ARRAY[%(system)s::uuid], NULL, ARRAY['email']);

-- everybody: counts ways from a system that is not theirs
SELECT sec.how_they_would_be_told(ARRAY[%(system)s::uuid], NULL, ARRAY['email']);

-- everybody: says that a contact of others is trusted
SELECT sec.trust_contact(gen_random_uuid(), 'trusted', 'x');

-- everybody: writes that mail was marked
INSERT INTO ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_reference, audience, data)
VALUES (gen_random_uuid(), 'mail.distrusted', now(), %(me)s, 'person', '', ARRAY[%(me)s::uuid], '{}');

-- everybody: spends an approval of a mark by itself
SELECT sec.mail_mark_to_change(gen_random_uuid(), NULL, 'trust_mail');
