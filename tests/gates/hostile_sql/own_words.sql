-- roles: portal_app

-- everybody: reads the words of others
SELECT 1 FROM notifications_wording WHERE organisation_id <> %(me)s;

-- everybody: puts words into the mouth of others
INSERT INTO notifications_wording (id, organisation_id, message, band, preface, line)
VALUES (gen_random_uuid(), %(stranger)s, 'suspected', '', 'Ring us', '');

-- everybody: changes the words of others
UPDATE notifications_wording SET preface = 'Ring us' WHERE organisation_id <> %(me)s RETURNING 1;

-- everybody: takes the words of others away
DELETE FROM notifications_wording WHERE organisation_id <> %(me)s RETURNING 1;

-- everybody: moves own words to another message past the page
UPDATE notifications_wording SET message = 'suspected' RETURNING 1;

-- everybody: words a notice about access
INSERT INTO notifications_wording (id, organisation_id, message, band, preface, line)
VALUES (gen_random_uuid(), %(me)s, 'emergency_access', '', 'All is well', '');

-- everybody: sends a link to colleagues
INSERT INTO notifications_wording (id, organisation_id, message, band, preface, line)
VALUES (gen_random_uuid(), %(me)s, 'suspected', '', 'Look at https://evil.example/', '');

-- everybody: reads what a worker would send
SELECT * FROM sec.own_words('x');
