-- roles: portal_app

-- everybody: announces work on a system that it does not run
SELECT sec.announce_planned(gen_random_uuid(), 'PLN-222223', 'x', 'x', '', 'x', now() + interval '1 hour',
    now() + interval '2 hours', ARRAY[%(system)s]::uuid[], '{}');

-- others: announces work on what others stand on, reaching whom it likes
SELECT sec.announce_planned(gen_random_uuid(), 'PLN-222224', 'x', 'x', '', 'x', now() + interval '1 hour',
    now() + interval '2 hours', ARRAY(SELECT s.id FROM partners_sharedsystem s), jsonb_build_object(%(stranger)s::text, 'x'));

-- everybody: announces work on nothing
SELECT sec.announce_planned(gen_random_uuid(), 'PLN-222225', 'x', 'x', '', 'x', now() + interval '1 hour',
    now() + interval '2 hours', '{}', '{}');

-- everybody: reads the estate behind a system that it does not run
SELECT sec.planned_estate(ARRAY[%(system)s]::uuid[]);

-- everybody: asks what stops with any system
SELECT sec.stopped_with(ARRAY[%(system)s]::uuid[]);

-- everybody: asks who hangs on any system
SELECT sec.stopped_for(ARRAY[%(system)s]::uuid[]);

-- everybody: writes an announcement past the function
INSERT INTO incidents_plannedwork (id, reference, once, announced_by_id, title, stops, fallback, ask, status, starts_at,
    ends_at, "window", confirm_by, announced_at)
VALUES (gen_random_uuid(), 'PLN-222226', gen_random_uuid(), %(me)s, 'x', 'x', '', 'x', 'announced', now(),
    now() + interval '1 hour', 1, now(), now());

-- everybody: lets another organisation be reached
INSERT INTO incidents_plannedside (id, work_id, announcer_id, organisation_id, slug, name, because, answer, reason,
    answered_window) SELECT gen_random_uuid(), w.id, %(me)s, %(stranger)s, 's', 's', 'x', '', '', 0
  FROM incidents_plannedwork w;

-- everybody: answers in another's stead
UPDATE incidents_plannedside SET answer = 'known', reason = '' RETURNING 1;

-- everybody: takes an objection away
DELETE FROM incidents_plannedside RETURNING 1;

-- everybody: moves the work itself
UPDATE incidents_plannedwork SET starts_at = now() RETURNING 1;

-- everybody: rewrites what was said on
UPDATE incidents_plannedchange SET words = 'x' RETURNING 1;

-- everybody: forgets what was said on
DELETE FROM incidents_plannedchange RETURNING 1;

-- everybody: ends work that others announced
SELECT sec.move_planned(w.id, 'finished', 'x', NULL, NULL) FROM incidents_plannedwork w WHERE w.announced_by_id <> %(me)s
UNION ALL SELECT sec.move_planned(gen_random_uuid(), 'finished', 'x', NULL, NULL);

-- everybody: answers work that does not reach it
SELECT sec.answer_planned(gen_random_uuid(), 'known', '', 1);

-- everybody: reads whether others were told
SELECT t FROM sec.planned_told((SELECT w.id FROM incidents_plannedwork w WHERE w.announced_by_id <> %(me)s LIMIT 1)) t;

-- everybody: says itself that work was announced
INSERT INTO ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_reference, audience, data)
VALUES (gen_random_uuid(), 'planned.announced', now(), %(me)s, 'person', '', ARRAY[%(me)s]::uuid[], '{}');

-- everybody: sends the event of an announcement
SELECT sec.planned_said(w, 'announced', %(stranger)s, '{}') FROM incidents_plannedwork w;

-- everybody: asks when another organisation is disturbed
SELECT sec.quiet_from(%(other)s, now());
