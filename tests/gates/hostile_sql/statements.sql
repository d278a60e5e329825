-- roles: portal_app portal_worker

-- everybody: writes a statement where it does not take part
SELECT sec.write_statement(%(apart)s, 'Words', 'press', 'So', '{}', 4);

-- everybody: writes nothing
SELECT sec.write_statement(%(incident)s, NULL, NULL, NULL, NULL, NULL);

-- everybody: asks whom it shares no incident with
SELECT sec.write_statement(%(incident)s, 'Words', 'press', 'So', '{gravenhurst}', 4);

-- everybody: must agree with itself
SELECT sec.write_statement(%(incident)s, 'Words', 'press', 'So', ARRAY[o.slug], 4) FROM partners_organisation o
 WHERE o.id = %(me)s;

-- everybody: agrees without being asked
SELECT sec.answer_statement(%(statement)s, 1, 'agrees', '');

-- everybody: issues what is not its own
SELECT sec.issue_statement(%(statement)s, 1, NULL);

-- everybody: issues by its own decision what is not its own
SELECT sec.issue_statement(%(statement)s, 1, %(decision)s);

-- everybody: puts other words into another's mouth
SELECT sec.change_statement(%(statement)s, 'Other', '{}', 4);

-- everybody: asks for another
SELECT sec.ask_statement(%(statement)s, 1);

-- everybody: withdraws what is not its own
SELECT sec.withdraw_statement(%(statement)s, 'So');

-- everybody: adds a version past the function
SELECT sec.put_version(s, 9, 'x', '{}', 4) FROM incidents_statement s;

-- everybody: asks everybody past the function
SELECT sec.ask_everybody(i, s) FROM incidents_statement s JOIN incidents_incident i ON i.id = s.incident_id;

-- everybody: agrees for others by hand
UPDATE incidents_statementask SET answer = 'agrees';

-- everybody: issues by hand
UPDATE incidents_statement SET status = 'issued', issued_at = now();

-- everybody: opens the text to all
UPDATE incidents_statementversion SET issued = true;

-- everybody: forgets who objected
DELETE FROM incidents_statementask;

-- everybody: takes a statement away
DELETE FROM incidents_statement;
