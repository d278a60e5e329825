-- roles: portal_app portal_worker

-- everybody: plans a cut where it does not take part
SELECT sec.plan_cut(%(apart)s, gen_random_uuid(), NULL, 'system', '{}', ARRAY[%(system)s]::uuid[], 'x', 'y', now(), NULL, '');

-- everybody: plans to cut a system that is neither on the way nor its own
SELECT sec.plan_cut(%(incident)s, gen_random_uuid(), NULL, 'system', '{}', ARRAY[%(system)s]::uuid[], 'x', 'y', now(), NULL, '');

-- everybody: plans to cut nothing at all
SELECT sec.plan_cut(%(incident)s, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

-- everybody: looks at what a system carries that is not its own
SELECT sec.cut_preview(%(incident)s, '{}', ARRAY[%(system)s]::uuid[]);

-- everybody: takes over another's plan
SELECT sec.plan_cut(%(apart)s, gen_random_uuid(), %(cut)s, 'system', '{}', ARRAY[%(system)s]::uuid[], 'x', 'y', now(), NULL, 'z');

-- everybody: agrees for a revision that there is not
SELECT sec.answer_cut(%(cut)s, 'agrees', '', 9);

-- everybody: objects without a word
SELECT sec.answer_cut(%(cut)s, 'objects', ' ', 1);

-- everybody: agrees to what nobody has planned
SELECT sec.answer_cut(gen_random_uuid(), 'agrees', '', 1);

-- everybody: decides for a revision that there is not
SELECT sec.decide_cut(%(cut)s, 'x', 9, NULL);

-- everybody: ends what nobody has planned
SELECT sec.end_cut(gen_random_uuid(), 'done', '', 1);

-- everybody: whom any cut would reach
SELECT * FROM sec.cut_reach('{}', ARRAY[%(system)s]::uuid[]);

-- everybody: tells everybody that something is cut
SELECT sec.cut_told(c, 'told', i.participants, '{}') FROM incidents_plannedcut c, incidents_incident i;

-- everybody: decides by hand
UPDATE incidents_plannedcut SET status = 'done';

-- everybody: agrees for others
UPDATE incidents_plannedcutside SET answer = 'agrees';

-- everybody: unsays what became of it
DELETE FROM incidents_plannedcutchange;

-- everybody: says how services stand where it does not take part
SELECT sec.say_service(%(apart)s, 'Incident portal', 'down', NULL, NULL, NULL);

-- everybody: says of a service of nobody how it stands
SELECT sec.say_service(%(incident)s, 'No such service', 'down', NULL, NULL, NULL);

-- everybody: says nothing at all of it
SELECT sec.say_service(%(incident)s, NULL, NULL, NULL, NULL, NULL);

-- everybody: reads what others' participations name
SELECT * FROM sec.services_of(%(other)s);

-- everybody: shares another's note
UPDATE incidents_servicenote SET shared = true;

-- everybody: forgets what was said
DELETE FROM incidents_servicestatus;
