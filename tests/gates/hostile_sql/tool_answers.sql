-- roles: portal_app portal_worker

-- everybody: lets a tool answer without being its administrator
SELECT sec.let_webhook_answer((SELECT gen_random_uuid()), true);

-- everybody: lets a tool answer past the function
UPDATE notifications_webhook SET answers = true;

-- everybody: reads the keys of a webhook that may answer
SELECT * FROM sec.answering_keys((SELECT gen_random_uuid()));

-- everybody: asks whether a webhook may answer
SELECT sec.answers_now((SELECT gen_random_uuid()));

-- everybody: answers as a tool without a signature
SELECT * FROM sec.take_webhook_answer((SELECT gen_random_uuid()), 'm', 'INC-0000', 'has_it', '', '');

-- everybody: writes what a tool said
INSERT INTO notifications_answer (id, organisation_id, webhook_id, incident_id, message_id, way, said)
    SELECT gen_random_uuid(), %(me)s, gen_random_uuid(), i.id, 'm', 'tool', 'has_it' FROM incidents_incident i;
