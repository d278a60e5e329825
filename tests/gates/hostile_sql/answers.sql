-- roles: portal_app

-- everybody: answers somebody's message
SELECT sec.take_answer((SELECT id FROM notifications_delivery LIMIT 1), 'link', 'has_it', '', '');

-- everybody: looks for messages that wait
SELECT * FROM sec.message_answered('+447700900123', '0000-0000');

-- everybody: asks what a message was answered
SELECT * FROM sec.message_waits(gen_random_uuid());

-- everybody: accepts a task by a message
SELECT sec.accept_by_message(gen_random_uuid());

-- everybody: enters an organisation by an answer
SELECT * FROM sec.enter_answer(gen_random_uuid());

-- everybody: writes an answer
INSERT INTO notifications_answer (id, organisation_id, delivery_id, way, said)
    SELECT gen_random_uuid(), d.organisation_id, d.id, 'text', 'has_it' FROM notifications_delivery d;

-- everybody: changes what was said
UPDATE notifications_answer SET said = 'has_it';

-- everybody: says that its people answered
UPDATE incidents_participant SET said = 'has_it', said_by = 'link', said_at = now();
