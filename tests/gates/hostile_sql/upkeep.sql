-- roles: portal_app

-- everybody: deals itself a card
SELECT sec.deal_card(now());

-- everybody: puts a card into somebody's month
SELECT sec.put_card(%(other)s, gen_random_uuid(), 'contact', gen_random_uuid(), '{}', now());

-- everybody: writes a card
INSERT INTO partners_reviewcard (id, organisation_id, person_id, month, place, kind, object_id, fact, dealt_at, state, words,
    work_raised)
VALUES (gen_random_uuid(), %(me)s, (SELECT id FROM partners_person LIMIT 1), '2026-12-01', 1, 'contact', gen_random_uuid(),
    '{}', now(), 'open', '', false);

-- everybody: answers by hand
UPDATE partners_reviewcard SET state = 'yes';

-- everybody: makes room for a fourth
DELETE FROM partners_reviewcard;

-- everybody: answers what is nobody's card
SELECT sec.answer_card(gen_random_uuid(), 'yes', '', '', NULL);

-- everybody: asks for the facts of another
SELECT * FROM sec.card_facts(%(other)s);

-- everybody: says that a fact was looked at
SELECT sec.fact_reviewed('contact', gen_random_uuid());

-- everybody: writes a review
INSERT INTO partners_factreview (id, organisation_id, kind, object_id, fact, reviewed_on, reviewed_by_id)
VALUES (gen_random_uuid(), %(me)s, 'contact', gen_random_uuid(), '{}', now(), gen_random_uuid());

-- everybody: forgets a review
DELETE FROM partners_factreview;

-- everybody: gives another organisation work by a card
SELECT sec.card_work(NULL::partners_reviewcard, 'x');
