-- roles: portal_app portal_worker

-- everybody: merges what it does not lead alone, or what is open
SELECT sec.merged_into(%(incident)s, %(apart)s);

-- everybody: merges one into itself
SELECT sec.merged_into(%(incident)s, %(incident)s);

-- everybody: says by hand where one goes on
UPDATE incidents_incident SET merged_into_id = id;
