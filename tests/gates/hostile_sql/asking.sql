-- roles: portal_app

-- everybody: asks as somebody who does not lead
SELECT sec.ask_for_update(%(apart)s, 'dunmere', 'How is it?');

-- everybody: answers what somebody else was asked
SELECT sec.give_update(gen_random_uuid(), 'All is well.');

-- everybody: writes a question
INSERT INTO incidents_updaterequest (id, incident_id, organisation_id, asked_by_id, question, asked_at, answer, answered_by)
    VALUES (gen_random_uuid(), %(incident)s, %(other)s, %(me)s, 'x', now(), '', '');

-- everybody: changes an answer
UPDATE incidents_updaterequest SET answer = 'All is well.', answered_at = now();

-- everybody: says that it was answered
SELECT sec.update_said(gen_random_uuid(), 'update.given');

-- everybody: says that an update is due
SELECT sec.remind_of_updates();

-- everybody: reads who was reminded
SELECT 1 FROM incidents_updatereminder;

-- everybody: reminds somebody past the function
INSERT INTO incidents_updatereminder (id, incident_id, lead_id, promised_at, stage)
SELECT gen_random_uuid(), i.id, i.lead_id, now(), 'due' FROM incidents_incident i;
