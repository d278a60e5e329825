-- roles: portal_app

-- everybody: becomes the owner
SET ROLE portal_owner;

-- everybody: becomes the door
SET ROLE portal_auth;

-- everybody: becomes the worker
SET SESSION AUTHORIZATION portal_worker;

-- everybody: turns row security off
SET row_security = off;
SELECT id FROM incidents_incident;

-- everybody: turns triggers off
SET session_replication_role = replica;

-- everybody: turns the ledger's triggers off
ALTER TABLE ledger_event DISABLE TRIGGER ALL;

-- everybody: drops a trigger
DROP TRIGGER task_moves ON incidents_task;

-- everybody: hangs a trigger
CREATE TRIGGER x BEFORE UPDATE ON incidents_task FOR EACH ROW EXECUTE FUNCTION sec.append_only();

-- everybody: switches a table open
ALTER TABLE incidents_task DISABLE ROW LEVEL SECURITY;

-- everybody: drops a policy
DROP POLICY portal_app_select ON incidents_task;

-- everybody: adds a policy
CREATE POLICY x ON incidents_task USING (true);

-- everybody, may answer: grants itself more
GRANT ALL ON incidents_task TO portal_app;

-- everybody: grants itself a role
GRANT portal_owner TO portal_app;

-- everybody: makes a temporary table
CREATE TEMP TABLE x AS SELECT 1;

-- everybody: makes a table
CREATE TABLE x AS SELECT 1;

-- everybody: makes a view
CREATE VIEW x AS SELECT 1;

-- everybody: makes a schema
CREATE SCHEMA x;

-- everybody: makes a leaky function
CREATE FUNCTION pg_temp.x(uuid) RETURNS boolean LANGUAGE sql COST 0.0001 AS 'SELECT true';

-- everybody: installs an extension
CREATE EXTENSION dblink;

-- everybody: truncates
TRUNCATE ledger_event, ledger_streamentry;

-- everybody: locks the ledger
LOCK TABLE ledger_event IN ACCESS EXCLUSIVE MODE;

-- everybody: locks incidents
LOCK TABLE incidents_incident IN ACCESS EXCLUSIVE MODE;

-- everybody: locks tasks
LOCK TABLE incidents_task IN SHARE MODE;

-- everybody: holds the head
SELECT pos FROM ledger_head FOR UPDATE;

-- everybody: reads a file
SELECT pg_read_file('PG_VERSION');

-- everybody: lists a folder
SELECT pg_ls_dir('.');

-- everybody: imports a file
SELECT lo_import('/etc/hostname');

-- everybody: copies to a file
COPY incidents_task TO '/dev/null';

-- everybody: copies to a program
COPY incidents_task TO PROGRAM 'cat';

-- everybody: copies in
COPY incidents_tasknote FROM STDIN;

-- everybody: reads statistics
SELECT 1 FROM pg_stats WHERE schemaname IN ('public', 'sec');

-- everybody: reads raw statistics
SELECT 1 FROM pg_statistic;

-- everybody: reads password hashes
SELECT rolpassword FROM pg_authid;

-- everybody: reads the ledger's sequence
SELECT last_value FROM ledger_event_ordinal_seq;

-- everybody: reads its current value
SELECT currval('ledger_event_ordinal_seq');

-- everybody: reads its last value
SELECT 1 FROM pg_sequences WHERE last_value IS NOT NULL;

-- everybody: moves it
SELECT setval('ledger_event_ordinal_seq', 1);

-- everybody: takes from it
SELECT nextval('ledger_event_ordinal_seq');

-- everybody: ends another's connection
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'portal_auth';
