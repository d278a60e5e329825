-- roles: portal_app portal_worker

-- everybody: keeps a file with another's task
SELECT sec.keep_evidence('task', %(task)s, repeat('a', 64), 'x', 1, sha256('x'), 'text/plain');

-- everybody: keeps a file with a kind of thing that there is not
SELECT sec.keep_evidence('incident', %(incident)s, repeat('a', 64), 'x', 1, sha256('x'), 'text/plain');

-- everybody: keeps a file with nothing
SELECT sec.keep_evidence(NULL, NULL, repeat('a', 64), 'x', 1, sha256('x'), 'text/plain');

-- everybody: takes away a file that is not its own
SELECT sec.drop_evidence(%(task)s);

-- everybody: asks for the bytes of what is no file of its own
SELECT * FROM sec.open_file(%(task)s);
