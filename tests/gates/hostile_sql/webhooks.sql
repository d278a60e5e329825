-- roles: portal_app portal_worker

-- everybody: reads where a webhook leads
SELECT address FROM notifications_webhook;

-- everybody: reads the sealed keys of webhooks
SELECT sealed FROM notifications_webhooksecret;

-- everybody: reads others' webhooks
SELECT 1 FROM notifications_webhook WHERE organisation_id <> %(me)s;

-- everybody: reads others' log
SELECT 1 FROM notifications_webhookdelivery WHERE organisation_id <> %(me)s;

-- everybody: writes a webhook past the function
INSERT INTO notifications_webhook (id, organisation_id, label, address, host, kinds) VALUES (gen_random_uuid(), %(me)s, 'x', 'https://x.example/', 'x', '{*}');

-- everybody: sends a webhook elsewhere
UPDATE notifications_webhook SET address = 'https://intruder.example/';

-- everybody: writes a key
INSERT INTO notifications_webhooksecret (id, webhook_id, organisation_id, sealed) SELECT gen_random_uuid(), id, organisation_id, '\x00' FROM notifications_webhook LIMIT 1;

-- everybody: queues an event of another for itself
INSERT INTO notifications_webhookdelivery (id, webhook_id, organisation_id, seq, event_id, kind) SELECT gen_random_uuid(), w.id, w.organisation_id, 1, gen_random_uuid(), 'x.done' FROM notifications_webhook w LIMIT 1;

-- everybody: says that a webhook was delivered
UPDATE notifications_webhookdelivery SET state = 'delivered';

-- everybody: makes a webhook without a passkey, or as the worker
SELECT sec.put_webhook((SELECT gen_random_uuid()), 'x', 'https://x.example/', 'x', '{*}', NULL, NULL);

-- others: takes another's webhook over
SELECT sec.switch_webhook(w.id, 'on') FROM notifications_webhook w WHERE w.organisation_id = %(other)s;

-- everybody: switches on a webhook that is none
SELECT sec.switch_webhook((SELECT gen_random_uuid()), 'on');

-- everybody: has a test sent to a webhook that is none
SELECT sec.test_webhook((SELECT gen_random_uuid()));

-- everybody: replays a webhook that is none
SELECT sec.replay_webhook((SELECT gen_random_uuid()), NULL, now() - interval '1 day', now(), false);

-- everybody: asks the guard itself
SELECT sec.own_webhook((SELECT gen_random_uuid()));

-- everybody: says something of a webhook
SELECT sec.webhook_said((SELECT gen_random_uuid()), 'webhook.made', '{}');

-- everybody: switches a webhook off as its server
SELECT sec.webhook_gone((SELECT gen_random_uuid()));

-- everybody: lets a webhook rest
SELECT sec.webhook_failed((SELECT gen_random_uuid()), 86400);

-- everybody: reads keys without a claim
SELECT 1 FROM sec.webhook_keys('x', ARRAY(SELECT gen_random_uuid()));

-- everybody: reads keys as nobody
SELECT 1 FROM sec.webhook_keys('', ARRAY(SELECT gen_random_uuid()));

-- everybody: settles as nobody
SELECT sec.settle_webhooks('', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}');

-- everybody: claims as nobody
SELECT 1 FROM sec.claim_webhooks('', 10, interval '1 minute');

-- everybody: claims for ever
SELECT 1 FROM sec.claim_webhooks('x', 10, interval '1 day');
