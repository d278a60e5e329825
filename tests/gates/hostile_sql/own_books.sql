-- roles: portal_app portal_worker

-- everybody: writes a report where it does not take part
SELECT sec.write_situation(%(apart)s, '{"major": "no"}', '');

-- everybody: says nothing at all
SELECT sec.write_situation(%(incident)s, NULL, NULL);

-- everybody: shares with whom there is no word for
SELECT sec.write_situation(%(incident)s, '{"major": "no"}', 'press');

-- everybody: shares a report that is nobody's
SELECT sec.share_situation(gen_random_uuid(), 'lead');

-- everybody: writes costs where it does not take part
SELECT sec.put_cost(%(apart)s, gen_random_uuid(), current_date, 'x', NULL, '', 1, '');

-- everybody: earns money
SELECT sec.put_cost(%(incident)s, gen_random_uuid(), current_date, 'x', NULL, '', -1, '');

-- everybody: strikes a line that is nobody's
SELECT sec.strike_cost(gen_random_uuid(), 'x');

-- everybody: shares what others keep
UPDATE incidents_situationreport SET shared = 'lead';

-- everybody: changes what it cost
UPDATE incidents_cost SET pence = 1;

-- everybody: forgets what it cost
DELETE FROM incidents_cost;
