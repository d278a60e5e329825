-- roles: portal_app

-- everybody: reads who else may read a change
SELECT audience FROM partners_change;

-- everybody: sorts changes by who else may read them
SELECT id FROM partners_change ORDER BY audience;

-- everybody: writes an event of the register
SELECT sec.register_changed(%(other)s, gen_random_uuid(), '{}');

-- everybody: asks whether another's work is open
SELECT sec.work_said_by_others('x');

-- everybody: asks by whose word another stands somewhere
SELECT sec.stands_by_own_word(%(other)s, ARRAY[%(system)s]::uuid[]);

-- everybody: walks an incident past its barriers
SELECT sec.incident_links(%(incident)s);

-- everybody: walks an incident without a record
SELECT sec.incident_walk(%(incident)s);

-- everybody: writes a permission's link without a permission
SELECT sec.permission_link(NULL, NULL);

-- everybody: names a link of no kind
SELECT sec.name_link(%(incident)s, %(system)s, NULL, %(system)s, '', '');

-- everybody: decides a proposal neither way
SELECT sec.decide_link(c.id, NULL, NULL) FROM incidents_linkclaim c;

-- everybody: has a number without a reason
SELECT * FROM sec.reveal_number(%(incident)s, gen_random_uuid(), NULL);

-- everybody: settles work without a word
SELECT sec.settle_work(w.id, NULL, NULL) FROM partners_workitem w;

-- everybody: answers a card with nothing
SELECT sec.answer_card(c.id, NULL, NULL, NULL, NULL) FROM partners_reviewcard c;

-- everybody: gives a participation to another
UPDATE partners_participation SET organisation_id = %(other)s;

-- everybody: moves a service to another participation
UPDATE partners_publicservice SET participation_id = gen_random_uuid();

-- everybody: gives a duty shift to another organisation
UPDATE partners_dutyshift SET organisation_id = %(other)s;

-- everybody: gives a file of rows to another organisation
UPDATE partners_import SET organisation_id = %(other)s;

-- everybody: reads private numbers
SELECT * FROM partners_privatenumber;

-- everybody: reads an offline pack past its record
SELECT page FROM partners_offlinepack;

-- everybody: reads the names of files on the disk
SELECT storage_name FROM files_storedfile;

-- everybody: reads how much another has stored
SELECT * FROM files_usage;

-- everybody: learns when the next test of contacts comes
SELECT due_at FROM notifications_contacttest WHERE state = 'planned';

-- everybody: reads what chores are due
SELECT * FROM partners_chore;

-- everybody: puts a chore off for ever
UPDATE partners_chore SET due_at = 'infinity';

-- everybody: locks a foreign system
SELECT id FROM partners_sharedsystem WHERE id = %(system)s FOR UPDATE;

-- everybody: locks what others stand on
SELECT id FROM partners_participation WHERE organisation_id = %(other)s AND NOT system_id = ANY (sec.systems_i_run()) FOR SHARE;
