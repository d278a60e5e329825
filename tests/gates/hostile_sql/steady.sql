-- roles: portal_app

-- everybody: the application reads how transports fare
SELECT transport FROM notifications_wayout;

-- everybody: the application shuts a transport
UPDATE notifications_wayout SET opened_at = now();

-- everybody: the application takes another's next way
SELECT sec.enter_late(gen_random_uuid());

-- everybody: the application says that a next way was taken
UPDATE notifications_delivery SET next_way = 'taken';

-- everybody: somebody else's dead message is sent again
SELECT id FROM notifications_delivery WHERE organisation_id <> %(me)s AND sec.send_again(id);
