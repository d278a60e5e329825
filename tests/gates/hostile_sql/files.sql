-- roles: portal_app

-- everybody: hangs a row on somebody else's file
INSERT INTO partners_importrow (organisation_id, file_id, number, cells, trouble, fate, key, changes, troubles, values)
SELECT %(me)s, id, 9, '[]', '', '', '', '{}', '[]', '{}' FROM partners_import WHERE organisation_id = %(other)s;

-- everybody: brings a file in another's name
INSERT INTO partners_import (id, organisation_id, kind, state, file_name, read_as, headers, mapping, row_count,
    checked_count, counts, uploaded_at, written_count) VALUES (gen_random_uuid(), %(other)s, 'systems', 'checked', '',
    '', '{}', '{}', 1, 1, '{}', now(), 0);

-- everybody: gives its file to another
UPDATE partners_import SET organisation_id = %(other)s;

-- everybody: says what becomes of a row
UPDATE partners_importrow SET fate = 'added';

-- everybody: hurries the queue
UPDATE partners_importjob SET due_at = now();

-- members: reads others' files
SELECT file_name FROM partners_import WHERE organisation_id <> %(me)s;

-- members: reads others' rows
SELECT cells FROM partners_importrow WHERE organisation_id <> %(me)s;

-- members: reads how others match their columns
SELECT columns FROM partners_importmapping WHERE organisation_id <> %(me)s;

-- everybody: enters an organisation for a dry run
SELECT sec.enter_import(id, 'x') FROM partners_import;

-- everybody: says that a change came with a file
UPDATE partners_change SET import_id = gen_random_uuid();
