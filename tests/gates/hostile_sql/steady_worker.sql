-- roles: portal_worker

-- everybody: the worker enters the organisation of a message that is not late
SELECT sec.enter_late(id) FROM notifications_delivery WHERE state NOT IN ('pending', 'claimed') OR incident_id IS NULL;

-- everybody: the worker enters by a made-up message
SELECT sec.enter_late(gen_random_uuid());

-- everybody: the worker sends a dead message again
SELECT sec.send_again(id) FROM notifications_delivery;
